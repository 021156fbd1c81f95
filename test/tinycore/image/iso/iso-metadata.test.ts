import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { judgeMetadata, metadataText, sha256 } from '../../../../tinycore/image/iso/iso-metadata.ts';
import { checkVersion, threeParts } from '../../../../tinycore/image/iso/image-version.ts';

const kernel = Buffer.from('the kernel');
const initrd = Buffer.from('the initrd');
const files: Record<string, Buffer> = { 'boot/vmlinuz': kernel, 'boot/core.gz': initrd };
const judge = async (text: string | undefined) =>
  await judgeMetadata(text, (path, algorithm) => {
    const bytes = files[path];
    return bytes === undefined ? undefined : createHash(algorithm).update(bytes).digest('hex');
  });
const good = metadataText({
  version: '0.12.0',
  kernel: 'boot/vmlinuz',
  initrd: 'boot/core.gz',
  kernelHash: sha256(kernel),
  initrdHash: sha256(initrd),
  buildTime: 1_795_288_580,
});

test('what the builder writes is what the original server reads: keys, quoted version, lower-case hashes, UTC time', async () => {
  assert.match(good, /^---\niso_version: "0\.12\.0"\nkernel: boot\/vmlinuz\ninitrd: boot\/core\.gz\n/);
  assert.match(good, /^iso_build_time: 2026-11-21 19:16:20\.000000000 Z$/m);
  const judgement = await judge(good);
  assert.deepEqual([judgement.accepted, judgement.problems], [true, []]);
  assert.ok(judgement.metadata?.['iso_build_time'] instanceof Date, 'a YAML timestamp, not a text');
});

const sha512 = (bytes: Buffer): string => createHash('sha512').update(bytes).digest('hex');

// each row was seen on the real server (`razor image add -t mk`)
const VARIATIONS: readonly (readonly [string, string | undefined, RegExp | 'accepted'])[] = [
  ['no file', undefined, /Missing metadata/],
  ['a wrong hash', good.replace(sha256(kernel), '0'.repeat(64)), /Missing metadata/],
  ['an upper-case hash', good.replace(sha256(kernel), sha256(kernel).toUpperCase()), /upper case.*Missing metadata/],
  ['no iso_version', good.replace(/^iso_version.*\n/m, ''), /Missing metadata/],
  ['no hash_description', good.replace(/^hash_description.*\n/m, ''), /Missing metadata/],
  ['no kernel key', good.replace(/^kernel:.*\n/m, ''), /no implicit conversion of nil into String/],
  ['a kernel file that is not there', good.replace('boot/vmlinuz', 'boot/none'), /Missing metadata/],
  ['hash type sha256', good.replace('Digest::SHA2', 'sha256'), /sha256/],
  ['bitlen as a text', good.replace('bitlen: 256', 'bitlen: "256"'), /bitlen/],
  ['a bare date as build time', good.replace(/^iso_build_time.*$/m, 'iso_build_time: 2026-11-21'), /bare date/],
  ['a build time in quotes', good.replace(/^iso_build_time.*$/m, 'iso_build_time: "2026-11-21"'), 'accepted'],
  ['an integer as build time', good.replace(/^iso_build_time.*$/m, 'iso_build_time: 12345'), 'accepted'],
  ['further keys', `${good}built_by: somebody\n`, 'accepted'],
  [
    'SHA-512',
    good.replace('256}', '512}').replace(sha256(kernel), sha512(kernel)).replace(sha256(initrd), sha512(initrd)),
    'accepted',
  ],
  [
    'JSON',
    JSON.stringify({
      iso_version: 'v0.12.0',
      kernel: 'boot/vmlinuz',
      initrd: 'boot/core.gz',
      hash_description: { type: 'Digest::SHA2', bitlen: 256 },
      kernel_hash: sha256(kernel),
      initrd_hash: sha256(initrd),
      iso_build_time: 1,
    }),
    'accepted',
  ],
];

for (const [what, text, expected] of VARIATIONS) {
  test(`iso-metadata.yaml with ${what} is ${expected === 'accepted' ? 'accepted' : 'refused'}, as by the original server`, async () => {
    const judgement = await judge(text);
    if (expected === 'accepted') return assert.deepEqual([judgement.accepted, judgement.problems], [true, []]);
    assert.equal(judgement.accepted, false);
    assert.match(judgement.problems.join('\n'), expected);
  });
}

test('metadata that the server takes but cannot boot from is named a problem', async () => {
  for (const version of ['1.5', '"1.08.0"', '"dev"', '"1.2.0rc1"', '"2.0"']) {
    const judgement = await judge(good.replace('"0.12.0"', version));
    assert.equal(judgement.accepted, true, version);
    assert.equal(judgement.problems.length, 1, version);
  }
  assert.match((await judge(good.replace(/^iso_build_time.*\n/m, ''))).problems.join(), /1970/);
});

test('hostile metadata ends in a judgement', async () => {
  for (const text of ['[1, 2', '- a\n- b', '', '%', 'a: &a [*a, *a]', '!!js/function x']) {
    assert.equal((await judge(text)).accepted, false, text);
  }
});

test('only versions that a server can compare are taken', () => {
  for (const version of ['0.12.0', 'v0.12.0', '1.0.0', '2024.11.21']) assert.equal(checkVersion(version), version);
  for (const version of ['1.5', '2', '1.08.0', '1.0.0-rc1', 'dev', 'vv1.0.0', '1.0.0+3', '0.9.3.0', '', '1.0.0\n']) {
    assert.throws(() => checkVersion(version), { code: 'RAZOR_MK_IMAGE_VERSION' }, version);
  }
});

test('a description of git is brought to three numbers', () => {
  assert.equal(threeParts('v0.12.1-3-gabcdef0'), '0.12.1');
  assert.equal(threeParts('v2'), '2.0.0');
  assert.equal(threeParts('2024.08.09'), '2024.8.9');
  assert.equal(threeParts('1.0.0-rc1'), '1.0.0');
  assert.equal(threeParts('release'), undefined);
});
