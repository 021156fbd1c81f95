/**
 * A certificate that a node makes for itself, for what it serves: X.509 v3 (RFC 5280) with an elliptic key, written as DER here
 * because node:crypto reads certificates and makes none. Ironic's conductor is given it in each heartbeat and trusts nothing else.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';

interface CertificateOptions {
  /** The common name: cut to the 64 characters of X.520. */
  readonly name: string;
  /** IPv4 or IPv6, or a name; the only one that the certificate is good for. */
  readonly address: string;
  readonly curve: 'prime256v1' | 'secp384r1' | 'secp521r1';
  readonly now: Date;
  /** 90 by default. */
  readonly days?: number;
  /** Valid from so many milliseconds before `now`, an hour by default: clocks of servers and of freshly booted machines differ. */
  readonly earlierMs?: number;
  /** PKCS #8; a new key without it. */
  readonly keyPem?: string;
}

export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8, PEM. */
  readonly key: string;
}

const EARLIER_MS = 3600_000;
const DAYS = 90;
const DAY_MS = 86_400_000;

const OID = {
  ecdsaWithSha512: '1.2.840.10045.4.3.4',
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
} as const;

/** Makes a certificate, signed with SHA-512; takes some milliseconds. */
export function makeCertificate(options: CertificateOptions): Certificate {
  const { name, address, curve, now, keyPem, days = DAYS, earlierMs = EARLIER_MS } = options;
  const key =
    keyPem ??
    generateKeyPairSync('ec', {
      namedCurve: curve,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey;
  const privateKey = createPrivateKey(key);
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const algorithm = sequence(oid(OID.ecdsaWithSha512));
  const who = sequence(set(sequence(oid(OID.commonName), utf8(name.slice(0, 64) || 'razor-mk'))));
  const from = now.getTime() - earlierMs;
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))), // version 3
    integer(serialNumber()),
    algorithm,
    who,
    sequence(time(new Date(from)), time(new Date(now.getTime() + days * DAY_MS))),
    who,
    publicKey,
    tagged(0xa3, extensions(address, publicKey)),
  );
  const signature = sign('sha512', body, privateKey); // already DER: SEQUENCE { r, s }
  const der = sequence(body, algorithm, bitString(signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return { key, certificate: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n` };
}

/** It is its own authority, and says so in the ways that a strict check of OpenSSL asks for. */
function extensions(address: string, publicKey: Buffer): Buffer {
  const identifier = createHash('sha1').update(publicKeyBits(publicKey)).digest();
  const digitalSignatureAndCertSign = Buffer.from([0x03, 0x02, 0x02, 0x84]);
  return sequence(
    extension(OID.subjectAltName, true, sequence(alternativeName(address))),
    extension(OID.basicConstraints, true, sequence(Buffer.from([0x01, 0x01, 0xff]))),
    extension(OID.keyUsage, true, digitalSignatureAndCertSign),
    extension(OID.subjectKeyIdentifier, false, tagged(0x04, identifier)),
  );
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [Buffer.from([0x01, 0x01, 0xff])] : []), tagged(0x04, value));
}

/** The contents of the BIT STRING that ends a SubjectPublicKeyInfo: RFC 5280, 4.2.1.2 hashes these. */
function publicKeyBits(spki: Buffer): Buffer {
  const [, algorithm] = header(spki, 0);
  const [algorithmLength, algorithmBody] = header(spki, algorithm);
  const [, bits] = header(spki, algorithmBody + algorithmLength);
  return spki.subarray(bits + 1);
}

/** Length and start of the contents of the element at `at`. */
function header(der: Buffer, at: number): readonly [number, number] {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return [first, at + 2];
  const bytes = first & 0x7f;
  return [der.readUIntBE(at + 2, bytes), at + 2 + bytes];
}

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const hex = size.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, ...parts);
const set = (...parts: readonly Buffer[]): Buffer => tagged(0x31, ...parts);
const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes);
const utf8 = (text: string): Buffer => tagged(0x0c, Buffer.from(text, 'utf8'));
const bitString = (bytes: Buffer): Buffer => tagged(0x03, Buffer.from([0]), bytes);

/** 127 random bits: positive, and not 0. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest.flatMap(base128)];
  return tagged(0x06, Buffer.from(bytes));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
function time(date: Date): Buffer {
  const text = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  const short = date.getUTCFullYear() >= 1950 && date.getUTCFullYear() < 2050;
  return tagged(short ? 0x17 : 0x18, Buffer.from(short ? text.slice(2) : text, 'ascii'));
}

function alternativeName(address: string): Buffer {
  return isIP(address) === 0 ? tagged(0x82, Buffer.from(address, 'latin1')) : tagged(0x87, addressBytes(address));
}

/** 4 or 16 bytes. */
function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const expanded = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [head = '', tail] = expanded.split('::');
  const words = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const before = words(head);
  const after = tail === undefined ? [] : words(tail);
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return Buffer.from([...before, ...zeros, ...after].map((word) => word.padStart(4, '0')).join(''), 'hex');
}
