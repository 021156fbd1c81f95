/**
 * The session that a lab keeps beside its writes: it hears when the feed grows, shows that the lab is there, and holds the lock of
 * the one lab that does what only one has to do. When the connection ends, all three end with it, and a new one is made.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { catchUp, ReloadNeeded } from './feed.ts';
import { back, exclusive, lose, reload, takeIn } from './postgres-database.ts';
import type { SharedState } from './shared-state.ts';
import { CHANNEL, LEAD_LOCK, LIVE_LOCK, PRUNE_FEED } from './sql/statements.ts';

/** What a missed notification costs at most. */
const LOOK_MS = 1000;
/** A load balancer sees that the connection is used, and a lock that became free is taken. */
const PING_MS = 4000;
const AGAIN_MS = 1000;
/** About a minute. */
const PINGS_A_PRUNING = 15;

export interface SharedSession {
  readonly leads: boolean;
  close(): Promise<void>;
}

interface SessionState {
  readonly shared: SharedState;
  readonly ending: AbortController;
  client: Client | undefined;
  leads: boolean;
  pings: number;
  /** Has not answered the last ping. */
  asked: Client | undefined;
  /** A look at the feed waits for its turn. */
  looking: boolean;
}

/** Connects. Rejects where that fails the first time. */
export async function openSession(shared: SharedState): Promise<SharedSession> {
  const state: SessionState = {
    shared,
    ending: new AbortController(),
    client: undefined,
    leads: false,
    pings: 0,
    asked: undefined,
    looking: false,
  };
  await connect(state);
  const look = setInterval(() => void lookAtFeed(state), LOOK_MS).unref();
  const ping = setInterval(() => void tryToLead(state), PING_MS).unref();
  return {
    get leads() {
      return state.leads;
    },
    async close() {
      state.ending.abort();
      clearInterval(look);
      clearInterval(ping);
      await state.client?.end().catch(() => undefined);
    },
  };
}

async function connect(state: SessionState): Promise<void> {
  const client = await state.shared.connections.single();
  client.on('error', () => undefined); // 'end' follows
  await client.connect();
  try {
    await refusePooler(client);
    client.on('notification', ({ payload }) => {
      if (Number(payload) > state.shared.position.seq) void lookAtFeed(state);
    });
    await client.query(`LISTEN ${CHANNEL}`);
    await client.query(LIVE_LOCK);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  state.client = client;
  client.once('end', () => {
    state.client = undefined;
    state.leads = false;
    void reconnect(state);
  });
  await tryToLead(state);
}

async function reconnect(state: SessionState): Promise<void> {
  while (!state.ending.signal.aborted) {
    try {
      await connect(state);
      return;
    } catch {
      await sleep(AGAIN_MS, undefined, { signal: state.ending.signal, ref: false }).catch(() => undefined);
    }
  }
}

/** A pooler gives each transaction another session: notifications and locks would be lost without a word. */
async function refusePooler(client: Client): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const told = (client as unknown as { processID: number | null }).processID;
  if (told === null || told === rows[0]?.pid) return;
  throw new RazorMkError('RAZOR_MK_LAB_DB', 'a connection pooler stands between this lab and the database', {
    remedy:
      'Connect to PostgreSQL itself, or through a load balancer for TCP (HAProxy): notifications and locks need sessions.',
  });
}

async function tryToLead(state: SessionState): Promise<void> {
  const { client } = state;
  if (!client || state.asked === client) return;
  state.asked = client;
  try {
    if (state.leads) await client.query(++state.pings % PINGS_A_PRUNING === 1 ? PRUNE_FEED : 'SELECT 1');
    else {
      const { rows } = await client.query<{ got: boolean }>(LEAD_LOCK);
      state.leads = state.client === client && rows[0]?.got === true;
    }
  } catch {
    state.leads = false;
    // it hangs: a new one is made when this one has ended
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  } finally {
    if (state.asked === client) state.asked = undefined;
  }
}

async function lookAtFeed(state: SessionState): Promise<void> {
  if (state.looking) return;
  state.looking = true;
  const { shared } = state;
  await exclusive(shared, async () => {
    state.looking = false;
    if (shared.closing) return;
    try {
      await look(shared);
      back(shared);
    } catch (error) {
      lose(shared, error);
    }
  });
}

async function look(shared: SharedState): Promise<void> {
  try {
    await shared.connections.use(async (ask) => {
      const caught = await catchUp(ask, ['BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'], shared);
      await ask('COMMIT');
      takeIn(shared, caught);
    });
  } catch (error) {
    if (!(error instanceof ReloadNeeded)) throw error;
    await reload(shared);
  }
}
