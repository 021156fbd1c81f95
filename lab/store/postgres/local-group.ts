/** A group of writes on the replica: each in a savepoint of its own, then the rows that they changed as statements. */
import type { Changes, Key } from '../changes.ts';
import type { SharedEvent, SharedEvents } from '../store.ts';
import type { Statement } from './connection.ts';
import type { Replica } from './replica.ts';
import { raiseSequences, removeRows, upsertRows } from './sql/statements.ts';
import { TABLES } from './sql/tables.ts';

/** One caller of `write`. */
export interface Waiter {
  readonly work: () => unknown;
  /** What the next check-in repeats: it need not wait for the disk. */
  readonly light: boolean;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What came of a group on the replica, whose transaction is open. */
export interface LocalGroup {
  /** Those whose work was done, each with its result. */
  readonly done: readonly { readonly waiter: Waiter; readonly result: unknown }[];
  readonly changes: Changes;
  /** What was said within the work; nobody has heard it yet. */
  readonly events: readonly SharedEvent[];
}

/**
 * Begins a transaction on the replica and runs the work of all waiters. One that throws is undone and rejected alone; `undone` is
 * called then. The caller ends the transaction.
 */
export function runLocally(
  replica: Replica,
  waiters: readonly Waiter[],
  events: SharedEvents,
  undone: () => void,
): LocalGroup {
  replica.prepare('BEGIN').run();
  const done: { waiter: Waiter; result: unknown }[] = [];
  const said: SharedEvent[] = [];
  for (const waiter of waiters) {
    replica.prepare('SAVEPOINT one').run();
    try {
      const { result, held } = events.hold(waiter.work);
      replica.prepare('RELEASE one').run();
      done.push({ waiter, result });
      said.push(...held);
    } catch (error) {
      // a temporary disk that is full takes the whole transaction with it
      if (!replica.db.isTransaction) throw error;
      replica.prepare('ROLLBACK TO one').run();
      replica.prepare('RELEASE one').run();
      undone();
      waiter.reject(error);
    }
  }
  return { done, changes: replica.takeChanges(), events: said };
}

/** The statements that bring the group's rows to PostgreSQL, and what its entry in the feed says of them. */
export function statementsOfGroup(
  replica: Replica,
  changes: Changes,
  sequences: Readonly<Record<string, number>>,
): { readonly statements: readonly Statement[]; readonly entry: Changes } {
  const removals: Statement[] = [];
  const additions: Statement[] = [];
  for (const table of TABLES) {
    const keys = changes.get(table.name);
    if (!keys) continue;
    const { rows, count, gone } = replica.documentOf(table, keys);
    if (gone.length > 0) removals.unshift(removeRows(table, gone));
    if (count > 0) additions.push(upsertRows(table, rows));
  }
  const raised = Object.entries(replica.sequences()).filter(([name, value]) => value > (sequences[name] ?? 0));
  if (raised.length > 0) additions.push(raiseSequences(Object.fromEntries(raised)));
  const entry = new Map<string, readonly Key[]>(changes);
  if (raised.length > 0) entry.set('sequence', raised);
  return { statements: [...removals, ...additions], entry };
}
