/**
 * A lab's copy of what PostgreSQL holds: the SQLite schema in a file without a name, which is gone with the process. (SQLite's own
 * temporary database counts all its changed pages at each commit: five times the cost.) All reads are answered from it, and a group of writes runs on it before PostgreSQL
 * gets the rows that it changed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { migrate } from '../sqlite/migrations.ts';
import { fromJsonb, toJsonb, toText } from './sql/json-column.ts';
import type { Changes, Key } from '../changes.ts';
import { columnsOf, TABLES, type Table } from './sql/tables.ts';

/** A row of PostgreSQL or of SQLite, by column. */
export type ReplicaRow = Readonly<Record<string, SQLOutputValue>>;

export interface Replica {
  readonly db: DatabaseSync;
  prepare(sql: string): StatementSync;
  /** What was changed since the last call, or since the last `apply`. */
  takeChanges(): Changes;
  /** The rows of these keys as PostgreSQL takes them (`jsonb_to_recordset`), and the keys that have no row. */
  documentOf(
    table: Table,
    keys: readonly Key[],
  ): { readonly rows: string; readonly count: number; readonly gone: readonly Key[] };
  /** Takes rows over; keys without a row are removed. */
  apply(changes: Changes, rows: ReadonlyMap<string, readonly ReplicaRow[]>): void;
  /** Adds rows to a replica that has none. */
  fill(table: Table, rows: readonly ReplicaRow[]): void;
  /** The highest id that each table ever gave. */
  sequences(): Readonly<Record<string, number>>;
  raiseSequences(values: Readonly<Record<string, number>>): void;
  close(): void;
}

const CACHE = 'PRAGMA cache_size=-131072';

/** An empty one. */
export function openReplica(): Replica {
  const directory = mkdtempSync(join(tmpdir(), 'razor-mk-replica-'));
  try {
    return replicaOn(new DatabaseSync(join(directory, 'replica.db')));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function replicaOn(db: DatabaseSync): Replica {
  db.exec(`PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; ${CACHE}`);
  db.exec('PRAGMA foreign_keys=ON');
  migrate(db);
  db.exec(`CREATE TEMP TABLE changed (tab INTEGER, a, b); ${TABLES.map(recordChanges).join('\n')}`);
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = db.prepare(sql)));
    return statement;
  };
  return {
    db,
    prepare,
    takeChanges: () => takeChanges(prepare),
    documentOf: (table, keys) => documentOf(prepare, table, keys),
    apply: (changes, rows) => apply(db, prepare, changes, rows),
    fill: (table, rows) => fill(db, prepare, table, rows),
    sequences: () => sequences(prepare),
    raiseSequences(values) {
      for (const [name, value] of Object.entries(values)) raiseSequence(prepare, name, value);
    },
    close() {
      statements.clear();
      db.close();
    },
  };
}

type Prepare = (sql: string) => StatementSync;

/** Triggers that note the key of each row that a statement changes. */
function recordChanges(table: Table, index: number): string {
  const keyOf = (row: string): string =>
    [0, 1].map((i) => (table.key[i] ? `${row}.${table.key[i]}` : 'NULL')).join(', ');
  return (['INSERT', 'UPDATE', 'DELETE'] as const)
    .map((event) => {
      const values = `${index}, ${keyOf(event === 'DELETE' ? 'OLD' : 'NEW')}`;
      return `CREATE TEMP TRIGGER ${table.name}_${event} AFTER ${event} ON main.${table.name} BEGIN INSERT INTO changed VALUES (${values}); END;`;
    })
    .join('\n');
}

function takeChanges(prepare: Prepare): Changes {
  const changes = new Map<string, Key[]>();
  for (const row of prepare('SELECT DISTINCT tab, a, b FROM changed').iterate()) {
    const { name, key } = TABLES[Number(row['tab'])] as Table;
    const values = [row['a'], row['b']].slice(0, key.length) as (string | number)[];
    const known = changes.get(name);
    if (known) known.push(values);
    else changes.set(name, [values]);
  }
  prepare('DELETE FROM changed').run();
  return changes;
}

