import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestInList, type Digest, type ListQuery } from '../../../agent/disk-image/checksums.ts';

const MD5 = 'd'.repeat(32);
const SHA1 = '1'.repeat(40);
const SHA256 = 'a'.repeat(64);
const SHA512 = 'b'.repeat(128);
const OTHER = 'e'.repeat(64);

function find(list: string, query: Partial<ListQuery> = {}): Digest {
  return digestInList(list, { path: '/images/node.raw', algorithm: undefined, rules: { md5: true }, ...query });
}

test('every form in which lists name a file is read', () => {
  const forms = [
    `${SHA256}  node.raw`,
    `${SHA256} *node.raw`,
    `${SHA256} node.raw`,
    `${SHA256}\tnode.raw`,
    `${SHA256}  ./node.raw`,
    `${SHA256}  /opt/images/node.raw`,
    `${SHA256}  images/node.raw`,
    `${SHA256}  C:\\images\\node.raw`,
    `\\${SHA256}  node.raw`,
    `SHA256 (node.raw) = ${SHA256}`,
    `SHA256 (build/node.raw) = ${SHA256}`,
    `SHA2-256(node.raw)= ${SHA256}`,
    `\ufeff${SHA256.toUpperCase()}  node.raw\r`,
    `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# node.raw: 5 bytes\nSHA256 (node.raw) = ${SHA256}`,
    SHA256,
    `${SHA256}  -`,
    `${OTHER}  other.raw\n${SHA256}  node.raw\n${OTHER}  xnode.raw`,
  ];
  for (const form of forms) assert.deepEqual(find(form), { algorithm: 'sha256', hex: SHA256 }, form);
  assert.equal(find(`${SHA256}  my node.raw`, { path: '/my node.raw' }).hex, SHA256);
});

test('of several values the strongest that is allowed counts, or the one of the algorithm that was named', () => {
  const list = [MD5, SHA1, SHA256, SHA512].map((hex) => `${hex}  node.raw`).join('\n');
  assert.equal(find(list).algorithm, 'sha512');
  assert.equal(find(list, { algorithm: 'sha256' }).hex, SHA256);
  assert.equal(find(`${MD5}  node.raw\n${SHA256}  node.raw`, { rules: { md5: false } }).hex, SHA256);
  assert.throws(() => find(`${MD5}  node.raw`, { rules: { md5: false } }), /has md5 .* stronger than MD5 is needed/);
  assert.throws(() => find(`${SHA512}  node.raw`, { algorithm: 'sha256' }), /has sha512 .* sha256 is needed/);
});

test('of two files of one name the one in the image’s directory counts; two values for one file are refused', () => {
  const list = `${OTHER}  arm64/node.raw\n${SHA256}  amd64/node.raw\n`;
  assert.equal(find(list, { path: '/pub/amd64/node.raw' }).hex, SHA256);
  assert.throws(() => find(list), /2 different sha256 values for node\.raw/);
});

test('a list that does not name the file says what it names', () => {
  assert.throws(
    () => find(`${SHA256}  other.raw\n${OTHER}  third.raw`),
    /does not name node\.raw; it names other\.raw, third/,
  );
  assert.throws(() => find(''), /names nothing/);
  assert.throws(() => find(`${SHA256}\n${OTHER}\n`), /names nothing/);
});

test('a line that no list has is not read', () => {
  const long = `${OTHER}  ${'x'.repeat(4096 - 64 - 2 - '/node.raw'.length)}/node.raw`;
  assert.equal(find(`${long}\n${SHA256}  node.raw`).hex, SHA256);
  assert.throws(() => find(`${long.replace('x', '')}\n${SHA256}  node.raw`), { code: 'RAZOR_MK_DEPLOY_IMAGE' });
});
