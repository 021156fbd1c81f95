/** A replica as a whole: read in one snapshot, a few thousand rows at a time. */
import type { Ask } from './connection.ts';
import { openReplica, type Replica, type ReplicaRow } from './replica.ts';
import { META } from './sql/statements.ts';
import { columnsOf, TABLES, type Table } from './sql/tables.ts';

/** Up to where a replica has the feed. */
export interface Position {
  readonly seq: number;
  /** The group that wrote that entry: another history has another one. */
  readonly group: string;
}

const ROWS_AT_ONCE = 2000;

/** Reads everything in one transaction and ends it by `end`, a commit by default. The caller closes the replica. */
export async function loadReplica(
  ask: Ask,
  end: () => Promise<unknown> = () => ask('COMMIT'),
): Promise<{ replica: Replica; position: Position; version: number }> {
  const [, , meta = [], last = [], sequences = []] = await ask(
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    'SET LOCAL idle_in_transaction_session_timeout = 0',
    META,
    'SELECT seq, group_id FROM razor_mk.feed ORDER BY seq DESC LIMIT 1',
    'SELECT name, value FROM razor_mk.sequence',
  );
  const replica = openReplica();
  try {
    for (const table of TABLES) await eachRows(ask, table, (rows) => replica.fill(table, rows));
    await end();
    replica.raiseSequences(Object.fromEntries(sequences.map((row) => [String(row['name']), Number(row['value'])])));
    const position = { seq: Number(last[0]?.['seq']), group: String(last[0]?.['group_id']) };
    return { replica, position, version: Number(meta[0]?.['version']) };
  } catch (error) {
    replica.close();
    throw error;
  }
}

/** Reads a table within a transaction, in the order of its key, a few thousand rows at a time. */
export async function eachRows(ask: Ask, table: Table, use: (rows: readonly ReplicaRow[]) => void): Promise<void> {
  const columns = columnsOf(table).join(', ');
  await ask(
    `DECLARE every NO SCROLL CURSOR FOR SELECT ${columns} FROM razor_mk.${table.name} ORDER BY ${table.key.join(', ')}`,
  );
  for (;;) {
    const [rows = []] = await ask(`FETCH ${ROWS_AT_ONCE} FROM every`);
    use(rows);
    if (rows.length < ROWS_AT_ONCE) break;
  }
  await ask('CLOSE every');
}