function documentOf(prepare: Prepare, table: Table, keys: readonly Key[]): ReturnType<Replica['documentOf']> {
  const select = prepare(`SELECT * FROM ${table.name} WHERE ${table.key.map((name) => `${name} = ?`).join(' AND ')}`);
  const rows: ReplicaRow[] = [];
  const gone: Key[] = [];
  for (const key of keys) {
    const row = select.get(...key);
    if (row) rows.push(row);
    else gone.push(key);
  }
  return { rows: tableDocument(table, rows), count: rows.length, gone };
}

/** Rows of SQLite as one document for `jsonb_to_recordset`. */
export function tableDocument(table: Table, rows: readonly ReplicaRow[]): string {
  const columns = Object.entries(table.columns);
  const texts = rows.map(
    (row) => `{${columns.map(([name, kind]) => `"${name}":${valueText(row[name], kind)}`).join(',')}}`,
  );
  return `[${texts.join(',')}]`;
}

function valueText(value: SQLOutputValue | undefined, kind: string): string {
  if (value == null) return 'null';
  if (kind === 'integer') return String(value);
  return kind === 'json' ? toJsonb(String(value)) : JSON.stringify(toText(String(value)));
}

function upsert(table: Table): string {
  const names = columnsOf(table);
  const set = names.filter((name) => !table.key.includes(name)).map((name) => `${name} = excluded.${name}`);
  return `INSERT INTO ${table.name} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})
    ON CONFLICT (${table.key.join(', ')}) DO UPDATE SET ${set.join(', ')}`;
}

function insertRows(prepare: Prepare, table: Table, rows: readonly ReplicaRow[]): void {
  const statement = prepare(upsert(table));
  const columns = Object.entries(table.columns);
  for (const row of rows) {
    const values = columns.map(([name, kind]) => {
      const value = row[name] ?? null;
      return kind === 'json' && typeof value === 'string' ? fromJsonb(value) : value;
    });
    statement.run(...values);
  }
}

/** Removals first: a row may take a place that another one leaves. */
function apply(
  db: DatabaseSync,
  prepare: Prepare,
  changes: Changes,
  rows: ReadonlyMap<string, readonly ReplicaRow[]>,
): void {
  transaction(db, prepare, () => {
    for (const table of TABLES.toReversed()) {
      const there = new Set((rows.get(table.name) ?? []).map((row) => table.key.map((name) => row[name]).join('\0')));
      const remove = prepare(`DELETE FROM ${table.name} WHERE ${table.key.map((name) => `${name} = ?`).join(' AND ')}`);
      for (const key of changes.get(table.name) ?? []) if (!there.has(key.join('\0'))) remove.run(...key);
    }
    for (const table of TABLES) insertRows(prepare, table, rows.get(table.name) ?? []);
  });
}

function fill(db: DatabaseSync, prepare: Prepare, table: Table, rows: readonly ReplicaRow[]): void {
  transaction(db, prepare, () => insertRows(prepare, table, rows));
}

function transaction(db: DatabaseSync, prepare: Prepare, work: () => void): void {
  db.exec('BEGIN; PRAGMA defer_foreign_keys=ON');
  try {
    work();
    prepare('DELETE FROM changed').run();
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function sequences(prepare: Prepare): Record<string, number> {
  const rows = prepare('SELECT name, seq FROM sqlite_sequence').all();
  return Object.fromEntries(rows.map((row) => [String(row['name']), Number(row['seq'])]));
}

/** The row of `sqlite_sequence` is made by the first insert, so a table that never had one gets it here. */
function raiseSequence(prepare: Prepare, name: string, value: number): void {
  const { changes } = prepare('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?').run(value, name);
  if (Number(changes) === 0) prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(name, value);
}
