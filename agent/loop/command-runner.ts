/** Commands that do not come by a check-in: a server that calls the node (Foreman) has them carried out here. */
import { factValues, type Exclusion } from '../../facts/facts.ts';
import type { CommandHandler, CommandOutcome, CommandRequest } from '../commands/command-handler.ts';
import type { Dialect, NodeReport } from '../servers/dialect.ts';
import type { FactCache } from '../state/fact-cache.ts';
import type { Store } from '../state/state-store.ts';
import type { Runtime } from './runtime.ts';

export interface Orders {
  /** What the server would be told now; facts are gathered anew when they are older than `maxAgeMs`. */
  report(maxAgeMs: number): Promise<NodeReport>;
  /** Carries a command out and tells each change, as a turn does. Throws RazorMkError. */
  order(handler: CommandHandler, param: unknown): Promise<CommandOutcome>;
}

export interface OrdersOptions extends Runtime {
  readonly store: Store;
  readonly facts: FactCache;
  readonly exclusion: () => Exclusion;
  readonly dialect: () => Dialect | undefined;
}

export function createOrders(options: OrdersOptions): Orders {
  const { facts, store, exclusion } = options;
  return {
    async report(maxAgeMs) {
      const { set } = await facts.get(maxAgeMs);
      return {
        identity: set.identity,
        facts: factValues(set, exclusion()),
        firstCheckin: store.firstCheckin,
        lastState: 'idle',
      };
    },
    async order(handler, param) {
      const dialect = options.dialect();
      if (dialect === undefined) throw new Error('no server is known yet');
      const { set } = await facts.get(Infinity);
      options.emit({
        event: 'command',
        name: handler.name,
        known: true,
        destructive: handler.destructive,
        plan: handler.plan(param),
      });
      const register = (): Promise<void> => Promise.reject(new Error('an order registers nothing'));
      return await carryOut(handler, options, { param, dialect, facts: set, store, register });
    },
  };
}

/** Runs a command and emits each change of the machine that it made, or would have made. */
export async function carryOut(
  handler: CommandHandler,
  runtime: Runtime,
  request: CommandRequest,
): Promise<CommandOutcome> {
  const { system, emit } = runtime;
  const before = system.changes.length;
  const outcome = await handler.run(runtime, request);
  for (const change of system.changes.slice(before)) {
    emit({ event: change.done ? 'did' : 'would', what: change.what });
  }
  return outcome;
}
