/** What the agent can be told to do. One file a command; a reply names it, and nothing else is ever done. */
import type { FactSet } from '../../facts/fact-types.ts';
import type { Dialect } from '../servers/dialect.ts';
import type { Runtime } from '../loop/runtime.ts';
import type { Store } from '../state/state-store.ts';
import { acknowledge } from './acknowledge.ts';
import { findExternal } from './external.ts';
import { createIdentify } from './identify.ts';
import { kexec } from './kexec.ts';
import { ordinal, type LoopBreaker } from './loop-breaker.ts';
import { poweroff } from './poweroff.ts';
import { reboot } from './reboot.ts';
import { register } from './register.ts';

/** What a command is handed. Nothing else of the process is within its reach. */
export interface CommandContext extends Runtime {
  readonly param: unknown;
  readonly store: Store;
  readonly dialect: Dialect;
  readonly facts: FactSet;
  /** Sends the facts to the server, remembers them, and clears the first-check-in flag. */
  readonly register: (reason: string) => Promise<void>;
  /** The loop breaker's word for the kernel line of the next kernel, where it needs one. */
  readonly kernelWord?: string;
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

export interface RegistryOptions {
  /** Holds back destructive commands that come again and again; without one each is carried out. */
  readonly breaker?: LoopBreaker;
  /** Directory whose executables are commands; asked at each look-up, because an extension may bring some. */
  readonly commandsDir?: () => string;
  /** Directories in front of the PATH of those executables (an extension's `bin`). */
  readonly binDirs?: () => readonly string[];
}

const BUILT_IN: readonly CommandHandler[] = [acknowledge, register, reboot, poweroff, kexec, createIdentify()];

/** The built-in commands, then `more`, then the commands directory. A later one does not replace an earlier one. */
export function createRegistry(more: readonly CommandHandler[] = [], options: RegistryOptions = {}): CommandRegistry {
  const handlers = new Map<string, CommandHandler>();
  for (const handler of [...BUILT_IN, ...more]) {
    if (!handlers.has(handler.name)) handlers.set(handler.name, guarded(handler, options.breaker));
  }
  return {
    find: (name) => handlers.get(name) ?? findExternal(options.commandsDir?.() ?? '', name, options.binDirs?.()),
    names: [...handlers.keys()],
  };
}

/** A destructive command behind the loop breaker: held back, it is told and not done, and turns go on. */
function guarded(handler: CommandHandler, breaker: LoopBreaker | undefined): CommandHandler {
  if (!handler.destructive || breaker === undefined) return handler;
  let told = 0;
  return {
    ...handler,
    async run(context) {
      const { holdMs, count } = breaker.judge(handler.name);
      if (holdMs > 0) {
        const seconds = Math.ceil(holdMs / 1000);
        const summary = `${handler.name} is held back for ${seconds} s`;
        if (told === count) context.log.info(`${summary} more`);
        else {
          // once for each time that it is held back: the order comes again with every check-in
          told = count;
          const message = `${handler.name} for the ${ordinal(count)} time: this looks like a loop, it is held back for ${seconds} s`;
          context.log.error(`${message}. Look at the policy and the installer's log on the server.`);
          context.emit({ event: 'warning', message });
        }
        return { summary };
      }
      await breaker.record(handler.name);
      const { kernelWord } = breaker;
      return await handler.run({ ...context, kernelWord });
    },
  };
}
