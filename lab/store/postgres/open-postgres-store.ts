/** The store in PostgreSQL, shared by any number of labs. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { SharedEvents, Store } from '../store.ts';
import { openKeyFile } from '../secrets/key-ring.ts';
import { storeOn } from '../sqlite/open-store.ts';
import { openConnections } from './connection.ts';
import { entryOf } from './feed.ts';
import { loadReplica } from './load-replica.ts';
import { explainFault } from './postgres-faults.ts';
import { share, sharedDatabase } from './postgres-database.ts';
import type { SharedState } from './shared-state.ts';
import { migratePostgres } from './sql/postgres-schema.ts';
import { LAST_EVENTS } from './sql/statements.ts';
import { openSession } from './shared-session.ts';

/**
 * Opens the store at `url` and brings its schema up to date; `keyFile` has the keys of its secrets. Throws RAZOR_MK_LAB_DB,
 * RAZOR_MK_LAB_SECRETS and RAZOR_MK_USAGE.
 */
export async function openPostgresStore(url: string, events: SharedEvents, keyFile: string): Promise<Store> {
  const ring = openKeyFile(keyFile);
  const connections = await openConnections(url);
  try {
    await connections.use((ask) => migratePostgres(ask, { ring, where: connections.where }));
    const { replica, position } = await connections.use(loadReplica);
    const state: SharedState = {
      connections,
      events,
      ring,
      lab: `${hostname()}/${randomBytes(3).toString('hex')}`,
      replica,
      position,
      sequences: replica.sequences(),
      clockOffset: 0,
      away: undefined,
      closing: false,
      queue: [],
      outbox: [],
      last: Promise.resolve(),
      pumping: false,
      outboxTimer: undefined,
      undone: [],
      applied: [],
      flush: [],
    };
    const [said = []] = await connections.use((ask) => ask(LAST_EVENTS));
    for (const { lab, events: last } of said.map(entryOf).toReversed()) if (last) events.adopt(lab, last);
    const session = await openSession(state);
    events.onSaid((event) => share(state, event));
    const db = sharedDatabase(state);
    const close = async (): Promise<void> => {
      await db.close();
      await session.close();
    };
    const standing = {
      get leads() {
        return session.leads;
      },
      get away() {
        return state.away;
      },
      get clockOffset() {
        return state.clockOffset;
      },
    };
    return storeOn({ ...db, close }, standing);
  } catch (error) {
    await connections.end();
    throw explainFault(error, connections.where, 'RAZOR_MK_LAB_DB');
  }
}
