/** A replica as a whole: read in one snapshot, a few thousand rows at a time. */
import type { Ask } from './connection.ts';
import { openReplica, type Replica } from './replica.ts';
import { META } from './sql/statements.ts';
import { columnsOf, TABLES } from './sql/tables.ts';

/** Up to where a replica has the feed. */
export interface Position {
  readonly seq: number;
  /** The group that wrote that entry: another history has another one. */
  readonly group: string;
}

const ROWS_AT_ONCE = 2000;

/** Reads everything. The caller closes the replica. */
export async function loadReplica(ask: Ask): Promise<{ replica: Replica; position: Position; version: number }> {
  const [, meta = [], last = [], sequences = []] = await ask(
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    META,
    'SELECT seq, group_id FROM razor_mk.feed ORDER BY seq DESC LIMIT 1',
    'SELECT name, value FROM razor_mk.sequence',
  );
  const replica = openReplica();
  try {
    for (const table of TABLES) {
      await ask(
        `DECLARE every NO SCROLL CURSOR FOR SELECT ${columnsOf(table).join(', ')} FROM razor_mk.${table.name} ORDER BY ${table.key.join(', ')}`,
      );
      for (;;) {
        const [rows = []] = await ask(`FETCH ${ROWS_AT_ONCE} FROM every`);
        replica.fill(table, rows);
        if (rows.length < ROWS_AT_ONCE) break;
      }
      await ask('CLOSE every');
    }
    await ask('COMMIT');
    replica.raiseSequences(Object.fromEntries(sequences.map((row) => [String(row['name']), Number(row['value'])])));
    const position = { seq: Number(last[0]?.['seq']), group: String(last[0]?.['group_id']) };
    return { replica, position, version: Number(meta[0]?.['version']) };
  } catch (error) {
    replica.close();
    throw error;
  }
}
