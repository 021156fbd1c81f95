/** What a command is: one file a command, each a `CommandHandler`; command-registry.ts finds them by name. */
import type { FactSet } from '../../facts/fact-types.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { Dialect } from '../servers/dialect.ts';
import type { StateStore } from '../state/state-store.ts';

/** One command of the server, with what carrying it out may need. */
export interface CommandRequest {
  /** As the server sent it: checked by the command itself. */
  readonly param: unknown;
  readonly dialect: Dialect;
  readonly facts: FactSet;
  readonly store: StateStore;
  /** Sends the facts to the server, remembers them, and clears the first-check-in flag. */
  readonly register: () => Promise<void>;
  /** The loop breaker's parameter for the kernel line of the next kernel, where it needs one. */
  readonly kernelParameter?: string;
}

export interface CommandOutcome {
  /** In words, for `status` and the log: `registered 84 facts`, `the machine restarts`. */
  readonly summary: string;
  /** The machine was told to go down: the agent waits for that instead of asking again at once. */
  readonly leaving?: boolean;
}

export interface CommandHandler {
  readonly name: string;
  /** One sentence for docs and `status`. */
  readonly describe: string;
  /** It ends what runs on the machine: the loop breaker counts it and the facts are saved before. */
  readonly destructive: boolean;
  /** What would be done with this parameter, step by step, in words. Pure. Throws RazorMkError for a bad parameter. */
  plan(param: unknown): readonly string[];
  /** Does it. Throws RazorMkError. */
  run(runtime: Runtime, request: CommandRequest): Promise<CommandOutcome>;
}
