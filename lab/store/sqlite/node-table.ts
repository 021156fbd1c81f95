/** Known machines. Identities are MACs in upper-case hex without separators, or whatever else a node calls itself. */
import { rankNodes } from '../node-ranking.ts';
import type { Facts, NodeRecord } from '../records.ts';
import type { NodeChanges, NodeStore } from '../store.ts';
import { newUuid } from '../uuid.ts';
import type { Database } from './database.ts';
import { number, optional, optionalNumber, parsed, rows, text, type Row } from './rows.ts';

const COLUMNS =
  'n.id, n.uuid, n.dialect, s.version, n.facts_version, n.metadata, s.last_state, n.dhcp_mac, n.created, n.registered, s.contact, n.allowed, n.installed, n.forced_action, n.forced_param';
const NODES = `SELECT ${COLUMNS} FROM node n JOIN node_seen s ON s.node = n.id`;

/** Of most nodes: one object, so that caches see that nothing has changed. */
const NO_METADATA = {};

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
    metadata: row['metadata'] === '{}' ? NO_METADATA : parsed<Record<string, unknown>>(row['metadata']),
    factsVersion: number(row['facts_version']),
  };
}

type NewNode = Parameters<NodeStore['create']>[0];

/** The table of nodes. Everything that changes must be called within `Database.write`. */
export function openNodeTable(db: Database): NodeStore {
  return {
    get: (uuid) => one(db, `${NODES} WHERE n.uuid = ?`, uuid),
    byId: (id) => byId(db, id),
    find: (hwIds) =>
      rankNodes(
        hwIds,
        (hwId) => ownersOf(db, hwId),
        (id) => byId(db, id),
      ),
    list: () => many(db, `${NODES} ORDER BY n.id`),
    after: (id, limit) => many(db, `${NODES} WHERE n.id > ? ORDER BY n.id LIMIT ?`, id, limit),
    startingWith: (uuid, limit) =>
      many(db, `${NODES} WHERE n.uuid >= ? AND n.uuid < ? LIMIT ?`, uuid, `${uuid}~`, limit),
    newest: (limit, offset) => many(db, `${NODES} ORDER BY n.id DESC LIMIT ? OFFSET ?`, limit, offset),
    count: () => number(db.prepare('SELECT count(*) AS n FROM node_seen').get()?.['n']),
    owners: () =>
      rows(db.prepare('SELECT hw_id, node FROM hw_id')).map(
        (row) => [text(row['hw_id']), number(row['node'])] as const,
      ),
    hwIds: (id) => hwIdsOf(db, id),
    facts: (id) => factsOf(db, id),
    create: (node) => create(db, node),
    touch: (id, lastState, at, times) => touch(db, id, lastState, at, times),
    update: (id, changes) => update(db, id, changes),
    setFacts: (id, facts, lastState, at) => setFacts(db, id, facts, lastState, at),
    addHwIds: (id, hwIds) => addHwIds(db, id, hwIds),
    setHwIds(id, hwIds) {
      db.prepare('DELETE FROM hw_id WHERE node = ?').run(id);
      insertIds(db, id, [...new Set(hwIds)], 0);
    },
    remove: (id) => void db.prepare('DELETE FROM node WHERE id = ?').run(id),
    anyHasFact(name) {
      const quoted = `${JSON.stringify(name)}:`;
      return db.prepare('SELECT 1 FROM node_facts WHERE instr(facts, ?) > 0 LIMIT 1').get(quoted) !== undefined;
    },
    containing: (word, first, last) => containing(db, word, first, last),
    silent: (before, dialects) => silent(db, before, dialects),
  };
}

function one(db: Database, sql: string, value: string | number): NodeRecord | undefined {
  const row = db.prepare(sql).get(value);
  return row && record(row);
}

function many(db: Database, sql: string, ...values: (string | number)[]): readonly NodeRecord[] {
  return rows(db.prepare(sql), ...values).map(record);
}

function byId(db: Database, id: number): NodeRecord | undefined {
  return one(db, `${NODES} WHERE n.id = ?`, id);
}

function ownersOf(db: Database, hwId: string): number[] {
  return rows(db.prepare('SELECT node FROM hw_id WHERE hw_id = ?'), hwId).map((row) => number(row['node']));
}

