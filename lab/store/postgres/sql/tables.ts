/**
 * The tables that PostgreSQL and SQLite have in common, by name and column, parents before children. Times and flags are
 * integers in both; what SQLite keeps as JSON text is `jsonb` in PostgreSQL, where people and SQL can look into it.
 */
import type { Changes, Key } from '../../changes.ts';

type ColumnKind = 'integer' | 'text' | 'json';

export interface Table {
  readonly name: string;
  /** Columns of the primary key. */
  readonly key: readonly string[];
  readonly columns: Readonly<Record<string, ColumnKind>>;
}

const ENTRY = { id: 'integer', uuid: 'text' } as const;

export const TABLES: readonly Table[] = [
  // first: what the others hold is sealed with it
  { name: 'secret_key', key: ['id'], columns: { id: 'text', proof: 'text', clean: 'integer' } },
  {
    name: 'node',
    key: ['id'],
    columns: {
      ...ENTRY,
      dialect: 'text',
      facts_version: 'integer',
      metadata: 'json',
      dhcp_mac: 'text',
      created: 'integer',
      registered: 'integer',
      allowed: 'integer',
      installed: 'text',
      forced_action: 'text',
      forced_param: 'json',
    },
  },
  {
    name: 'node_seen',
    key: ['node'],
    columns: { node: 'integer', contact: 'integer', version: 'integer', last_state: 'text' },
  },
  { name: 'node_facts', key: ['node'], columns: { node: 'integer', facts: 'json' } },
  { name: 'hw_id', key: ['hw_id', 'node'], columns: { hw_id: 'text', node: 'integer', position: 'integer' } },
  { name: 'tag_rule', key: ['id'], columns: { ...ENTRY, name: 'text', tag: 'text', matchers: 'json' } },
  {
    name: 'image',
    key: ['id'],
    columns: {
      ...ENTRY,
      type: 'text',
      name: 'text',
      version: 'text',
      path: 'text',
      kernel: 'text',
      initrd: 'text',
      kernel_hash: 'text',
      initrd_hash: 'text',
      hash: 'text',
      build_time: 'integer',
      added: 'integer',
      disk: 'json',
    },
  },
  {
    name: 'model',
    key: ['id'],
    columns: { ...ENTRY, label: 'text', template: 'text', image: 'text', metadata: 'json' },
  },
  {
    name: 'broker',
    key: ['id'],
    columns: { ...ENTRY, name: 'text', url: 'text', secret: 'text', attempts: 'integer' },
  },
  {
    name: 'policy',
    key: ['id'],
    columns: {
      ...ENTRY,
      label: 'text',
      line: 'integer',
      enabled: 'integer',
      maximum: 'integer',
      tags: 'json',
      model: 'text',
      broker: 'text',
      tries: 'integer',
      install_timeout: 'integer',
    },
  },
  {
    name: 'active_model',
    key: ['id'],
    columns: {
      ...ENTRY,
      node: 'integer',
      policy: 'text',
      policy_label: 'text',
      model: 'json',
      broker: 'text',
      state: 'text',
      counter: 'integer',
      bound: 'integer',
      tries: 'integer',
      tried: 'integer',
      overdue: 'integer',
      hand_over: 'json',
    },
  },
  {
    name: 'active_log',
    key: ['id'],
    columns: {
      id: 'integer',
      active_model: 'integer',
      at: 'integer',
      old_state: 'text',
      state: 'text',
      action: 'text',
      method: 'text',
      result: 'text',
    },
  },
  {
    name: 'operator',
    key: ['id'],
    columns: { ...ENTRY, name: 'text', role: 'text', password: 'text', added: 'integer' },
  },
  {
    name: 'credential',
    key: ['id'],
    columns: {
      ...ENTRY,
      operator: 'text',
      kind: 'text',
      label: 'text',
      hash: 'text',
      added: 'integer',
      expires: 'integer',
    },
  },
  {
    name: 'audit',
    key: ['id'],
    columns: {
      id: 'integer',
      at: 'integer',
      who: 'text',
      address: 'text',
      action: 'text',
      status: 'integer',
      details: 'text',
    },
  },
];

/** The names of a table's columns. */
export function columnsOf(table: Table): readonly string[] {
  return Object.keys(table.columns);
}

/** Keys as text, for the change feed. */
export function changesText(changes: Changes): string {
  return JSON.stringify(Object.fromEntries(changes));
}

/** Several entries of the feed as one set of keys. */
export function mergeChanges(texts: readonly string[]): Changes {
  const merged = new Map<string, Map<string, Key>>();
  for (const text of texts) {
    for (const [name, keys] of Object.entries(JSON.parse(text) as Record<string, Key[]>)) {
      const known = merged.get(name) ?? new Map<string, Key>();
      merged.set(name, known);
      for (const key of keys) known.set(key.join('\0'), key);
    }
  }
  return new Map([...merged].map(([name, keys]) => [name, [...keys.values()]]));
}
