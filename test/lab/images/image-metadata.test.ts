import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FLOAT } from '../../../lab/images/images.ts';
import { parseMetadata } from '../../../lab/images/image-metadata.ts';

describe('image metadata', () => {
  const hash = 'a'.repeat(64);
  const good = {
    iso_version: 'v0.12.0',
    kernel: 'boot/vmlinuz',
    initrd: 'boot/core.gz',
    hash_description: { type: 'Digest::SHA2', bitlen: 256 },
    kernel_hash: hash,
    initrd_hash: hash,
  };
  it('are taken as the contract has them, in YAML of either syntax', async () => {
    const yaml = `---\niso_version: v0.12.0\nkernel: boot/vmlinuz\ninitrd: boot/core.gz\nhash_description: {type: Digest::SHA2, bitlen: 256}\nkernel_hash: ${hash}\ninitrd_hash: ${hash}\niso_build_time: 2026-11-21 19:16:20.576499658 Z\n`;
    const metadata = await parseMetadata(yaml);
    assert.deepEqual(metadata, {
      version: 'v0.12.0',
      kernel: 'boot/vmlinuz',
      initrd: 'boot/core.gz',
      hash: 'sha256',
      kernelHash: hash,
      initrdHash: hash,
      buildTime: Date.UTC(2026, 10, 21, 19, 16, 20) / 1000,
    });
    assert.equal((await parseMetadata(JSON.stringify(good))).buildTime, undefined);
  });
  it('have the build time that Ruby reads, where the lab is faithful', async () => {
    const timeOf = async (text: string): Promise<number | undefined> =>
      (await parseMetadata(`${JSON.stringify(good).slice(0, -1)}, "iso_build_time": ${text}}`, true)).buildTime;
    assert.equal(await timeOf('2026-11-21 19:16:20.576499658 Z'), Date.UTC(2026, 10, 21, 19, 16, 20) / 1000);
    assert.equal(await timeOf('"2026-11-21 19:16:20 Z"'), 2026);
    assert.equal(await timeOf('1000'), 1000);
    await assert.rejects(timeOf('2026-11-21'), /iso_build_time is a date without a time/);
  });
  it('are refused where the original refuses them or fails later, with the key named', async () => {
    const wrong: [string, Record<string, unknown>][] = [
      ['iso_version 1.5 is a number', { iso_version: 1.5 }],
      ['iso_version', { iso_version: '08' }],
      ['kernel', { kernel: undefined }],
      ['kernel', { kernel: '../../etc/shadow' }],
      ['kernel', { kernel: '/etc/shadow' }],
      ['kernel', { kernel: '' }],
      ['kernel', { kernel: 'boot\n/../../etc/shadow' }],
      ['kernel', { kernel: 'boot/vmlinuz\nshell' }],
      ['initrd', { initrd: 'a'.repeat(1001) }],
      ['initrd_hash', { initrd_hash: 'a'.repeat(63) }],
      ['initrd_hash', { initrd_hash: 'a'.repeat(129) }],
      ['iso_version', { iso_version: '' }],
      ['iso_version', { iso_version: `1.0.0-${'x'.repeat(95)}` }],
      ['hash_description.bitlen', { hash_description: { type: 'Digest::SHA2', bitlen: 224 } }],
      ['kernel_hash', { kernel_hash: 'A'.repeat(64) }],
      ['hash_description', { hash_description: undefined }],
      ['hash_description', { hash_description: { type: 'sha256', bitlen: 256 } }],
      ['hash_description', { hash_description: { type: 'Digest::SHA2', bitlen: '256' } }],
    ];
    for (const [key, change] of wrong) {
      await assert.rejects(
        parseMetadata(JSON.stringify({ ...good, ...change })),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'RAZOR_MK_IMAGE_METADATA');
          assert.match(error.message, new RegExp(key));
          return true;
        },
      );
    }
    await assert.rejects(parseMetadata('a: [b'), { code: 'RAZOR_MK_IMAGE_METADATA', message: /is not YAML/ });
    await assert.rejects(parseMetadata('just text'), { message: 'iso-metadata.yaml: the file is missing or wrong' });
    await assert.rejects(parseMetadata(''), { message: 'iso-metadata.yaml: the file is missing or wrong' });
  });
  it('have one of three hashes', async () => {
    for (const bitlen of [256, 384, 512]) {
      const text = JSON.stringify({ ...good, hash_description: { type: 'Digest::SHA2', bitlen } });
      assert.equal((await parseMetadata(text)).hash, `sha${bitlen}`);
    }
  });
  it('have a version that no server can compare only in a faithful lab, which takes numbers too', async () => {
    const versionOf = async (text: string): Promise<string> =>
      (await parseMetadata(JSON.stringify(good).replace('"v0.12.0"', text), true)).version;
    assert.equal(await versionOf('"08"'), '08');
    assert.equal(await versionOf('1.5'), `${FLOAT}1.5`);
    await assert.rejects(parseMetadata(JSON.stringify(good).replace('"v0.12.0"', '"08"')), /"08" cannot be compared/);
  });
  it('have a build time in whole seconds, whichever way it is written, or none', async () => {
    const timeOf = async (text: string): Promise<number | undefined> =>
      (await parseMetadata(`${JSON.stringify(good).slice(0, -1)}, "iso_build_time": ${text}}`)).buildTime;
    const at = Date.UTC(2026, 10, 21, 19, 16, 20) / 1000;
    assert.equal(await timeOf('1000.9'), 1000);
    assert.equal(await timeOf('"2026-11-21 19:16:20 UTC"'), at);
    assert.equal(await timeOf('"2026-11-21 19:16:20"'), at);
    assert.equal(await timeOf('"2026-11-21T19:16:20.999Z"'), at);
    for (const none of ['"yesterday"', '.inf', 'true', '[]']) assert.equal(await timeOf(none), undefined, none);
  });
});
