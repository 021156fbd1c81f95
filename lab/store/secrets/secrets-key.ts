/** The key that a database's secrets are sealed with: a row with its id and a proof, checked at the start and before a restore. */
import type { StatementSync } from 'node:sqlite';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import type { KeyRing } from './key-ring.ts';
import { keyIdOf, openSealed, sealText, type SecretKey } from './seal.ts';
import type { Seals } from './sealed-columns.ts';

/** Row of table `secret_key`, which has one. */
export interface SecretKeyRow {
  readonly id: string;
  /** A known text, sealed with the key. */
  readonly proof: string;
  /** 0 while what was stored in the clear before may still be somewhere in the file. */
  readonly clean: number;
}

const PROVEN = 'razor-mk';
const PLACE = 'secret_key.proof';

/** The row of a key. */
export function secretKeyRow(key: SecretKey, clean: boolean): SecretKeyRow {
  return { id: key.id, proof: sealText(PROVEN, PLACE, key), clean: clean ? 1 : 0 };
}

/** Throws RAZOR_MK_LAB_SECRETS where the ring does not have the key of a row; `what` is the database or a backup. */
export function checkSecretsKey(row: SecretKeyRow, ring: KeyRing, what: string): SecretKey {
  const key = ring.find(row.id);
  if (!key) throw missing(row.id, ring, what);
  try {
    if (openSealed(row.proof, PLACE, key) === PROVEN) return key;
  } catch {
    // said below
  }
  throw new RazorMkError('RAZOR_MK_LAB_SECRETS', `the proof of key ${row.id} in ${what} is damaged`, {
    remedy: 'Nothing has been changed. Restore a backup into a new database.',
  });
}

function missing(id: string, { where, newest }: KeyRing, what: string): RazorMkError {
  const why = newest() === undefined ? `there is no key in ${where}` : `${where} has other keys`;
  return new RazorMkError('RAZOR_MK_LAB_SECRETS', `the secrets in ${what} are sealed with key ${id}, and ${why}`, {
    remedy: `Put the file with that key there, or name it (--secrets-key FILE); a line of another key file can be added to it. Nothing has been changed.`,
  });
}

/** The id of the key that is used for what is sealed next. */
export function currentKey(db: { prepare(sql: string): StatementSync }): string {
  return String(db.prepare('SELECT id FROM secret_key').get()?.['id']);
}

/** Seals with the key that the database names now, opens with any that the ring has. */
export function createSeals(ring: KeyRing, current: () => string, what: string): Seals {
  const keyNamed = (id: string): SecretKey => {
    const key = ring.find(id);
    if (!key) throw missing(id, ring, what);
    return key;
  };
  return {
    seal: (text, place) => sealText(text, place, keyNamed(current())),
    open(sealed, place) {
      const id = keyIdOf(sealed);
      if (id === undefined) throw damaged(place, 'it is not sealed');
      const key = keyNamed(id);
      try {
        return openSealed(sealed, place, key);
      } catch (error) {
        throw damaged(place, messageOf(error));
      }
    },
  };
}

/** Seals with one key; opens nothing that another one sealed. */
export function sealsOf(key: SecretKey): Seals {
  return {
    seal: (text, place) => sealText(text, place, key),
    open: (sealed, place) => openSealed(sealed, place, key),
  };
}

function damaged(place: string, why: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_LAB_SECRETS', `the secret ${place} cannot be opened: ${why}`, {
    remedy: 'Another program wrote to the database. Enter it again, or restore a backup.',
  });
}
