/** What a database file is, without opening it as a lab does: nothing is migrated and nothing locked for long. */
import { DatabaseSync } from 'node:sqlite';
import { secretKeyOf } from '../secrets/seal-file.ts';
import type { SecretKeyRow } from '../secrets/secrets-key.ts';
import { refusePartialCopy } from './backup.ts';
import { MIGRATIONS } from './migrations.ts';

/** A file as it is found. */
export interface Inspected {
  readonly schema: number;
  /** The schema that this version has. */
  readonly known: number;
  readonly nodes: number;
  readonly operators: number;
  /** The key of its secrets; undefined where none is sealed yet. */
  readonly secretKey: SecretKeyRow | undefined;
}

/** Looks at a file that exists. Throws what SQLite says, and RAZOR_MK_LAB_DB for a copy without its journal. */
export function inspectDatabase(path: string): Inspected {
  refusePartialCopy(path);
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const one = (sql: string): number => Number(Object.values(db.prepare(sql).get() ?? {})[0] ?? 0);
    const schema = one('PRAGMA user_version');
    const has = (table: string): boolean =>
      one(`SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '${table}'`) > 0;
    return {
      schema,
      known: MIGRATIONS.length,
      nodes: has('node') ? one('SELECT count(*) FROM node') : 0,
      operators: has('operator') ? one('SELECT count(*) FROM operator') : 0,
      secretKey: has('secret_key') ? secretKeyOf(db) : undefined,
    };
  } finally {
    db.close();
  }
}
