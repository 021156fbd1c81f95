/** Another key for the secrets of a database in use. */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { Database } from '../sqlite/database.ts';
import { number, rows, text } from '../sqlite/rows.ts';
import type { KeyRing } from './key-ring.ts';
import { keyIdOf, type SecretKey } from './seal.ts';
import { resealed, SEALED_COLUMNS, sealedIn, type SealedColumn } from './sealed-columns.ts';
import { currentKey, secretKeyRow } from './secrets-key.ts';

/** What came of it. */
export interface Rotated {
  /** Id of the key that everything is sealed with now. */
  readonly key: string;
  /** Values that were sealed anew. */
  readonly sealed: number;
}

const AT_ONCE = 200;

/**
 * Seals everything anew, while requests go on: with the newest key of the file, or with a new one where that is in use and no other
 * lab would have to be given it. What was interrupted is brought to its end by the next call. Throws RAZOR_MK_LAB_SECRETS.
 */
export async function rotateSecrets(db: Database): Promise<Rotated> {
  const key = nextKey(db.ring, currentKey(db), db.shared);
  const begins = key.id !== currentKey(db);
  if (begins) {
    const { id, proof, clean } = secretKeyRow(key, true);
    await db.write(() => {
      db.prepare('DELETE FROM secret_key').run();
      db.prepare('INSERT INTO secret_key (id, proof, clean) VALUES (?, ?, ?)').run(id, proof, clean);
    });
  }
  let sealed = 0;
  for (const column of SEALED_COLUMNS) sealed += await sealColumn(db, column, key);
  if (begins || sealed > 0) return { key: key.id, sealed };
  throw new RazorMkError('RAZOR_MK_LAB_SECRETS', `${db.ring.where} has no newer key than ${key.id}, which is in use`, {
    remedy:
      'Several labs may use this database: add a key (razor-mk lab secrets add-key FILE), give the file to all of them, then rotate.',
  });
}

function nextKey(ring: KeyRing, current: string, shared: boolean): SecretKey {
  const newest = ring.newest();
  return newest === undefined || (newest.id === current && !shared) ? ring.add() : newest;
}

async function sealColumn(db: Database, column: SealedColumn, key: SecretKey): Promise<number> {
  const { table, column: name } = column;
  let [sealed, last] = [0, 0];
  for (;;) {
    const done = await db.write(() => {
      const select = db.prepare(
        `SELECT id, uuid, ${name} AS stored FROM ${table} WHERE id > ? AND ${name} IS NOT NULL ORDER BY id LIMIT ${AT_ONCE}`,
      );
      const found = rows(select, last).map((row) => ({
        id: number(row['id']),
        uuid: text(row['uuid']),
        stored: text(row['stored']),
      }));
      const old = found.filter(({ stored }) => keyIdOf(sealedIn(column, stored)) !== key.id);
      const update = db.prepare(`UPDATE ${table} SET ${name} = ? WHERE id = ?`);
      for (const row of old) update.run(resealed(column, row, { from: db.seals, to: db.seals }), row.id);
      return { last: found.at(-1)?.id, sealed: old.length };
    });
    sealed += done.sealed;
    if (done.last === undefined) return sealed;
    last = done.last;
  }
}
