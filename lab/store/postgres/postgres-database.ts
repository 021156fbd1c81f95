/**
 * The database of labs that share PostgreSQL. PostgreSQL holds the truth; reads are answered from a replica in this process
 * (replica.ts). Writes that come together are one group: under the writers' lock the replica takes in what other labs have
 * written, the group runs on it, PostgreSQL gets the changed rows and an entry in the feed, and after its commit the callers are
 * answered. So every decision is made on the newest state, one after another, whoever makes it.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { type RazorMkError } from '../../../platform/errors/errors.ts';
import type { Database } from '../sqlite/database.ts';
import { backupTo } from '../sqlite/backup.ts';
import { createSeals, currentKey } from '../secrets/secrets-key.ts';
import type { SharedEvent } from '../store.ts';
import type { Ask } from './connection.ts';
import { catchUp, checkMeta, ReloadNeeded, type Caught } from './feed.ts';
import { toJsonb } from './sql/json-column.ts';
import { loadReplica } from './load-replica.ts';
import { runLocally, statementsOfGroup, type LocalGroup, type Waiter } from './local-group.ts';
import { explainFault, isAway, isCertain } from './postgres-faults.ts';
import type { SharedState } from './shared-state.ts';
import { addEntry, WRITE_LOCK } from './sql/statements.ts';
import { changesText } from './sql/tables.ts';
import { importInto } from './transfer.ts';

/** Writes that one group takes at most. */
const MOST_WRITES = 400;
/** Events that wait to be shared; the oldest are dropped where the database is away for long. */
const MOST_EVENTS = 20_000;
const EVENTS_AT_ONCE = 2000;
const EVENTS_WAIT_MS = 200;
/** How long an answer to a lost commit is looked for before its callers are told that nothing is known. */
const DOUBT_MS = 30_000;

/** The database as the tables use it. */
export function sharedDatabase(state: SharedState): Database {
  return {
    shared: true,
    ring: state.ring,
    seals: createSeals(state.ring, () => currentKey(state.replica), state.connections.where),
    write: (work) => write(state, work, false),
    lightly: (work) => write(state, work, true),
    prepare: (sql) => state.replica.prepare(sql),
    onUndone: (listener) => void state.undone.push(listener),
    onApplied: (listener) => void state.applied.push(listener),
    onFlush: (listener) => void state.flush.push(listener),
    async backup(path) {
      state.flush.forEach((listener) => listener());
      await write(state, () => undefined, false);
      await exclusive(state, () => backupTo(state.replica.db, path));
    },
    restore: (path) => exclusive(state, () => restore(state, path)),
    close: () => close(state),
  };
}

/** Runs `work` when everything before it on replica and feed has ended. */
export function exclusive<T>(state: SharedState, work: () => Promise<T>): Promise<T> {
  const result = state.last.then(work);
  state.last = result.catch(() => undefined);
  return result;
}

function write<T>(state: SharedState, work: () => T, light: boolean): Promise<T> {
  if (state.away) return Promise.reject(state.away);
  return new Promise<T>((resolve, reject) => {
    state.queue.push({ work, light, resolve: resolve as Waiter['resolve'], reject });
    pump(state);
  });
}

function pump(state: SharedState): void {
  if (state.pumping) return;
  state.pumping = true;
  const work = async (): Promise<void> => {
    await turn(); // what comes in this turn of the event loop comes along
    while (state.queue.length > 0) {
      await exclusive(state, () => runGroup(state, state.queue.splice(0, MOST_WRITES)));
    }
  };
  void work().finally(() => (state.pumping = false));
}

/** Never rejects: each waiter learns what came of it. */
async function runGroup(state: SharedState, waiters: readonly Waiter[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await state.connections.use((ask) => oneGroup(state, ask, waiters));
      back(state);
      return;
    } catch (error) {
      if (error instanceof Settled) return;
      try {
        // a connection that died while it was idle, or a history that has to be read again: nothing was done yet
        if (error instanceof ReloadNeeded) await reload(state);
        else if (attempt > 1 || !isAway(error)) throw error;
        if (attempt <= 3) continue;
        throw error;
      } catch (last) {
        fail(state, waiters, last);
        return;
      }
    }
  }
}

/** Thrown where every waiter has its answer, so that the connection is not used again. */
class Settled extends Error {}

async function oneGroup(state: SharedState, ask: Ask, waiters: readonly Waiter[]): Promise<void> {
  const caught = await catchUp(ask, ['BEGIN', WRITE_LOCK], state);
  takeIn(state, caught);
  const group = tryLocally(state, waiters);
  const sent = state.outbox.splice(0, EVENTS_AT_ONCE);
  const events = [...group.events, ...sent];
  if (group.changes.size === 0 && events.length === 0) {
    state.replica.prepare('COMMIT').run();
    answer(state, group);
    await ask('ROLLBACK');
    return;
  }
  const id = randomUUID();
  const seq = state.position.seq + 1;
  try {
    const { statements, entry } = statementsOfGroup(state.replica, group.changes, state.sequences);
    const light = waiters.every((waiter) => waiter.light) ? ['SET LOCAL synchronous_commit = off'] : [];
    const said = events.length === 0 ? null : toJsonb(JSON.stringify(events));
    const feed = addEntry({ seq, group: id, lab: state.lab, changes: changesText(entry), events: said });
    await ask(...light, ...statements, feed, 'COMMIT');
  } catch (error) {
    undoLocally(state, group);
    const committed = !isCertain(error) && (await findOut(state, id, group));
    if (committed) answer(state, group);
    else {
      state.outbox.unshift(...sent);
      fail(
        state,
        group.done.map(({ waiter }) => waiter),
        error,
      );
    }
    throw new Settled();
  }
  state.replica.prepare('COMMIT').run();
  state.position = { seq, group: id };
  state.sequences = state.replica.sequences();
  answer(state, group);
}

