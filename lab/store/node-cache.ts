/**
 * Nodes remembered in memory over the table: a check-in of a known node then reads nothing from the database. Whatever
 * changes a node goes through here, and whatever was undone makes it forget what it read.
 *
 * That a node was in contact is written down up to a second later, many in one transaction: a lab that is killed has
 * forgotten a second of contacts, which the next check-in tells it anew. Everything else is written before it is answered.
 */
import type { Database } from './database.ts';
import type { NodeRecord, Nodes } from './nodes.ts';

/** Nodes, and ids, that are remembered; a hundred thousand nodes take some 60 MB. */
const KEPT = 250_000;

/** A contact that is not in the table yet. */
interface Contact {
  readonly lastState: string;
  readonly at: number;
  readonly times: number;
}

const FLUSH_MS = 1000;

export function rememberNodes(db: Database, table: Nodes): Nodes {
  const contacts = new Map<number, Contact>();
  let timer: NodeJS.Timeout | undefined;
  /** Within a transaction. */
  const settle = (id: number): void => {
    const contact = contacts.get(id);
    contacts.delete(id);
    if (contact) table.touch(id, contact.lastState, contact.at, contact.times);
  };
  const flush = (): void => {
    timer = undefined;
    const batch = new Map(contacts);
    const work = (): void => [...batch.keys()].forEach(settle);
    db.write(work).catch(() => batch.forEach((contact, id) => contacts.has(id) || contacts.set(id, contact)));
  };
  db.onClose(() => {
    clearTimeout(timer);
    flush();
  });
  /** A row with the contact that it does not hold yet. */
  const upToDate = (node: NodeRecord): NodeRecord => {
    const contact = contacts.get(node.id);
    if (!contact) return node;
    return { ...node, lastState: contact.lastState, contact: contact.at, version: node.version + contact.times };
  };
  const records = new Map<number, NodeRecord>();
  /** Node numbers that have an id. */
  const owners = new Map<string, readonly number[]>();
  db.onUndone(() => {
    records.clear();
    owners.clear();
  });
  const byId = (id: number): NodeRecord | undefined => {
    const known = records.get(id);
    if (known) return known;
    const row = table.byId(id);
    const read = row && upToDate(row);
    if (records.size >= KEPT) records.clear();
    if (read) records.set(id, read);
    return read;
  };
  const ownersOf = (hwId: string): readonly number[] => {
    const known = owners.get(hwId);
    if (known) return known;
    const read = table.find([hwId]).map(({ id }) => id);
    if (owners.size >= KEPT) owners.clear();
    if (read.length > 0) owners.set(hwId, read);
    return read;
  };
  const forgetIds = (hwIds: readonly string[]): void => hwIds.forEach((hwId) => owners.delete(hwId));
  return {
    ...table,
    byId,
    get(uuid) {
      const row = table.get(uuid);
      return row && upToDate(row);
    },
    list: () => table.list().map(upToDate),
    newest: (limit, offset) => table.newest(limit, offset).map(upToDate),
    silent: (before, dialects) =>
      table
        .silent(before, dialects)
        .map(upToDate)
        .filter(({ contact }) => contact < before),
    find(hwIds) {
      const shared = new Map<number, number>();
      for (const hwId of new Set(hwIds)) {
        for (const id of ownersOf(hwId)) shared.set(id, (shared.get(id) ?? 0) + 1);
      }
      const found = [...shared.keys()].map(byId).filter((node) => node !== undefined);
      if (found.length < 2) return found;
      return found.sort((a, b) => (shared.get(b.id) ?? 0) - (shared.get(a.id) ?? 0) || b.contact - a.contact);
    },
    create(node) {
      forgetIds(node.hwIds);
      return table.create(node);
    },
    touch(id, lastState, at) {
      const known = records.get(id);
      if (known) records.set(id, { ...known, lastState, contact: at, version: known.version + 1 });
      contacts.set(id, { lastState, at, times: (contacts.get(id)?.times ?? 0) + 1 });
      timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
    update(id, changes) {
      settle(id);
      records.delete(id);
      table.update(id, changes);
    },
    setFacts(id, facts, lastState, at) {
      settle(id);
      records.delete(id);
      table.setFacts(id, facts, lastState, at);
    },
    addHwIds(id, hwIds) {
      forgetIds(hwIds);
      table.addHwIds(id, hwIds);
    },
    setHwIds(id, hwIds) {
      forgetIds([...table.hwIds(id), ...hwIds]);
      table.setHwIds(id, hwIds);
    },
    remove(id) {
      forgetIds(table.hwIds(id));
      contacts.delete(id);
      records.delete(id);
      table.remove(id);
    },
  };
}
