/** The statements by which rows go to PostgreSQL and come back, made once from the tables. */
import type { Key } from '../../changes.ts';
import type { Statement } from '../connection.ts';
import { columnsOf, TABLES, type Table } from './tables.ts';

const TYPES = { integer: 'bigint', text: 'text', json: 'jsonb' } as const;

/** The first of the two numbers of every advisory lock of ours ("rzmk"). */
const LOCKS = 0x727a6d6b;

/** Held by the transaction that writes: all changes have one order. */
export const WRITE_LOCK = `SELECT pg_advisory_xact_lock(${LOCKS}, 1)`;
/** Held by the session of the one lab that does what one lab has to do. */
export const LEAD_LOCK = `SELECT pg_try_advisory_lock(${LOCKS}, 2) AS got`;
/** Held by every lab that runs. */
export const LIVE_LOCK = `SELECT pg_advisory_lock_shared(${LOCKS}, 3)`;
/** Got where no lab runs. */
export const ALONE_LOCK = `SELECT pg_try_advisory_xact_lock(${LOCKS}, 3) AS got`;

/** The channel that says that the feed has grown; the payload is its last number. */
export const CHANNEL = 'razor_mk';

/** Where the feed stands, the schema's version, the database's clock, and whether it can be written to. */
export const META: Statement = {
  name: 'meta',
  text: `SELECT version, seq, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now,
      pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS read_only FROM razor_mk.meta`,
};

/** More entries than that are not read one by one: everything is loaded again. */
export const MOST_ENTRIES = 5000;

/** The entry that was applied last, and those after it. */
export function feedAfter(seq: number): Statement {
  const text = `SELECT seq, group_id, lab, changes, events FROM razor_mk.feed WHERE seq >= $1 ORDER BY seq LIMIT ${MOST_ENTRIES + 2}`;
  return { name: 'feed', text, values: [seq] };
}

/** Removes what no lab that runs has not read yet; one that was away for longer reads everything again. */
export const PRUNE_FEED = `DELETE FROM razor_mk.feed WHERE at < now() - interval '1 hour'
  AND seq < (SELECT seq FROM razor_mk.meta) - ${MOST_ENTRIES}`;

/** The entries that hold what was said last, the newest first. */
export const LAST_EVENTS = `SELECT lab, events FROM razor_mk.feed WHERE events IS NOT NULL ORDER BY seq DESC LIMIT 500`;

/** Adds an entry to the feed and tells the other labs. */
export function addEntry(entry: {
  seq: number;
  group: string;
  lab: string;
  changes: string;
  events: string | null;
}): Statement {
  const text = `WITH counted AS (UPDATE razor_mk.meta SET seq = $1 RETURNING 1),
      added AS (INSERT INTO razor_mk.feed (seq, group_id, lab, changes, events) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb) RETURNING seq)
    SELECT pg_notify('${CHANNEL}', added.seq::text) FROM added, counted`;
  const { seq, group, lab, changes, events } = entry;
  return { name: 'entry', text, values: [seq, group, lab, changes, events] };
}

interface TableStatements {
  readonly upsert: string;
  readonly remove: string;
  readonly select: string;
}

function statementsOf(table: Table): TableStatements {
  const names = columnsOf(table).join(', ');
  const typed = (columns: readonly string[]): string =>
    columns.map((name) => `${name} ${TYPES[table.columns[name] ?? 'text']}`).join(', ');
  const set = columnsOf(table)
    .filter((name) => !table.key.includes(name))
    .map((name) => `${name} = excluded.${name}`);
  const same = table.key.map((name) => `t.${name} = x.${name}`).join(' AND ');
  const keys = `jsonb_to_recordset($1::jsonb) AS x(${typed(table.key)})`;
  return {
    upsert: `INSERT INTO razor_mk.${table.name} (${names}) SELECT ${names} FROM jsonb_to_recordset($1::jsonb) AS x(${typed(columnsOf(table))})
      ON CONFLICT (${table.key.join(', ')}) DO UPDATE SET ${set.join(', ')}`,
    remove: `DELETE FROM razor_mk.${table.name} t USING ${keys} WHERE ${same}`,
    select: `SELECT ${columnsOf(table)
      .map((name) => `t.${name}`)
      .join(', ')} FROM ${keys} JOIN razor_mk.${table.name} t ON ${same}`,
  };
}

const STATEMENTS = new Map(TABLES.map((table) => [table.name, statementsOf(table)]));

function named(kind: keyof TableStatements, table: Table, document: string): Statement {
  return { name: `${kind}_${table.name}`, text: STATEMENTS.get(table.name)?.[kind] ?? '', values: [document] };
}

function keysDocument(table: Table, keys: readonly Key[]): string {
  return JSON.stringify(keys.map((key) => Object.fromEntries(table.key.map((name, i) => [name, key[i]]))));
}

/** Adds or replaces the rows of a document. */
export function upsertRows(table: Table, document: string): Statement {
  return named('upsert', table, document);
}

/** Removes rows. */
export function removeRows(table: Table, keys: readonly Key[]): Statement {
  return named('remove', table, keysDocument(table, keys));
}

/** Reads rows by their keys. */
export function selectRows(table: Table, keys: readonly Key[]): Statement {
  return named('select', table, keysDocument(table, keys));
}

/** The highest id that each table ever gave; it only grows. */
export function raiseSequences(values: Readonly<Record<string, number>>): Statement {
  const text = `INSERT INTO razor_mk.sequence (name, value) SELECT key, value::bigint FROM jsonb_each_text($1::jsonb)
    ON CONFLICT (name) DO UPDATE SET value = greatest(sequence.value, excluded.value)`;
  return { name: 'sequences', text, values: [JSON.stringify(values)] };
}
