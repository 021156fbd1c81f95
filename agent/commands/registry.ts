/** What the agent can be told to do. One file a command; a reply names it, and nothing else is ever done. */
import type { FactSet } from '../../facts/fact.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { System } from '../../platform/system.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Emit } from '../events.ts';
import type { Store } from '../state.ts';
import { acknowledge } from './acknowledge.ts';
import { reboot } from './reboot.ts';
import { register } from './register.ts';

/** What a command is handed. Nothing else of the process is within its reach. */
export interface CommandContext {
  readonly param: unknown;
  readonly clock: Clock;
  readonly system: System;
  readonly store: Store;
  readonly log: Log;
  readonly emit: Emit;
  readonly dialect: Dialect;
  readonly facts: FactSet;
  /** Sends the facts to the server, remembers them, and clears the first-check-in flag. */
  readonly register: (reason: string) => Promise<void>;
  readonly signal?: AbortSignal;
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
  run(context: CommandContext): Promise<CommandOutcome>;
}

export interface CommandRegistry {
  /** Undefined for a command that this agent does not know. */
  find(name: string): CommandHandler | undefined;
  readonly names: readonly string[];
}

/** The built-in commands, and `more`. A later one of the same name does not replace an earlier one. */
export function createRegistry(more: readonly CommandHandler[] = []): CommandRegistry {
  const handlers = new Map<string, CommandHandler>();
  for (const handler of [acknowledge, register, reboot, ...more]) {
    if (!handlers.has(handler.name)) handlers.set(handler.name, handler);
  }
  return { find: (name) => handlers.get(name), names: [...handlers.keys()] };
}
