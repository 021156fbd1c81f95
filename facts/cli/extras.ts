/** What the verbs about facts are told by their caller, because facts knows no server. */
import type { Identity } from '../identity/identity-types.ts';

/** A rule that servers of a kind have built in, and the facts that it reads. */
export interface ServerRule {
  /** `Razor 0.x, Hanlon` */
  readonly server: string;
  /** What it makes of the fact, in words: `tag cpus_N`. */
  readonly rule: string;
  readonly facts: RegExp;
}

export interface FactsExtras {
  readonly rules: readonly ServerRule[];
  /** The id that each dialect would send, or why it has none. */
  readonly ids: (identity: Identity) => Promise<readonly { readonly dialect: string; readonly id: string }[]>;
  /** The pattern in force: the one that a server pushed last, as the state directory has it, else the built-in one. */
  readonly exclusion: (stateDir: string) => Promise<string>;
  /** The facts that a server accepted last, from the agent's state directory. */
  readonly previousFacts: (stateDir: string) => Promise<Readonly<Record<string, string>> | undefined>;
}
