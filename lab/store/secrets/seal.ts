/**
 * One secret as the database holds it: `rmk1.KEY.DATA`, AES-256-GCM with a random nonce (NIST SP 800-38D). What it is of, as
 * `model.metadata:UUID`, is bound to it, so that it cannot be moved to another record. Pure but for the nonce.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** A key with the name that its values carry. */
export interface SecretKey {
  /** Twelve hexadecimal digits, which follow from the key. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** Bytes of a key. */
export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORM = /^rmk1\.([0-9a-f]{12})\.([\w-]+)$/;

/** A key of 32 bytes. */
export function keyOf(bytes: Buffer): SecretKey {
  const id = createHash('sha256').update('razor-mk secrets key').update(bytes).digest('hex').slice(0, 12);
  return { id, bytes };
}

/** A new key. */
export function newKey(): SecretKey {
  return keyOf(randomBytes(KEY_BYTES));
}

/** Seals a text for one place. */
export function sealText(text: string, place: string, key: SecretKey): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: TAG_BYTES }).setAAD(
    Buffer.from(place),
  );
  const data = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `rmk1.${key.id}.${data.toString('base64url')}`;
}

/** The key that a value names; undefined for a text that is not sealed. */
export function keyIdOf(sealed: string): string | undefined {
  return FORM.exec(sealed)?.[1];
}

/** The text again. Throws where key, place or value is another one. */
export function openSealed(sealed: string, place: string, key: SecretKey): string {
  const data = Buffer.from(FORM.exec(sealed)?.[2] ?? '', 'base64url');
  if (data.length < NONCE_BYTES + TAG_BYTES) throw new Error('it is cut');
  const cipher = createDecipheriv('aes-256-gcm', key.bytes, data.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  cipher.setAAD(Buffer.from(place)).setAuthTag(data.subarray(-TAG_BYTES));
  const text = cipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES));
  return Buffer.concat([text, cipher.final()]).toString('utf8');
}
