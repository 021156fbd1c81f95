/** What the verbs about facts are told by their caller, because facts knows no server. */
import type { RuleOutcome, TagVerdict } from '../../platform/rules/why-not.ts';
import type { FactSet } from '../fact-types.ts';
import type { Identity } from '../identity/identity-types.ts';

/** A rule that servers of a kind have built in, and the facts that it reads. */
export interface ServerRule {
  /** `Razor 0.x, Hanlon` */
  readonly server: string;
  /** What it makes of the fact, in words: `tag cpus_N`. */
  readonly rule: string;
  readonly facts: RegExp;
}

interface MissingFacts {
  /** `razor-server` */
  readonly server: string;
  /** Whose facts they are: `Facter`. */
  readonly from: string;
  readonly names: readonly string[];
  /** What that means, and what to do. */
  readonly remedy: string;
}

/** Rules of a server, ready to look machines through. */
export interface OpenedRules {
  /** Whose they are: `Razor 0.x`. */
  readonly server: string;
  /** How many there are. */
  readonly count: number;
  /** Every rule in order. `values` are the facts that are sent. */
  readonly explain: (set: FactSet, values: Readonly<Record<string, string>>) => readonly RuleOutcome[];
  /** One tag (of Foreman: one rule) by name. */
  readonly explainTag: (set: FactSet, values: Readonly<Record<string, string>>, tag: string) => TagVerdict;
}

export interface FactsExtras {
  /** The rules of a file, or those that servers have by themselves. Throws RAZOR_MK_RULES, RAZOR_MK_DIALECT. */
  readonly openRules: (text: string | undefined, dialect: string | undefined) => Promise<OpenedRules>;
  /** The state directory of the running agent, where one is found. */
  readonly runningStateDir: () => Promise<string | undefined>;
  readonly rules: readonly ServerRule[];
  /** The id that each dialect would send, or why it has none. */
  readonly ids: (identity: Identity) => Promise<readonly { readonly dialect: string; readonly id: string }[]>;
  /** Facts that rules of a site may read, and that this machine does not send, by server; empty where all are there. */
  readonly missing: (set: FactSet) => Promise<readonly MissingFacts[]>;
  /** The pattern in force: the one that a server pushed last, as the state directory has it, else the built-in one. */
  readonly exclusion: (stateDir: string) => Promise<string>;
  /** The facts that a server accepted last, from the agent's state directory. */
  readonly previousFacts: (stateDir: string) => Promise<Readonly<Record<string, string>> | undefined>;
}
