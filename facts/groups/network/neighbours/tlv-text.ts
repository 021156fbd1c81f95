/** What neighbours write into their frames, as text for people: bounded, without control characters, whatever they sent. Pure. */
import { isUtf8 } from 'node:buffer';

/** The longest text that a neighbour's value becomes; an LLDP value has at most 511 bytes. */
const LONGEST = 255;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/g;

/** A text, UTF-8 where it is valid, else Latin-1. Control characters become blanks; undefined where nothing is left. */
export function neighbourText(bytes: Buffer): string | undefined {
  const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1').replaceAll(CONTROL, ' ');
  return text.trim().slice(0, LONGEST).toWellFormed() || undefined;
}

/** An id that may be a text or any bytes: the text, else `0x` and its digits. */
export function neighbourId(bytes: Buffer): string | undefined {
  if (bytes.length === 0) return undefined;
  const text = bytes.toString('latin1');
  return /^[ -~]+$/.test(text) ? neighbourText(bytes) : `0x${bytes.toString('hex').slice(0, LONGEST - 2)}`;
}

/** Six bytes as a MAC address, lower case with colons; undefined for another length. */
export function neighbourMac(bytes: Buffer): string | undefined {
  return bytes.length === 6 ? (bytes.toString('hex').match(/../g) ?? []).join(':') : undefined;
}

/** Four bytes as an IPv4 address, sixteen as an IPv6 address (RFC 5952); undefined for other lengths and for zeros only. */
export function neighbourAddress(bytes: Buffer): string | undefined {
  if (!bytes.some((byte) => byte !== 0)) return undefined;
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return undefined;
  const groups = bytes.toString('hex').match(/..../g) ?? [];
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