function tryLocally(state: SharedState, waiters: readonly Waiter[]): LocalGroup {
  try {
    return runLocally(state.replica, waiters, state.events, () => state.undone.forEach((listener) => listener()));
  } catch (error) {
    if (state.replica.db.isTransaction) state.replica.prepare('ROLLBACK').run();
    state.undone.forEach((listener) => listener());
    throw error;
  }
}

function undoLocally(state: SharedState, { changes }: LocalGroup): void {
  state.replica.prepare('ROLLBACK').run();
  for (const listener of state.applied) listener(changes);
}

function answer(state: SharedState, { done, events }: LocalGroup): void {
  state.events.publish(events);
  for (const { waiter, result } of done) waiter.resolve(result);
}

/** Rejects; where the database is away, so do all writes until it is back. */
function fail(state: SharedState, waiters: readonly Waiter[], error: unknown): void {
  const fault = isAway(error) ? lose(state, error) : explainFault(error, state.connections.where, 'RAZOR_MK_LAB_DB');
  for (const waiter of waiters) waiter.reject(fault);
  if (!state.away) return;
  for (const waiter of state.queue.splice(0)) waiter.reject(fault);
}

/** Notes that the database is away, and says so once. */
export function lose(state: SharedState, error: unknown): RazorMkError {
  const fault = explainFault(error, state.connections.where, 'RAZOR_MK_LAB_DB_AWAY');
  if (!state.away && !state.closing)
    state.events.say(`${fault.message}: what needs a write is refused until it is back`);
  return (state.away = fault);
}

/** Notes that the database has answered. */
export function back(state: SharedState): void {
  if (!state.away) return;
  state.away = undefined;
  state.events.say('the database is back');
}

/**
 * Whether a group was committed whose answer was lost. The lock is got only when the old transaction has ended, and the feed knows
 * the groups that were written. Throws nothing; false where it cannot be found out in time, which is said then.
 */
async function findOut(state: SharedState, id: string, group: LocalGroup): Promise<boolean> {
  const deadline = performance.now() + DOUBT_MS;
  for (;;) {
    try {
      return await state.connections.use(async (ask) => {
        const caught = await catchUp(ask, ['BEGIN', WRITE_LOCK], state);
        const [found = []] = await ask({
          text: 'SELECT 1 AS one FROM razor_mk.feed WHERE group_id = $1',
          values: [id],
        });
        await ask('ROLLBACK');
        takeIn(state, caught);
        back(state);
        return found.length > 0;
      });
    } catch (error) {
      if (error instanceof ReloadNeeded) await reload(state).catch(() => undefined);
      lose(state, error);
    }
    if (performance.now() > deadline || state.closing) {
      state.events.say(
        `whether ${group.done.length} writes were stored when the connection ended is not known; the nodes repeat them`,
      );
      return false;
    }
    await sleep(250);
  }
}

/** Gives the replica what other labs have written. */
export function takeIn(state: SharedState, caught: Caught): void {
  const { changes, rows, sequences, position, entries, clockOffset } = caught;
  state.clockOffset = clockOffset;
  if (position.seq === state.position.seq) return;
  if (changes.size > 0) {
    state.replica.apply(changes, rows);
    state.replica.raiseSequences(sequences);
    state.sequences = state.replica.sequences();
  }
  state.position = position;
  if (changes.size > 0) for (const listener of state.applied) listener(changes);
  for (const { lab, events } of entries) if (lab !== state.lab && events) state.events.adopt(lab, events);
}

/** Reads everything again. */
export async function reload(state: SharedState): Promise<void> {
  const { replica, position, version } = await state.connections.use(loadReplica);
  checkMeta(version, false);
  state.replica.close();
  state.replica = replica;
  state.position = position;
  state.sequences = replica.sequences();
  for (const listener of state.undone) listener();
}

async function restore(state: SharedState, path: string): Promise<void> {
  try {
    await state.connections.use((ask) => importInto(ask, path, { lab: state.lab, replace: true, ring: state.ring }));
  } catch (error) {
    throw explainFault(error, state.connections.where, 'RAZOR_MK_LAB_DB');
  }
  await reload(state);
}

/** Shares an event with the other labs, soon. */
export function share(state: SharedState, event: SharedEvent): void {
  state.outbox.push(event);
  if (state.outbox.length > MOST_EVENTS) state.outbox.splice(0, state.outbox.length - MOST_EVENTS);
  state.outboxTimer ??= setTimeout(() => {
    state.outboxTimer = undefined;
    write(state, () => undefined, true).catch(() => undefined); // they are sent with the next group
  }, EVENTS_WAIT_MS).unref();
}

async function close(state: SharedState): Promise<void> {
  clearTimeout(state.outboxTimer);
  state.flush.forEach((listener) => listener());
  state.closing = true;
  await write(state, () => undefined, false).catch(() => undefined);
  await state.last;
  await state.connections.end();
  state.replica.close();
}
