/** Secrets of a file of SQLite: sealed when it is opened for the first time by a lab that seals, checked ever after. */
import type { DatabaseSync } from 'node:sqlite';
import type { KeyRing } from './key-ring.ts';
import { SEALED_COLUMNS, resealed } from './sealed-columns.ts';
import { checkSecretsKey, sealsOf, secretKeyRow, type SecretKeyRow } from './secrets-key.ts';

/**
 * Seals what is in the clear, or checks that the ring has the key. `fresh` is a file that never held anything in the clear. Throws
 * RAZOR_MK_LAB_SECRETS, and then nothing has changed.
 */
export function sealFile(db: DatabaseSync, ring: KeyRing, { where, fresh }: { where: string; fresh: boolean }): void {
  const row = secretKeyOf(db);
  if (row) checkSecretsKey(row, ring, where);
  else sealClear(db, ring, fresh);
  if (row?.clean === 1 || fresh) return;
  // SQLite leaves old contents in pages that nothing uses; this writes the file anew, without them
  db.exec('VACUUM; UPDATE secret_key SET clean = 1; PRAGMA wal_checkpoint(TRUNCATE)');
}

/** The row of the key; undefined where nothing is sealed yet. */
export function secretKeyOf(db: DatabaseSync): SecretKeyRow | undefined {
  const row = db.prepare('SELECT id, proof, clean FROM secret_key').get();
  return row && { id: String(row['id']), proof: String(row['proof']), clean: Number(row['clean']) };
}

/** The key is on the disk before anything is sealed with it. */
function sealClear(db: DatabaseSync, ring: KeyRing, fresh: boolean): void {
  const key = ring.newest() ?? ring.add();
  const to = sealsOf(key);
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const column of SEALED_COLUMNS) {
      const { table, column: name } = column;
      const update = db.prepare(`UPDATE ${table} SET ${name} = ? WHERE id = ?`);
      for (const row of db.prepare(`SELECT id, uuid, ${name} AS stored FROM ${table} WHERE ${name} IS NOT NULL`).all())
        update.run(
          resealed(column, { uuid: String(row['uuid']), stored: String(row['stored']) }, { from: undefined, to }),
          Number(row['id']),
        );
    }
    const { id, proof, clean } = secretKeyRow(key, fresh);
    db.prepare('INSERT INTO secret_key (id, proof, clean) VALUES (?, ?, ?)').run(id, proof, clean);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