function hwIdsOf(db: Database, id: number): string[] {
  const sql = 'SELECT hw_id FROM hw_id WHERE node = ? ORDER BY position';
  return rows(db.prepare(sql), id).map((row) => text(row['hw_id']));
}

function factsOf(db: Database, id: number): Facts {
  const facts = db.prepare('SELECT facts FROM node_facts WHERE node = ?').get(id)?.['facts'];
  return facts == null ? {} : parsed<Facts>(facts);
}

/** An id belongs to one node: whoever gets it takes it from the others. */
function insertIds(db: Database, id: number, hwIds: readonly string[], from: number): void {
  hwIds.forEach((hwId, i) => {
    db.prepare('DELETE FROM hw_id WHERE hw_id = ? AND node <> ?').run(hwId, id);
    db.prepare('INSERT OR IGNORE INTO hw_id (hw_id, node, position) VALUES (?, ?, ?)').run(hwId, id, from + i);
  });
}

function addHwIds(db: Database, id: number, hwIds: readonly string[]): void {
  const known = hwIdsOf(db, id);
  const added = [...new Set(hwIds)].filter((hwId) => !known.includes(hwId));
  insertIds(db, id, added, known.length);
}

function create(db: Database, { dialect, hwIds, at, allowed }: NewNode): NodeRecord {
  const { lastInsertRowid } = db
    .prepare('INSERT INTO node (uuid, dialect, created, allowed) VALUES (?, ?, ?, ?)')
    .run(newUuid(), dialect, at, allowed ? 1 : 0);
  const id = Number(lastInsertRowid);
  db.prepare('INSERT INTO node_seen (node, contact) VALUES (?, ?)').run(id, at);
  insertIds(db, id, hwIds, 0);
  return byId(db, id) as NodeRecord;
}

function touch(db: Database, id: number, lastState: string, at: number, times = 1): void {
  // labs that share a database write their contacts late, each at its own time: the last contact is the one that counts
  const sql = db.shared
    ? `UPDATE node_seen SET last_state = CASE WHEN ?2 >= contact THEN ?1 ELSE last_state END, contact = max(contact, ?2),
       version = version + ?3 WHERE node = ?4`
    : 'UPDATE node_seen SET last_state = ?1, contact = ?2, version = version + ?3 WHERE node = ?4';
  db.prepare(sql).run(lastState, at, times, id);
}

function update(db: Database, id: number, changes: NodeChanges): void {
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
}

function setFacts(db: Database, id: number, facts: Facts, lastState: string, at: number): void {
  const sql =
    'INSERT INTO node_facts (node, facts) VALUES (?, ?) ON CONFLICT (node) DO UPDATE SET facts = excluded.facts';
  db.prepare(sql).run(id, JSON.stringify(facts));
  db.prepare('UPDATE node SET facts_version = facts_version + 1, registered = ? WHERE id = ?').run(at, id);
  touch(db, id, lastState, at);
}

const CONTAINING = `SELECT id FROM node WHERE id BETWEEN ?1 AND ?2 AND (uuid LIKE ?3 ESCAPE '\\' OR metadata LIKE ?4 ESCAPE '\\')
  UNION SELECT node FROM hw_id WHERE node BETWEEN ?1 AND ?2 AND hw_id LIKE ?3 ESCAPE '\\'
  UNION SELECT node FROM node_facts WHERE node BETWEEN ?1 AND ?2 AND facts LIKE ?4 ESCAPE '\\'`;

function containing(db: Database, word: string, first: number, last: number): readonly number[] {
  const like = (text: string): string => `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  // facts and metadata are kept as JSON, where some characters are written otherwise
  const inJson = JSON.stringify(word).slice(1, -1);
  return rows(db.prepare(CONTAINING), first, last, like(word), like(inJson)).map((row) => number(row['id']));
}

function silent(db: Database, before: number, dialects: readonly string[]): readonly NodeRecord[] {
  const marks = dialects.map(() => '?').join(', ');
  const sql = `SELECT ${COLUMNS} FROM node_seen s JOIN node n ON n.id = s.node LEFT JOIN active_model a ON a.node = n.id
     WHERE s.contact < ? AND a.id IS NULL AND n.dialect IN (${marks})`;
  return many(db, sql, before, ...dialects);
}
