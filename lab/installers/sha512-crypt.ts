/**
 * crypt(3) with SHA-512, as /etc/shadow holds it: installers get a hash, so that a password stands in none of their files.
 * Written after Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512", version 0.6. Pure.
 */
import { createHash } from 'node:crypto';

const ROUNDS = 5000;
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A salt of 16 characters out of text that is one installation's alone: the same text gives the same file again. */
export function saltOf(text: string): string {
  return [...createHash('sha512').update(text).digest().subarray(0, 16)]
    .map((byte) => ALPHABET[byte & 63] ?? '.')
    .join('');
}

/** `$6$SALT$HASH` of a password (UTF-8); of the salt at most 16 characters count. */
export function sha512Crypt(password: string, salt: string): string {
  const key = Buffer.from(password);
  const short = Buffer.from(salt.slice(0, 16));
  const second = sha512(key, short, key);
  const first = createHash('sha512').update(key).update(short).update(repeated(second, key.length));
  for (let bits = key.length; bits > 0; bits >>= 1) first.update((bits & 1) === 1 ? second : key);
  let digest: Buffer = first.digest();
  const keys = repeated(sha512(...Array.from(key, () => key)), key.length);
  const salts = repeated(sha512(...Array.from({ length: 16 + (digest[0] ?? 0) }, () => short)), short.length);
  for (let round = 0; round < ROUNDS; round++) {
    const odd = (round & 1) === 1;
    digest = sha512(
      odd ? keys : digest,
      round % 3 === 0 ? Buffer.alloc(0) : salts,
      round % 7 === 0 ? Buffer.alloc(0) : keys,
      odd ? digest : keys,
    );
  }
  return `$6$${short.toString()}$${encoded(digest)}`;
}

function sha512(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** The digest again and again, `length` bytes of it. */
function repeated(digest: Buffer, length: number): Buffer {
  return Buffer.alloc(length, digest);
}

/** Three bytes become four characters; which three is a table of the algorithm: i, i+21, i+42, turned by one each time. */
function encoded(digest: Buffer): string {
  let text = '';
  const put = (value: number, characters: number): void => {
    for (let at = 0, rest = value; at < characters; at++, rest >>= 6) text += ALPHABET[rest & 63] ?? '';
  };
  const byte = (at: number): number => digest[at] ?? 0;
  for (let at = 0; at < 21; at++) {
    const three = [at, at + 21, at + 42];
    const [high = 0, middle = 0, low = 0] = three.map((_, place) => three[(place + at) % 3] ?? 0);
    put((byte(high) << 16) | (byte(middle) << 8) | byte(low), 4);
  }
  put(byte(63), 2);
  return text;
}
