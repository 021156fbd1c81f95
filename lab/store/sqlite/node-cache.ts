/**
 * Nodes kept in memory over the table: a check-in of a known node then reads nothing from the database. Whatever changes a
 * node goes through here, and whatever was undone empties the cache.
 */
import { rankNodes } from '../node-ranking.ts';
import type { Changes } from '../changes.ts';
import type { Facts, NodeRecord } from '../records.ts';
import type { NodeStore } from '../store.ts';
import type { Database } from './database.ts';
import { createPendingContacts, type PendingContacts } from './pending-contacts.ts';

/** Nodes, and ids, that are kept; a hundred thousand nodes take some 60 MB. */
const KEPT = 250_000;
/** Facts that were just stored, which are looked at again for tags and reply. */
const FACTS_KEPT = 64;
const MOST_FACTS = 1000;

/** A kept record; a contact changes it in place. */
type Cached = { -readonly [K in keyof NodeRecord]: NodeRecord[K] };

interface CacheState {
  readonly shared: boolean;
  readonly table: NodeStore;
  readonly contacts: PendingContacts;
  readonly records: Map<number, Cached>;
  /** Node numbers that have an id; nearly always one. */
  readonly owners: Map<string, number | readonly number[]>;
  readonly fresh: Map<number, Facts>;
  /** Everything in the table is in memory: what is not, does not exist. */
  complete: boolean;
}

/** The table with a cache in front of it, filled at once where the table is small enough. */
export function cacheNodes(db: Database, table: NodeStore): NodeStore {
  const state = fillCache(db, table);
  db.onUndone(() => clear(state));
  db.onApplied((changes) => takeIn(db, state, changes));
  const upToDate = (node: NodeRecord): NodeRecord => state.contacts.applyTo(node);
  return {
    ...table,
    byId: (id) => byId(state, id),
    get(uuid) {
      const row = table.get(uuid);
      return row && upToDate(row);
    },
    list: () => table.list().map(upToDate),
    after: (id, limit) => table.after(id, limit).map(upToDate),
    startingWith: (uuid, limit) => table.startingWith(uuid, limit).map(upToDate),
    newest: (limit, offset) => table.newest(limit, offset).map(upToDate),
    silent: (before, dialects) =>
      table
        .silent(before, dialects)
        .map(upToDate)
        .filter(({ contact }) => contact < before),
    find: (hwIds) => find(state, hwIds),
    create: (node) => create(state, node),
    touch: (id, lastState, at) => touch(state, id, lastState, at),
    update(id, changes) {
      state.contacts.settle(id);
      table.update(id, changes);
      refresh(state, id);
    },
    facts: (id) => state.fresh.get(id) ?? table.facts(id),
    setFacts: (id, facts, lastState, at) => setFacts(state, id, facts, lastState, at),
    addHwIds(id, hwIds) {
      if (hwIds.every((hwId) => state.owners.get(hwId) === id)) return;
      table.addHwIds(id, hwIds);
      setOwner(state, id, hwIds);
    },
    setHwIds(id, hwIds) {
      forgetIds(state, table.hwIds(id));
      table.setHwIds(id, hwIds);
      setOwner(state, id, hwIds);
    },
    remove: (id) => remove(state, id),
  };
}

function fillCache(db: Database, table: NodeStore): CacheState {
  const state: CacheState = {
    shared: db.shared,
    table,
    contacts: createPendingContacts(db, table),
    records: new Map(),
    owners: new Map(),
    fresh: new Map(),
    complete: table.count() <= KEPT / 2,
  };
  if (!state.complete) return state;
  for (const node of table.list()) state.records.set(node.id, node);
  for (const [hwId, id] of table.owners()) {
    const others = state.owners.get(hwId);
    state.owners.set(hwId, others === undefined ? id : [others, id].flat());
  }
  return state;
}

