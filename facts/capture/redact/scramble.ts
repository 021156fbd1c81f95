/** Replacements: always the same one for a value, of its length and form, and from which nobody gets the value back. Pure. */
import { createHash } from 'node:crypto';

function digest(text: string): Buffer {
  const hash = (salt: string): Buffer => createHash('sha256').update(`razor-mk ${text}${salt}`).digest();
  return Buffer.concat([hash(''), hash('+')]);
}

/** Letters become letters and digits digits, so that formats stay; hexadecimal letters stay hexadecimal. */
export function scrambled(value: string): string {
  const bytes = digest(value.toLowerCase());
  let at = 0;
  const next = (size: number): number => (bytes[at++ % bytes.length] as number) % size;
  return value.replaceAll(/[0-9A-Za-z]/g, (c) => {
    if (/[0-9]/.test(c)) return String(next(10));
    return String.fromCharCode((c <= 'Z' ? 65 : 97) + next(/[a-f]/i.test(c) ? 6 : 26));
  });
}

/** Hexadecimal digits for hexadecimal digits; anything between them stays. Lower case. */
export function scrambledHex(value: string): string {
  const hex = digest(value.toLowerCase()).toString('hex');
  let at = 0;
  return value.toLowerCase().replaceAll(/[0-9a-f]/g, () => hex[at++ % hex.length] as string);
}

/** Six bytes of a MAC address as twelve hexadecimal digits: the maker's half is kept, so that drivers and vendors stay true. */
export function scrambledMac(hex: string): string {
  const last = digest(hex.toLowerCase()).toString('hex', 0, 3);
  return hex.slice(0, 6).toLowerCase() + last;
}
