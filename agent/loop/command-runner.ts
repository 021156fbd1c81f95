/**
 * The place that carries a command out: one that a check-in named (turn.ts), and one that a server gives the node at another time
 * (Foreman's API). Both are announced, run and reported in the same way.
 */
import type { Exclusion } from '../../facts/facts.ts';
import type { CommandHandler, CommandOutcome, CommandRequest } from '../commands/command-handler.ts';
import { type FactForms, factsOf } from '../servers/node-report.ts';
import type { Dialect, NodeReport } from '../servers/dialect.ts';
import type { FactCache } from '../state/fact-cache.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Runtime } from './runtime.ts';

/** For servers that call the node. */
export interface CommandRunner {
  /** What the server would get now; facts are gathered anew when they are older than `maxAgeMs`. */
  report(maxAgeMs: number): Promise<NodeReport>;
  /** Carries a command out that came by no check-in. Throws RazorMkError. */
  run(handler: CommandHandler, param: unknown): Promise<CommandOutcome>;
}

interface RunnerOptions {
  readonly store: StateStore;
  readonly facts: FactCache;
  readonly descriptor: FactForms;
  readonly exclusion: () => Exclusion;
  /** The exchanges with the server of the last turn; undefined before the first one. */
  readonly dialect: () => Dialect | undefined;
}

/** A runner that works with the facts, the store and the server of a running agent. */
export function createCommandRunner(runtime: Runtime, options: RunnerOptions): CommandRunner {
  const { facts, store, descriptor, exclusion } = options;
  return {
    async report(maxAgeMs) {
      const { set } = await facts.get(maxAgeMs);
      return {
        identity: set.identity,
        ...factsOf(descriptor, set, exclusion()),
        firstCheckin: store.firstCheckin,
        lastState: 'idle',
      };
    },
    async run(handler, param) {
      const dialect = options.dialect();
      if (dialect === undefined) throw new Error('no server is known yet');
      const { set } = await facts.get(Infinity);
      const register = (): Promise<void> => Promise.reject(new Error('only a check-in asks for a registration'));
      return await runCommand(runtime, handler, { param, dialect, facts: set, store, register });
    },
  };
}

/** Announces a command with its plan, runs it, and reports each change of the machine that it made, or would have made. */
export async function runCommand(
  runtime: Runtime,
  handler: CommandHandler,
  request: CommandRequest,
): Promise<CommandOutcome> {
  const { system, emit } = runtime;
  const { name, destructive } = handler;
  emit({ event: 'command', name, known: true, destructive, plan: handler.plan(request.param) });
  const before = system.changes.length;
  const outcome = await handler.run(runtime, request);
  for (const { done, what } of system.changes.slice(before)) emit({ event: done ? 'did' : 'would', what });
  return outcome;
}