/** Rows that another lab has changed, or that were undone. */
function takeIn(db: Database, state: CacheState, changes: Changes): void {
  const ids = new Set(
    ['node', 'node_facts', 'node_seen'].flatMap((name) => (changes.get(name) ?? []).map(([id]) => Number(id))),
  );
  for (const [id] of changes.get('node_facts') ?? []) state.fresh.delete(Number(id));
  for (const id of ids) refresh(state, id);
  const owners = db.prepare('SELECT node FROM hw_id WHERE hw_id = ?');
  for (const [hwId] of changes.get('hw_id') ?? []) {
    const found = owners.all(String(hwId)).map((row) => Number(row['node']));
    const [first, ...others] = found;
    if (first === undefined) state.owners.delete(String(hwId));
    else state.owners.set(String(hwId), others.length === 0 ? first : found);
  }
}

function clear(state: CacheState): void {
  state.fresh.clear();
  state.records.clear();
  state.owners.clear();
  state.complete = false;
}

function keep(state: CacheState, row: NodeRecord): Cached {
  const read = state.contacts.applyTo(row);
  if (state.records.size >= KEPT) clear(state);
  state.records.set(read.id, read);
  return read;
}

function byId(state: CacheState, id: number): Cached | undefined {
  const known = state.records.get(id);
  if (known || state.complete) return known;
  const row = state.table.byId(id);
  return row && keep(state, row);
}

/** After a change: read again. */
function refresh(state: CacheState, id: number): void {
  state.records.delete(id);
  const row = state.table.byId(id);
  if (row) keep(state, row);
}

function ownersOf(state: CacheState, hwId: string): number | readonly number[] {
  const known = state.owners.get(hwId);
  if (known !== undefined) return known;
  const read = state.complete ? [] : state.table.find([hwId]).map(({ id }) => id);
  if (state.owners.size >= KEPT) clear(state);
  const [first, ...others] = read;
  if (first === undefined) return read;
  state.owners.set(hwId, others.length === 0 ? first : read);
  return read;
}

/** The table has taken the ids from every other node. */
function setOwner(state: CacheState, id: number, hwIds: readonly string[]): void {
  for (const hwId of hwIds) state.owners.set(hwId, id);
}

function forgetIds(state: CacheState, hwIds: readonly string[]): void {
  for (const hwId of hwIds) state.owners.delete(hwId);
}

function find(state: CacheState, hwIds: readonly string[]): readonly NodeRecord[] {
  // nearly every check-in: one id, one node
  const only = hwIds.length === 1 ? ownersOf(state, hwIds[0] ?? '') : undefined;
  if (typeof only === 'number') {
    const node = byId(state, only);
    return node ? [node] : [];
  }
  return rankNodes(
    hwIds,
    (hwId) => ownersOf(state, hwId),
    (id) => byId(state, id),
  );
}

function create(state: CacheState, node: Parameters<NodeStore['create']>[0]): NodeRecord {
  const created = state.table.create(node);
  setOwner(state, created.id, node.hwIds);
  return keep(state, created);
}

function touch(state: CacheState, id: number, lastState: string, at: number): void {
  const known = state.records.get(id);
  if (known && state.shared && at < known.contact) known.version++;
  else if (known) {
    known.lastState = lastState;
    known.contact = at;
    known.version++;
  }
  state.contacts.add(id, lastState, at);
}

function setFacts(state: CacheState, id: number, facts: Facts, lastState: string, at: number): void {
  state.contacts.settle(id);
  state.table.setFacts(id, facts, lastState, at);
  refresh(state, id);
  if (state.fresh.size >= FACTS_KEPT) state.fresh.clear();
  state.fresh.delete(id);
  if (Object.keys(facts).length <= MOST_FACTS) state.fresh.set(id, facts);
}

function remove(state: CacheState, id: number): void {
  forgetIds(state, state.table.hwIds(id));
  state.contacts.drop(id);
  state.records.delete(id);
  state.fresh.delete(id);
  state.table.remove(id);
}
