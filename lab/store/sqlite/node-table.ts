/** Known machines. Identities are MACs in upper-case hex without separators, or whatever else a node calls itself. */
import type { Database } from './database.ts';
import { number, optional, optionalNumber, parsed, text, type Row } from './rows.ts';
import { newUuid } from '../uuid.ts';

export interface NodeRecord {
  /** The number by which razor-server knows it. */
  readonly id: number;
  readonly uuid: string;
  /** The dialect that it was created by: razor, hanlon, razor-server. */
  readonly dialect: string;
  /** Counts changes, as the original's does. */
  readonly version: number;
  readonly lastState: string | undefined;
  readonly dhcpMac: string | undefined;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** When it last sent facts, or undefined before that. */
  readonly registered: number | undefined;
  /** Its last check-in or register. */
  readonly contact: number;
  /** Policies may bind it (protect_new_nodes). */
  readonly allowed: boolean;
  /** What was installed on it, for dialects that say so. */
  readonly installed: string | undefined;
  /** Returned verbatim as the command while it is set. */
  readonly forcedAction: string | undefined;
  /** The parameter that goes with it. */
  readonly forcedParam: Readonly<Record<string, unknown>> | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Counts the times that facts were replaced. */
  readonly factsVersion: number;
}

export type Facts = Readonly<Record<string, unknown>>;

