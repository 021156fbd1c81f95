/** A site's database without a lab: filled from a file of SQLite, or written to one. Both are compared row by row. */
import { DatabaseSync } from 'node:sqlite';
import type { Key } from '../changes.ts';
import { backupTo } from '../sqlite/backup.ts';
import { openConnections, type Ask, type LabConnections } from './connection.ts';
import { eachRows, loadReplica } from './load-replica.ts';
import { explainFault } from './postgres-faults.ts';
import { migratePostgres } from './sql/postgres-schema.ts';
import { columnsOf, TABLES } from './sql/tables.ts';
import { compareRows, importInto, type RowCounts } from './transfer.ts';

/** Fills the database at `url` from a file; labs that run on it read everything again. Throws RAZOR_MK_LAB_DB, nothing changed. */
export async function importSite(url: string, path: string, replace: boolean): Promise<RowCounts> {
  return await withDatabase(url, async (connections) => {
    await connections.use((ask) => migratePostgres(ask));
    return await connections.use((ask) => importInto(ask, path, { lab: 'import', replace }));
  });
}

/** Writes everything to a new file while labs go on. Throws RAZOR_MK_LAB_DB and RAZOR_MK_FILE_UNWRITABLE. */
export async function exportSite(url: string, path: string): Promise<RowCounts> {
  return await withDatabase(url, (connections) =>
    connections.use(async (ask) => {
      const { replica } = await loadReplica(ask, async () => undefined);
      try {
        await backupTo(replica.db, path);
        return await compareFile(ask, path);
      } finally {
        replica.close();
        await ask('COMMIT');
      }
    }),
  );
}

/** In the snapshot that the file was written from. */
async function compareFile(ask: Ask, path: string): Promise<RowCounts> {
  const file = new DatabaseSync(path, { readOnly: true });
  try {
    const counts = new Map<string, number>();
    for (const table of TABLES) {
      const where = table.key.map((name) => `${name} = ?`).join(' AND ');
      const select = file.prepare(`SELECT ${columnsOf(table).join(', ')} FROM ${table.name} WHERE ${where}`);
      let count = 0;
      await eachRows(ask, table, (rows) => {
        const keys = rows.map((row) => table.key.map((name) => row[name]) as unknown as Key);
        compareRows(
          table,
          rows,
          keys.map((key) => select.get(...key)).filter((row) => row !== undefined),
        );
        count += rows.length;
      });
      counts.set(table.name, count);
    }
    return counts;
  } finally {
    file.close();
  }
}

async function withDatabase<T>(url: string, work: (connections: LabConnections) => Promise<T>): Promise<T> {
  const connections = await openConnections(url);
  try {
    return await work(connections);
  } catch (error) {
    throw explainFault(error, connections.where, 'RAZOR_MK_LAB_DB');
  } finally {
    await connections.end();
  }
}
