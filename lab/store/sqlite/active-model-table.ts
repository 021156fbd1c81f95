/** Active models: a policy at work on one node, with the model as it was when the node was bound, and its log. */
import type { Database } from './database.ts';
import type { Model } from './catalog-tables.ts';
import { number, optional, parsed, text, type Row } from './rows.ts';
import { newUuid } from '../uuid.ts';

export interface ActiveModel {
  readonly id: number;
  /** The UUID in the installer's callbacks. */
  readonly uuid: string;
  /** `NodeRecord.id`. */
  readonly node: number;
  /** UUID of the policy. */
  readonly policy: string;
  readonly policyLabel: string;
  /** The model as it was when the node was bound. */
  readonly model: Model;
  /** UUID of the broker that gets the finished node. */
  readonly broker: string | undefined;
  readonly state: string;
  /** Counts the nodes bound by the policy, from 1: part of host names. */
  readonly counter: number;
  /** Milliseconds since 1970. */
  readonly bound: number;
}

export interface ActiveLogEntry {
  readonly at: number;
  readonly oldState: string;
  readonly state: string;
  /** What came: mk_call, boot_call, preseed_start … */
  readonly action: string;
  /** Through what: mk_call, boot_call, callback, broker. */
  readonly method: string;
  readonly result: string;
}

export interface ActiveModels {
  list(): readonly ActiveModel[];
  get(uuid: string): ActiveModel | undefined;
  ofNode(node: number): ActiveModel | undefined;
  /** How many there are in each state. */
  states(): ReadonlyMap<string, number>;
  /** How many nodes a policy has bound. */
  countOf(policy: string): number;
  bind(binding: Omit<ActiveModel, 'id' | 'uuid' | 'counter'>): ActiveModel;
  /** Writes a log line, and the new state where it changed. */
  record(active: ActiveModel, entry: ActiveLogEntry): void;
  /** Oldest first; the last `limit` entries. */
  log(id: number, limit?: number): readonly ActiveLogEntry[];
  remove(uuid: string): void;
}

/** Log lines kept for each active model: a node that polls for a year must not fill the disk. */
const LOG_KEPT = 500;

function active(row: Row): ActiveModel {
  return {
    id: number(row['id']),
    uuid: text(row['uuid']),
    node: number(row['node']),
    policy: text(row['policy']),
    policyLabel: text(row['policy_label']),
    model: parsed<Model>(row['model']),
    broker: optional(row['broker']),
    state: text(row['state']),
    counter: number(row['counter']),
    bound: number(row['bound']),
  };
}

/** The tables of active models. Changes must be made within `Database.write`. */
export function openActiveModels(db: Database): ActiveModels {
  const one = (sql: string, value: string | number): ActiveModel | undefined => {
    const row = db.prepare(sql).get(value);
    return row && active(row);
  };
  /** Nodes that may have one: most have none, and then nothing is read. Too many do no harm, so a forgotten node may stay. */
  let bound: Set<number> | undefined;
  db.onUndone(() => (bound = undefined));
  const mayBeBound = (node: number): boolean => {
    bound ??= new Set(
      db
        .prepare('SELECT node FROM active_model')
        .all()
        .map((row) => number(row['node'])),
    );
    return bound.has(node);
  };
  return {
    list: () => db.prepare('SELECT * FROM active_model ORDER BY id').all().map(active),
    states() {
      const rows = db.prepare('SELECT state, count(*) AS n FROM active_model GROUP BY state').all();
      return new Map(rows.map((row) => [text(row['state']), number(row['n'])]));
    },
    get: (uuid) => one('SELECT * FROM active_model WHERE uuid = ?', uuid),
    ofNode: (node) => (mayBeBound(node) ? one('SELECT * FROM active_model WHERE node = ?', node) : undefined),
    countOf: (policy) =>
      number(db.prepare('SELECT count(*) AS n FROM active_model WHERE policy = ?').get(policy)?.['n']),
    bind(binding) {
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
        JSON.stringify(binding.model),
        binding.broker ?? null,
        binding.state,
        binding.bound,
        binding.policy,
      );
      return one('SELECT * FROM active_model WHERE uuid = ?', uuid) as ActiveModel;
    },
    record(model, entry) {
      if (entry.state !== entry.oldState) {
        db.prepare('UPDATE active_model SET state = ? WHERE id = ?').run(entry.state, model.id);
      }
      const { lastInsertRowid } = db
        .prepare(
          'INSERT INTO active_log (active_model, at, old_state, state, action, method, result) VALUES (?, ?, ?, ?, ?, ?, ?)',
        )
        .run(model.id, entry.at, entry.oldState, entry.state, entry.action, entry.method, entry.result);
      if (Number(lastInsertRowid) % 100 !== 0) return;
      db.prepare(
        `DELETE FROM active_log WHERE active_model = ? AND id <
         (SELECT min(id) FROM (SELECT id FROM active_log WHERE active_model = ? ORDER BY id DESC LIMIT ${LOG_KEPT}))`,
      ).run(model.id, model.id);
    },
    log(id, limit = LOG_KEPT) {
      return db
        .prepare('SELECT * FROM active_log WHERE active_model = ? ORDER BY id DESC LIMIT ?')
        .all(id, limit)
        .map((row) => ({
          at: number(row['at']),
          oldState: text(row['old_state']),
          state: text(row['state']),
          action: text(row['action']),
          method: text(row['method']),
          result: text(row['result']),
        }))
        .reverse();
    },
    remove: (uuid) => void db.prepare('DELETE FROM active_model WHERE uuid = ?').run(uuid),
  };
}
