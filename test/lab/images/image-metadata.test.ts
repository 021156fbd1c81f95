import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
    await assert.rejects(parseMetadata('a: [b'), { code: 'RAZOR_MK_IMAGE_METADATA' });
  });
});
