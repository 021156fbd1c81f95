/**
 * Nodes remembered in memory over the table: a check-in of a known node then reads nothing from the database. Whatever
 * changes a node goes through here, and whatever was undone makes it forget everything.
 */
import type { Database } from './database.ts';
import type { NodeRecord, Nodes } from './nodes.ts';

/** Nodes, and ids, that are remembered; a hundred thousand nodes take some 60 MB. */
const KEPT = 250_000;

export function rememberNodes(db: Database, table: Nodes): Nodes {
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
    const read = table.byId(id);
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
      table.touch(id, lastState, at);
      const known = records.get(id);
      if (known) records.set(id, { ...known, lastState, contact: at, version: known.version + 1 });
    },
    update(id, changes) {
      records.delete(id);
      table.update(id, changes);
    },
    setFacts(id, facts, lastState, at) {
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
      records.delete(id);
      table.remove(id);
    },
  };
}
