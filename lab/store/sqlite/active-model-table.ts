/** Active models: a policy at work on one node, with the model as it was when the node was bound, and its log. */
import type { ActiveLogEntry, ActiveModel, HandOver, Model } from '../records.ts';
import type { ActiveModelStore, NewBinding } from '../store.ts';
import { openedJson, placeOf, sealedJson, type Seals } from '../secrets/sealed-columns.ts';
import type { Database } from './database.ts';
import { newUuid } from '../uuid.ts';
import { number, optional, optionalNumber, parsed, rows, text, type Row } from './rows.ts';

/** Log lines kept for each active model: a node that polls for a year must not fill the disk. */
const LOG_KEPT = 500;

/** Opened when it is looked at: most that are read are only counted or asked for their state. */
function modelOf(row: Row, seals: Seals): Model {
  const { metadata: stored, ...rest } = parsed<Omit<Model, 'metadata'> & { metadata: unknown }>(row['model']);
  let opened: Model['metadata'] | undefined;
  return {
    ...rest,
    get metadata(): Model['metadata'] {
      return (opened ??= openedJson<Model['metadata']>(
        stored,
        placeOf('active_model', 'model', text(row['uuid'])),
        seals,
      ));
    },
  };
}

function active(row: Row, seals: Seals): ActiveModel {
  return {
    id: number(row['id']),
    uuid: text(row['uuid']),
    node: number(row['node']),
    policy: text(row['policy']),
    policyLabel: text(row['policy_label']),
    model: modelOf(row, seals),
    broker: optional(row['broker']),
    state: text(row['state']),
    counter: number(row['counter']),
    bound: number(row['bound']),
    tries: number(row['tries']),
    tried: optionalNumber(row['tried']),
    overdue: number(row['overdue']) !== 0,
    handOver: row['hand_over'] === null ? undefined : parsed<HandOver>(row['hand_over']),
  };
}

const INSTALLING = `SELECT * FROM active_model WHERE tried IS NOT NULL AND state IN ('init', 'preinstall', 'postinstall') ORDER BY id`;

interface TableState {
  readonly db: Database;
  /** Nodes that may have one: most have none, and then nothing is read. A forgotten node may stay, that does no harm. */
  bound: Set<number> | undefined;
}

/** The tables of active models. Changes must be made within `Database.write`. */
export function openActiveModels(db: Database): ActiveModelStore {
  const state: TableState = { db, bound: undefined };
  db.onUndone(() => (state.bound = undefined));
  db.onApplied((changes) => {
    const nodeOf = db.prepare('SELECT node FROM active_model WHERE id = ?');
    for (const [id = 0] of changes.get('active_model') ?? []) {
      const row = nodeOf.get(id);
      if (row) state.bound?.add(number(row['node']));
    }
  });
  const read = (row: Row): ActiveModel => active(row, db.seals);
  return {
    list: () => rows(db.prepare('SELECT * FROM active_model ORDER BY id')).map(read),
    states() {
      const counted = rows(db.prepare('SELECT state, count(*) AS n FROM active_model GROUP BY state'));
      return new Map(counted.map((row) => [text(row['state']), number(row['n'])]));
    },
    get: (uuid) => one(db, 'SELECT * FROM active_model WHERE uuid = ?', uuid),
    ofNode: (node) =>
      boundNodes(state).has(node) ? one(db, 'SELECT * FROM active_model WHERE node = ?', node) : undefined,
    countOf: (policy) =>
      number(db.prepare('SELECT count(*) AS n FROM active_model WHERE policy = ?').get(policy)?.['n']),
    installing: () => rows(db.prepare(INSTALLING)).map(read),
    setTry: (model, { tries, tried, overdue }) =>
      void db
        .prepare('UPDATE active_model SET tries = ?, tried = ?, overdue = ? WHERE id = ?')
        .run(tries, tried ?? null, overdue ? 1 : 0, model.id),
    setHandOver: (uuid, handOver) =>
      void db.prepare('UPDATE active_model SET hand_over = ? WHERE uuid = ?').run(JSON.stringify(handOver), uuid),
    bind: (binding) => bind(state, binding),
    record: (model, entry) => record(db, model, entry),
    log: (id, limit = LOG_KEPT) =>
      rows(db.prepare('SELECT * FROM active_log WHERE active_model = ? ORDER BY id DESC LIMIT ?'), id, limit)
        .map(logEntry)
        .reverse(),
    remove: (uuid) => void db.prepare('DELETE FROM active_model WHERE uuid = ?').run(uuid),
  };
}

function one(db: Database, sql: string, value: string | number): ActiveModel | undefined {
  const row = db.prepare(sql).get(value);
  return row && active(row, db.seals);
}

function boundNodes(state: TableState): ReadonlySet<number> {
  state.bound ??= new Set(rows(state.db.prepare('SELECT node FROM active_model')).map((row) => number(row['node'])));
  return state.bound;
}

function bind({ db, bound }: TableState, binding: NewBinding): ActiveModel {
  bound?.add(binding.node);
  const uuid = newUuid();
  db.prepare(
    `INSERT INTO active_model (uuid, node, policy, policy_label, model, broker, state, bound, counter) VALUES (?, ?, ?, ?, ?, ?, ?, ?,
     1 + (SELECT coalesce(max(counter), 0) FROM active_model WHERE policy = ?))`,
  ).run(
    uuid,
    binding.node,
    binding.policy,
    binding.policyLabel,
    JSON.stringify({
      ...binding.model,
      metadata: sealedJson(binding.model.metadata, placeOf('active_model', 'model', uuid), db.seals),
    }),
    binding.broker ?? null,
    binding.state,
    binding.bound,
    binding.policy,
  );
  return one(db, 'SELECT * FROM active_model WHERE uuid = ?', uuid) as ActiveModel;
}

function record(db: Database, model: ActiveModel, entry: ActiveLogEntry): void {
  if (entry.state !== entry.oldState) {
    db.prepare('UPDATE active_model SET state = ? WHERE id = ?').run(entry.state, model.id);
  }
  const sql =
    'INSERT INTO active_log (active_model, at, old_state, state, action, method, result) VALUES (?, ?, ?, ?, ?, ?, ?)';
  const { lastInsertRowid } = db
    .prepare(sql)
    .run(model.id, entry.at, entry.oldState, entry.state, entry.action, entry.method, entry.result);
  if (Number(lastInsertRowid) % 100 !== 0) return;
  db.prepare(
    `DELETE FROM active_log WHERE active_model = ? AND id <
     (SELECT min(id) FROM (SELECT id FROM active_log WHERE active_model = ? ORDER BY id DESC LIMIT ${LOG_KEPT}))`,
  ).run(model.id, model.id);
}

function logEntry(row: Row): ActiveLogEntry {
  return {
    at: number(row['at']),
    oldState: text(row['old_state']),
    state: text(row['state']),
    action: text(row['action']),
    method: text(row['method']),
    result: text(row['result']),
  };
}
