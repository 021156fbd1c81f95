/**
 * Nodes remembered in memory over the table: a check-in of a known node then reads nothing from the database. Whatever
 * changes a node goes through here, and whatever was undone makes it forget what it read.
 *
 * That a node was in contact is written down up to a second later, many in one transaction: a lab that is killed has
 * forgotten a second of contacts, which the next check-in tells it anew. Everything else is written before it is answered.
 */
import type { Database } from './database.ts';
import type { Facts, NodeRecord, Nodes } from './node-table.ts';

/** Nodes, and ids, that are remembered; a hundred thousand nodes take some 60 MB. */
const KEPT = 250_000;

/** A contact that is not in the table yet. */
interface Contact {
  lastState: string;
  at: number;
  times: number;
}

/** What is remembered of a node; a contact changes it in place. */
type Remembered = { -readonly [K in keyof NodeRecord]: NodeRecord[K] };

/** Facts that were just stored, which are looked at again for tags and reply. */
const FACTS_KEPT = 64;
const MOST_FACTS = 1000;

const FLUSH_MS = 1000;
/** Contacts written in one go: between two goes requests are answered. */
const SLICE = 256;

export function rememberNodes(db: Database, table: Nodes): Nodes {
  const contacts = new Map<number, Contact>();
  const records = new Map<number, Remembered>();
  /** Node numbers that have an id; nearly always one. */
  const owners = new Map<string, number | readonly number[]>();
  /** Everything in the table is remembered: what is not, does not exist. */
  let complete = table.count() <= KEPT / 2;
  if (complete) {
    for (const node of table.list()) records.set(node.id, node);
    for (const [hwId, id] of table.owners()) {
      const others = owners.get(hwId);
      owners.set(hwId, others === undefined ? id : [others, id].flat());
    }
  }
  const fresh = new Map<number, Facts>();
  const forgetAll = (): void => {
    fresh.clear();
    records.clear();
    owners.clear();
    complete = false;
  };
  db.onUndone(forgetAll);
  const forgetIds = (hwIds: readonly string[]): void => hwIds.forEach((hwId) => owners.delete(hwId));

  /** Within a transaction. */
  const settle = (id: number): void => {
    const contact = contacts.get(id);
    contacts.delete(id);
    if (contact) table.touch(id, contact.lastState, contact.at, contact.times);
  };
  let timer: NodeJS.Timeout | undefined;
  const flush = (all: boolean): void => {
    const due = [...contacts.keys()].sort((a, b) => a - b);
    const slice = (from: number): void => {
      const ids = due.slice(from, all ? undefined : from + SLICE);
      const kept = ids.map((id) => [id, contacts.get(id)] as const);
      try {
        db.lightly(() => ids.forEach(settle));
      } catch {
        // a full disk, say: with the next ones
        for (const [id, contact] of kept) if (contact && !contacts.has(id)) contacts.set(id, contact);
      }
      timer = undefined;
      if (!all && from + SLICE < due.length) timer = setTimeout(slice, 1, from + SLICE).unref();
      else if (!all && contacts.size > 0) wait();
    };
    slice(0);
  };
  const wait = (): void => void (timer ??= setTimeout(flush, FLUSH_MS, false).unref());
  db.onClose(() => {
    clearTimeout(timer);
    if (contacts.size > 0) flush(true);
  });

  /** A row with the contact that it does not hold yet. */
  const upToDate = (node: NodeRecord): NodeRecord => {
    const contact = contacts.get(node.id);
    if (!contact) return node;
    return { ...node, lastState: contact.lastState, contact: contact.at, version: node.version + contact.times };
  };
  const remember = (row: NodeRecord): Remembered => {
    const read = upToDate(row);
    if (records.size >= KEPT) forgetAll();
    records.set(read.id, read);
    return read;
  };
  const byId = (id: number): Remembered | undefined => {
    const known = records.get(id);
    if (known || complete) return known;
    const row = table.byId(id);
    return row && remember(row);
  };
  /** After a change: read again. */
  const refresh = (id: number): void => {
    records.delete(id);
    const row = table.byId(id);
    if (row) remember(row);
  };
  const ownersOf = (hwId: string): number | readonly number[] => {
    const known = owners.get(hwId);
    if (known !== undefined) return known;
    const read = complete ? [] : table.find([hwId]).map(({ id }) => id);
    if (owners.size >= KEPT) forgetAll();
    const [first, ...others] = read;
    if (first === undefined) return read;
    owners.set(hwId, others.length === 0 ? first : read);
    return read;
  };
  const own = (id: number, hwIds: readonly string[]): void => {
    for (const hwId of hwIds) owners.set(hwId, id); // the table has taken them from every other node
  };
  return {
    ...table,
    byId,
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
    find(hwIds) {
      const only = hwIds.length === 1 ? ownersOf(hwIds[0] ?? '') : undefined;
      if (typeof only === 'number') {
        const node = byId(only);
        return node ? [node] : [];
      }
      const shared = new Map<number, number>();
      for (const hwId of new Set(hwIds)) {
        for (const id of [ownersOf(hwId)].flat()) shared.set(id, (shared.get(id) ?? 0) + 1);
      }
      const found = [...shared.keys()].map(byId).filter((node) => node !== undefined);
      if (found.length < 2) return found;
      return found.sort((a, b) => (shared.get(b.id) ?? 0) - (shared.get(a.id) ?? 0) || b.contact - a.contact);
    },
    create(node) {
      const created = table.create(node);
      own(created.id, node.hwIds);
      return remember(created);
    },
    touch(id, lastState, at) {
      const known = records.get(id);
      if (known) {
        known.lastState = lastState;
        known.contact = at;
        known.version++;
      }
      const contact = contacts.get(id);
      if (contact) {
        contact.lastState = lastState;
        contact.at = at;
        contact.times++;
      } else contacts.set(id, { lastState, at, times: 1 });
      wait();
    },
    update(id, changes) {
      settle(id);
      table.update(id, changes);
      refresh(id);
    },
    facts: (id) => fresh.get(id) ?? table.facts(id),
    setFacts(id, facts, lastState, at) {
      settle(id);
      table.setFacts(id, facts, lastState, at);
      refresh(id);
      if (fresh.size >= FACTS_KEPT) fresh.clear();
      fresh.delete(id);
      if (Object.keys(facts).length <= MOST_FACTS) fresh.set(id, facts);
    },
    addHwIds(id, hwIds) {
      if (hwIds.every((hwId) => owners.get(hwId) === id)) return;
      table.addHwIds(id, hwIds);
      own(id, hwIds);
    },
    setHwIds(id, hwIds) {
      forgetIds(table.hwIds(id));
      table.setHwIds(id, hwIds);
      own(id, hwIds);
    },
    remove(id) {
      forgetIds(table.hwIds(id));
      contacts.delete(id);
      records.delete(id);
      fresh.delete(id);
      table.remove(id);
    },
  };
}
