/** LabConnections to PostgreSQL: how long is waited for what, which texts stay texts, and where the lab is connected to. */
import type { Client, ClientConfig, Pool, PoolClient, QueryResult } from 'pg';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { ReplicaRow } from './replica.ts';

/** One statement. With a name it is prepared once for each connection. */
export interface Statement {
  readonly text: string;
  readonly name?: string;
  readonly values?: readonly unknown[];
}

/** LabConnections of one lab. */
export interface LabConnections {
  /** Without its password, for messages. */
  readonly where: string;
  /** Runs `work` with a connection of the pool, which is ended where `work` throws. */
  use<T>(work: (ask: Ask) => Promise<T>): Promise<T>;
  /** A connection of its own, not connected yet. */
  single(): Promise<Client>;
  end(): Promise<void>;
}

/** Sends all statements at once and resolves with their results; rejects with the first failure. */
export type Ask = (...statements: readonly (Statement | string)[]) => Promise<readonly (readonly ReplicaRow[])[]>;

/** Milliseconds. A lab that hangs must not keep the others waiting: its transaction is ended by the server. */
const PATIENCE = { connect: 4000, statement: 12_000, client: 15_000, lock: 10_000, idleInTransaction: 10_000 } as const;

const INT8 = 20;
const JSON_TYPES: readonly number[] = [114, 3802];

/** `postgres://lab@db.example/site`: the URL without password and parameters. Throws RAZOR_MK_USAGE where it is none. */
export function plainUrl(url: string): string {
  if (!URL.canParse(url)) {
    throw new RazorMkError('RAZOR_MK_USAGE', '--database is not a URL', {
      remedy: 'Write postgres://USER@HOST:PORT/DATABASE; characters as / or @ in a password are percent-encoded.',
    });
  }
  const parsed = new URL(url);
  const user = parsed.username === '' ? '' : `${parsed.username}@`;
  const socket = parsed.searchParams.get('host');
  return `postgres://${user}${socket === null ? parsed.host : `[${socket}]`}${parsed.pathname}`;
}

/** Connects nothing yet. Throws RAZOR_MK_USAGE. */
export async function openConnections(url: string): Promise<LabConnections> {
  const where = plainUrl(url);
  const { default: pg } = await import('pg');
  const config: ClientConfig = {
    connectionString: url,
    application_name: 'razor-mk lab',
    connectionTimeoutMillis: PATIENCE.connect,
    statement_timeout: PATIENCE.statement,
    query_timeout: PATIENCE.client,
    lock_timeout: PATIENCE.lock,
    idle_in_transaction_session_timeout: PATIENCE.idleInTransaction,
    // a dead peer is noticed on both sides in half a minute
    keepAlive: true,
    keepAliveInitialDelayMillis: 5000,
    options: '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c jit=off',
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
        if (oid === INT8) return Number;
        return JSON_TYPES.includes(oid) ? String : pg.types.getTypeParser(oid, format ?? 'text');
      }) as typeof pg.types.getTypeParser,
    },
    pipeline: true,
  };
  const pool: Pool = new pg.Pool({ ...config, max: 3, idleTimeoutMillis: 60_000 });
  // the failure is seen by whoever asks next
  pool.on('error', () => undefined);
  return {
    where,
    use: (work) => use(pool, work),
    single: () => Promise.resolve(new pg.Client({ ...config, pipeline: false })),
    end: () => pool.end(),
  };
}

async function use<T>(pool: Pool, work: (ask: Ask) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const ignore = (): void => undefined;
  client.on('error', ignore);
  try {
    const result = await work((...statements) => askAll(client, statements));
    client.off('error', ignore);
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function askAll(client: PoolClient, statements: readonly (Statement | string)[]): ReturnType<Ask> {
  const asked = statements.map((one) => {
    const { text, name, values = [] } = typeof one === 'string' ? { text: one } : one;
    return client.query<ReplicaRow>({ text, values: [...values], ...(name !== undefined && { name }) });
  });
  const results = await Promise.allSettled(asked);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason as Error;
  const fulfilled = results.map((result) => (result as PromiseFulfilledResult<QueryResult<ReplicaRow>>).value);
  // the commit of a transaction that failed is answered as if nothing was wrong
  if (statements.at(-1) === 'COMMIT' && fulfilled.at(-1)?.command !== 'COMMIT')
    throw new Error('the transaction was undone');
  return fulfilled.map(({ rows }) => rows);
}