export interface NodeChanges {
  readonly dhcpMac?: string;
  readonly allowed?: boolean;
  readonly installed?: string | null;
  readonly forcedAction?: string | null;
  readonly forcedParam?: Readonly<Record<string, unknown>> | null;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface Nodes {
  get(uuid: string): NodeRecord | undefined;
  byId(id: number): NodeRecord | undefined;
  /** Nodes that share at least one of the ids, the one that shares most first, then the one seen last. */
  find(hwIds: readonly string[]): readonly NodeRecord[];
  /** In order of creation. */
  list(): readonly NodeRecord[];
  /** Those whose number is above `id`, in order of creation. */
  after(id: number, limit: number): readonly NodeRecord[];
  /** Those whose UUID begins so. */
  startingWith(uuid: string, limit: number): readonly NodeRecord[];
  /** A page of them, the youngest first. */
  newest(limit: number, offset: number): readonly NodeRecord[];
  count(): number;
  /** Every id with the number of its node. */
  owners(): readonly (readonly [hwId: string, node: number])[];
  hwIds(id: number): readonly string[];
  /** Facts as they were sent; `{}` before the first register. */
  facts(id: number): Facts;
  create(node: { dialect: string; hwIds: readonly string[]; at: number; allowed: boolean }): NodeRecord;
  /** One check-in: last state and time. */
  touch(id: number, lastState: string, at: number, times?: number): void;
  update(id: number, changes: NodeChanges): void;
  /** Replaces all facts. */
  setFacts(id: number, facts: Facts, lastState: string, at: number): void;
  /** Adds ids that it has not; they are taken from every other node. */
  addHwIds(id: number, hwIds: readonly string[]): void;
  setHwIds(id: number, hwIds: readonly string[]): void;
  remove(id: number): void;
  /** Whether any node has a fact of this name; looks at every node. */
  anyHasFact(name: string): boolean;
  /** Unbound nodes of the given dialects without a contact since `before`. */
  silent(before: number, dialects: readonly string[]): readonly NodeRecord[];
}

const COLUMNS =
  'n.id, n.uuid, n.dialect, s.version, n.facts_version, n.metadata, s.last_state, n.dhcp_mac, n.created, n.registered, s.contact, n.allowed, n.installed, n.forced_action, n.forced_param';
const NODES = `SELECT ${COLUMNS} FROM node n JOIN node_seen s ON s.node = n.id`;

function record(row: Row): NodeRecord {
  return {
    id: number(row['id']),
    uuid: text(row['uuid']),
    dialect: text(row['dialect']),
    version: number(row['version']),
    lastState: optional(row['last_state']),
    dhcpMac: optional(row['dhcp_mac']),
    created: number(row['created']),
    registered: optionalNumber(row['registered']),
    contact: number(row['contact']),
    allowed: number(row['allowed']) !== 0,
    installed: optional(row['installed']),
    forcedAction: optional(row['forced_action']),
    forcedParam: row['forced_param'] == null ? undefined : parsed<Record<string, unknown>>(row['forced_param']),
    metadata: row['metadata'] === '{}' ? {} : parsed<Record<string, unknown>>(row['metadata']),
    factsVersion: number(row['facts_version']),
  };
}

/** The table of nodes. Everything that changes must be called within `Database.write`. */
export function openNodes(db: Database): Nodes {
  const one = (sql: string, value: string | number): NodeRecord | undefined => {
    const row = db.prepare(sql).get(value);
    return row && record(row);
  };
  const byId = (id: number): NodeRecord | undefined => one(`${NODES} WHERE n.id = ?`, id);
  const hwIds = (id: number): string[] =>
    db
      .prepare('SELECT hw_id FROM hw_id WHERE node = ? ORDER BY position')
      .all(id)
      .map((row) => text(row['hw_id']));
  const insertIds = (id: number, ids: readonly string[], from: number): void => {
    ids.forEach((hwId, i) => {
      db.prepare('DELETE FROM hw_id WHERE hw_id = ? AND node <> ?').run(hwId, id);
      db.prepare('INSERT OR IGNORE INTO hw_id (hw_id, node, position) VALUES (?, ?, ?)').run(hwId, id, from + i);
    });
  };
  const touch = (id: number, lastState: string, at: number, times = 1): void => {
    const sql = 'UPDATE node_seen SET last_state = ?, contact = ?, version = version + ? WHERE node = ?';
    db.prepare(sql).run(lastState, at, times, id);
  };
  return {
    get: (uuid) => one(`${NODES} WHERE n.uuid = ?`, uuid),
    byId,
    find(ids) {
      const shared = new Map<number, number>();
      for (const hwId of new Set(ids)) {
        for (const row of db.prepare('SELECT node FROM hw_id WHERE hw_id = ?').all(hwId)) {
          const id = number(row['node']);
          shared.set(id, (shared.get(id) ?? 0) + 1);
        }
      }
      const found = [...shared.keys()].map(byId).filter((node) => node !== undefined);
      if (found.length < 2) return found;
      return found.sort((a, b) => (shared.get(b.id) ?? 0) - (shared.get(a.id) ?? 0) || b.contact - a.contact);
    },
    list: () => db.prepare(`${NODES} ORDER BY n.id`).all().map(record),
    after: (id, limit) => db.prepare(`${NODES} WHERE n.id > ? ORDER BY n.id LIMIT ?`).all(id, limit).map(record),
    startingWith: (uuid, limit) =>
      db.prepare(`${NODES} WHERE n.uuid >= ? AND n.uuid < ? LIMIT ?`).all(uuid, `${uuid}~`, limit).map(record),
    newest: (limit, offset) =>
      db.prepare(`${NODES} ORDER BY n.id DESC LIMIT ? OFFSET ?`).all(limit, offset).map(record),
    count: () => number(db.prepare('SELECT count(*) AS n FROM node_seen').get()?.['n']),
    owners: () =>
      db
        .prepare('SELECT hw_id, node FROM hw_id')
        .all()
        .map((row) => [text(row['hw_id']), number(row['node'])] as const),
    hwIds,
    facts(id) {
      const facts = db.prepare('SELECT facts FROM node_facts WHERE node = ?').get(id)?.['facts'];
      return facts == null ? {} : parsed<Facts>(facts);
    },
    create({ dialect, hwIds: ids, at, allowed }) {
      const { lastInsertRowid } = db
        .prepare('INSERT INTO node (uuid, dialect, created, allowed) VALUES (?, ?, ?, ?)')
        .run(newUuid(), dialect, at, allowed ? 1 : 0);
      const id = Number(lastInsertRowid);
      db.prepare('INSERT INTO node_seen (node, contact) VALUES (?, ?)').run(id, at);
      insertIds(id, ids, 0);
      return byId(id) as NodeRecord;
    },
    touch,
    update(id, changes) {
      const columns: [string, string | number | null | undefined][] = [
        ['dhcp_mac', changes.dhcpMac],
        ['allowed', changes.allowed === undefined ? undefined : Number(changes.allowed)],
        ['installed', changes.installed],
        ['forced_action', changes.forcedAction],
        ['forced_param', changes.forcedParam && JSON.stringify(changes.forcedParam)],
        ['metadata', changes.metadata && JSON.stringify(changes.metadata)],
      ];
      for (const [column, value] of columns) {
        if (value !== undefined) db.prepare(`UPDATE node SET ${column} = ? WHERE id = ?`).run(value, id);
      }
    },
    setFacts(id, facts, lastState, at) {
      db.prepare(
        'INSERT INTO node_facts (node, facts) VALUES (?, ?) ON CONFLICT (node) DO UPDATE SET facts = excluded.facts',
      ).run(id, JSON.stringify(facts));
      db.prepare('UPDATE node SET facts_version = facts_version + 1, registered = ? WHERE id = ?').run(at, id);
      touch(id, lastState, at);
    },
    addHwIds(id, ids) {
      const known = hwIds(id);
      insertIds(
        id,
        [...new Set(ids)].filter((hwId) => !known.includes(hwId)),
        known.length,
      );
    },
    setHwIds(id, ids) {
      db.prepare('DELETE FROM hw_id WHERE node = ?').run(id);
      insertIds(id, [...new Set(ids)], 0);
    },
    remove: (id) => void db.prepare('DELETE FROM node WHERE id = ?').run(id),
    anyHasFact(name) {
      const quoted = `${JSON.stringify(name)}:`;
      return db.prepare('SELECT 1 FROM node_facts WHERE instr(facts, ?) > 0 LIMIT 1').get(quoted) !== undefined;
    },
    silent(before, dialects) {
      const marks = dialects.map(() => '?').join(', ');
      return db
        .prepare(
          `SELECT ${COLUMNS} FROM node_seen s JOIN node n ON n.id = s.node LEFT JOIN active_model a ON a.node = n.id
           WHERE s.contact < ? AND a.id IS NULL AND n.dialect IN (${marks})`,
        )
        .all(before, ...dialects)
        .map(record);
    },
  };
}
