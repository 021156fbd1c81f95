/** Ids that the lab makes: 128 random bits in base 62, 22 characters, the form of the original's UUIDs. */
import { randomBytes } from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A new id: `19pGJ0gXOV37ACaEUEXu3x`. */
export function newUuid(): string {
  let value = BigInt(`0x${randomBytes(16).toString('hex')}`);
  let text = '';
  for (let i = 0; i < 22; i++) {
    text = (DIGITS[Number(value % 62n)] as string) + text;
    value /= 62n;
  }
  return text;
}
