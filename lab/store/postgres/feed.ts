/**
 * The change feed: every group of writes is an entry with the keys of the rows that it changed. A replica reads the entries after
 * its own position and then those rows as they are now. Where its last entry is not in the feed any more, or another one has its
 * number (a standby became primary and did not have it), everything is read again.
 */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { Changes } from '../changes.ts';
import type { SharedEvent } from '../store.ts';
import type { Ask, Statement } from './connection.ts';
import { fromJsonb } from './sql/json-column.ts';
import type { Position } from './load-replica.ts';
import { POSTGRES_MIGRATIONS } from './sql/postgres-migrations.ts';
import type { ReplicaRow } from './replica.ts';
import { feedAfter, META, MOST_ENTRIES, selectRows } from './sql/statements.ts';
import { mergeChanges, TABLES } from './sql/tables.ts';

/** What a replica has not seen yet. */
export interface Caught {
  readonly changes: Changes;
  readonly rows: ReadonlyMap<string, readonly ReplicaRow[]>;
  readonly sequences: Readonly<Record<string, number>>;
  readonly position: Position;
  readonly entries: readonly FeedEntry[];
  readonly clockOffset: number;
}

interface FeedEntry {
  readonly lab: string;
  readonly events: readonly SharedEvent[] | undefined;
}

/** The replica's history is not the database's. */
export class ReloadNeeded extends Error {}

/** Clocks nearer than that are the same. */
const SAME_CLOCK_MS = 1000;

/** Reads what is new, after `first`, which begins the transaction. Throws ReloadNeeded, and what `checkMeta` throws. */
export async function catchUp(
  ask: Ask,
  first: readonly (Statement | string)[],
  { position }: { readonly position: Position },
): Promise<Caught> {
  const results = await ask(...first, META, feedAfter(position.seq));
  const received = Date.now();
  const [meta = [], feed = []] = results.slice(first.length);
  const { version, read_only: readOnly, now } = meta[0] ?? {};
  checkMeta(Number(version), Boolean(readOnly));
  const [own, ...added] = feed;
  if (Number(own?.['seq']) !== position.seq || own?.['group_id'] !== position.group || added.length > MOST_ENTRIES) {
    throw new ReloadNeeded('the feed has another history');
  }
  const offset = Number(now) - received;
  const clockOffset = Math.abs(offset) < SAME_CLOCK_MS ? 0 : offset;
  const newest = added.at(-1);
  const caught = { entries: added.map(entryOf), clockOffset };
  if (!newest) return { ...caught, changes: new Map(), rows: new Map(), sequences: {}, position };
  const merged = new Map(mergeChanges(added.map((row) => String(row['changes']))));
  const sequences = Object.fromEntries(
    (merged.get('sequence') ?? []).map(([name, value]) => [String(name), Number(value)]),
  );
  merged.delete('sequence');
  const rows = await rowsOf(ask, merged);
  const to = { seq: Number(newest['seq']), group: String(newest['group_id']) };
  return { ...caught, changes: merged, rows, sequences, position: to };
}

async function rowsOf(ask: Ask, changes: Changes): Promise<Map<string, readonly ReplicaRow[]>> {
  const tables = TABLES.filter(({ name }) => changes.has(name));
  const results = await ask(...tables.map((table) => selectRows(table, changes.get(table.name) ?? [])));
  return new Map(tables.map(({ name }, i) => [name, results[i] ?? []]));
}

/** An entry of the feed, without its keys. */
export function entryOf(row: ReplicaRow): FeedEntry {
  const events = row['events'];
  return {
    lab: String(row['lab']),
    events: events == null ? undefined : (JSON.parse(fromJsonb(String(events))) as SharedEvent[]),
  };
}

/** Throws RAZOR_MK_LAB_DB_AWAY where another version has changed the schema, and where nothing can be written. */
export function checkMeta(version: number, readOnly: boolean): void {
  const known = POSTGRES_MIGRATIONS.length;
  if (version !== known) {
    throw new RazorMkError('RAZOR_MK_LAB_DB_AWAY', `the database has schema ${version}, this lab knows ${known}`, {
      remedy: 'All labs of one database must be of one version: stop this one and start the newer version.',
    });
  }
  if (!readOnly) return;
  throw new RazorMkError('RAZOR_MK_LAB_DB_AWAY', 'the database is read-only: a standby, or set so', {
    remedy: 'Lead the lab to the primary; it goes on by itself when that is there.',
  });
}
