/**
 * A certificate that a node makes for itself: ECDSA on P-384, for an address, its own authority. Node can make keys and
 * signatures; only the X.509 around them (RFC 5280, in DER) is written here.
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

export interface SelfSigned {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

export interface SelfSignedOptions {
  /** The IP address (or name) that peers connect to: common name and alternative name. */
  readonly address: string;
  readonly days: number;
  /** Wall time. It is valid from a day before: clocks of freshly booted machines are often wrong. */
  readonly now: Date;
}

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA384 = sequence(oid(1, 2, 840, 10045, 4, 3, 3));

/** Makes key and certificate; takes some milliseconds. */
export function selfSigned({ address, days, now }: SelfSignedOptions): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const name = sequence(set(sequence(oid(2, 5, 4, 3), der(0x0c, Buffer.from(address, 'utf8')))));
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40; // positive, and never shorter
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, serial),
    ECDSA_WITH_SHA384,
    name,
    sequence(time(new Date(now.getTime() - DAY_MS)), time(new Date(now.getTime() + days * DAY_MS))),
    name,
    spki,
    der(0xa3, sequence(...extensions(address, spki))),
  );
  const signature = sign('sha384', body, privateKey);
  const certificate = sequence(body, ECDSA_WITH_SHA384, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return { key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })), cert: pem(certificate) };
}

/** Basic constraints (CA, no others below it), alternative name, what it is for, and the key's identifier. */
function extensions(address: string, spki: Buffer): Buffer[] {
  const extension = (id: Buffer, critical: boolean, value: Buffer): Buffer =>
    sequence(id, ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
  const keyBits = spki.subarray(-97); // an uncompressed point of P-384 ends the key info
  return [
    extension(oid(2, 5, 29, 19), true, sequence(der(0x01, Buffer.from([0xff])), der(0x02, Buffer.from([0])))),
    extension(oid(2, 5, 29, 17), false, sequence(alternativeName(address))),
    extension(oid(2, 5, 29, 37), false, sequence(oid(1, 3, 6, 1, 5, 5, 7, 3, 1))),
    extension(oid(2, 5, 29, 14), false, der(0x04, createHash('sha1').update(keyBits).digest())),
  ];
}

function alternativeName(address: string): Buffer {
  const version = isIP(address);
  if (version === 0) return der(0x82, Buffer.from(address, 'latin1'));
  return der(0x87, version === 4 ? Buffer.from(address.split('.').map(Number)) : bytesOfV6(address));
}

function bytesOfV6(address: string): Buffer {
  // URL writes every form (also `::ffff:1.2.3.4`) in groups of hexadecimal
  const [head = '', tail] = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string | undefined): number[] =>
    text === undefined || text === '' ? [] : text.split(':').map((group) => parseInt(group, 16));
  const [left, right] = [groups(head), groups(tail)];
  const all = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** Two digits of the year until 2049, four from then on (RFC 5280, 4.1.2.5). */
function time(date: Date): Buffer {
  const digits = date
    .toISOString()
    .replaceAll(/[-:T]|\.\d+/g, '')
    .slice(0, 14);
  return date.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(`${digits.slice(2)}Z`))
    : der(0x18, Buffer.from(`${digits}Z`));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function set(...parts: Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts));
}

function oid(first: number, second: number, ...rest: number[]): Buffer {
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups: number[] = [];
    for (let left = part; groups.length === 0 || left > 0; left = Math.floor(left / 128)) groups.unshift(left % 128);
    bytes.push(...groups.map((group, index) => (index < groups.length - 1 ? group | 0x80 : group)));
  }
  return der(0x06, Buffer.from(bytes));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
