/** A whole site from a file of SQLite to PostgreSQL, in one transaction, compared row by row before it is committed. */
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { Key } from '../changes.ts';
import { checkBackup } from '../sqlite/backup.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { secretKeyOfSite } from '../secrets/seal-site.ts';
import type { Ask } from './connection.ts';
import { fromJsonb } from './sql/json-column.ts';
import { tableDocument, type ReplicaRow } from './replica.ts';
import { addEntry, ALONE_LOCK, META, raiseSequences, selectRows, upsertRows, WRITE_LOCK } from './sql/statements.ts';
import { columnsOf, TABLES, type Table } from './sql/tables.ts';

const ROWS_AT_ONCE = 1000;

interface ImportOptions {
  /** Who writes, for the feed. */
  readonly lab: string;
  /** Takes the place of what the database holds; without it the database must be empty. */
  readonly replace: boolean;
  /** Must have the key of the file; without it that key may only take another one's place where no lab runs. */
  readonly ring?: KeyRing;
}

/** Rows of each table. */
export type RowCounts = ReadonlyMap<string, number>;

/**
 * Puts everything of `path` into the database. Labs that run on it read everything again. Throws RAZOR_MK_LAB_DB, and then nothing
 * has changed.
 */
export async function importInto(ask: Ask, path: string, { lab, replace, ring }: ImportOptions): Promise<RowCounts> {
  const key = checkBackup(path, ring);
  const file = new DatabaseSync(path, { readOnly: true });
  try {
    const [, , meta = []] = await ask('BEGIN', WRITE_LOCK, META, 'SET LOCAL statement_timeout = 0');
    if (!replace) await refuseNodes(ask);
    if (!ring) await refuseOtherKey(ask, key?.id);
    // nobody takes a line out of the audit log by an older state, and a number is never given twice
    const replaced = TABLES.filter(({ name }) => !replace || name !== 'audit');
    await ask(`TRUNCATE ${replaced.map(({ name }) => `razor_mk.${name}`).join(', ')}`);
    const counts = new Map<string, number>();
    for (const table of replaced) counts.set(table.name, await importTable(ask, file, table));
    if (replace) await addAudit(ask, file);
    const given = file.prepare('SELECT name, seq FROM sqlite_sequence').all();
    await ask(raiseSequences(Object.fromEntries(given.map((row) => [String(row['name']), Number(row['seq'])]))));
    // without their last entry the labs know that everything is new
    const seq = Number(meta[0]?.['seq']) + 1;
    await ask(
      'DELETE FROM razor_mk.feed',
      addEntry({ seq, group: randomUUID(), lab, changes: '{}', events: null }),
      'COMMIT',
    );
    return counts;
  } finally {
    file.close();
  }
}

/** Adds the lines of the audit log that the database has not. */
async function addAudit(ask: Ask, file: DatabaseSync): Promise<void> {
  const audit = TABLES.find(({ name }) => name === 'audit') as Table;
  const document = tableDocument(audit, file.prepare('SELECT * FROM audit ORDER BY id').all());
  const same = ['at', 'who', 'address', 'action', 'status'].map((name) => `a.${name} = x.${name}`).join(' AND ');
  const text = `INSERT INTO razor_mk.audit (id, at, who, address, action, status, details)
    SELECT (SELECT coalesce(max(id), 0) FROM razor_mk.audit) + row_number() OVER (ORDER BY x.id), x.at, x.who, x.address, x.action,
      x.status, x.details
    FROM jsonb_to_recordset($1::jsonb) AS x(id bigint, at bigint, who text, address text, action text, status bigint, details text)
    WHERE NOT EXISTS (SELECT FROM razor_mk.audit a WHERE ${same})`;
  const raise = `INSERT INTO razor_mk.sequence SELECT 'audit', max(id) FROM razor_mk.audit HAVING max(id) IS NOT NULL
    ON CONFLICT (name) DO UPDATE SET value = greatest(sequence.value, excluded.value)`;
  await ask({ text, values: [document] }, raise);
}

/** Labs that run could read no secret any more. */
async function refuseOtherKey(ask: Ask, id: string | undefined): Promise<void> {
  const known = await secretKeyOfSite(ask);
  if (known === undefined || known.id === id) return;
  const [alone = []] = await ask(ALONE_LOCK);
  if (alone[0]?.['got']) return;
  throw new RazorMkError('RAZOR_MK_LAB_SECRETS', `the file has key ${id ?? ''}, and labs run with key ${known.id}`, {
    remedy: 'Stop all labs, import, and start them with the key file of what was imported (--secrets-key).',
  });
}

async function refuseNodes(ask: Ask): Promise<void> {
  const filled = TABLES.filter(({ name }) => name !== 'secret_key')
    .map(({ name }) => `EXISTS (SELECT FROM razor_mk.${name})`)
    .join(' OR ');
  const [rows = []] = await ask(`SELECT ${filled} AS filled`);
  if (!rows[0]?.['filled']) return;
  throw new RazorMkError('RAZOR_MK_LAB_DB', 'the database holds something already', {
    remedy: 'Export it first if it is worth that; --replace puts the file in its place.',
  });
}

async function importTable(ask: Ask, file: DatabaseSync, table: Table): Promise<number> {
  const total = Number(file.prepare(`SELECT count(*) AS n FROM ${table.name}`).get()?.['n']);
  const read = file.prepare(
    `SELECT ${columnsOf(table).join(', ')} FROM ${table.name} ORDER BY ${table.key.join(', ')} LIMIT ? OFFSET ?`,
  );
  for (let from = 0; from < total; from += ROWS_AT_ONCE) {
    const rows = read.all(ROWS_AT_ONCE, from);
    const keys = rows.map((row) => table.key.map((name) => row[name]) as unknown as Key);
    const [, stored = []] = await ask(upsertRows(table, tableDocument(table, rows)), selectRows(table, keys));
    compareRows(table, rows, stored);
  }
  const [counted = []] = await ask(`SELECT count(*) AS n FROM razor_mk.${table.name}`);
  if (Number(counted[0]?.['n']) !== total) throw differ(table, `${total} rows became ${Number(counted[0]?.['n'])}`);
  return total;
}

/** Compares rows by content: the order of an object's members is not content. Throws RAZOR_MK_LAB_DB. */
export function compareRows(table: Table, here: readonly ReplicaRow[], there: readonly ReplicaRow[]): void {
  const byKey = (row: ReplicaRow): string => table.key.map((name) => row[name]).join('\0');
  const found = new Map(there.map((row) => [byKey(row), row]));
  for (const row of here) {
    const other = found.get(byKey(row));
    for (const [name, kind] of Object.entries(table.columns)) {
      const [a, b] = [row[name] ?? null, other?.[name] ?? null];
      const content = (value: unknown): unknown =>
        kind === 'json' && value !== null ? JSON.parse(fromJsonb(String(value))) : value;
      if (!other || !isDeepStrictEqual(content(a), content(b)))
        throw differ(table, `row ${byKey(row)}, column ${name}`);
    }
  }
}

function differ(table: Table, what: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_LAB_DB', `table ${table.name} would not be the same in both databases: ${what}`, {
    remedy: 'Nothing has been changed. Please report it, with that row.',
  });
}
