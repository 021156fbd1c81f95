/** Random qcow2 images, made after the format's description and deployed; the disk must be the guest's disk. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { clustersOf, makeQcow2, type MadeCluster, type MadePart } from '../../../helpers/qcow2-image.ts';
import { MEBIBYTE, sha256 } from '../image-site.ts';
import { mbrImage } from '../tables/tables.ts';
import { base, dirtyBench, serve } from './qcow2-bench.ts';

/** So many images of random clusters in a random order; throws where a disk is not the guest's disk. */
export async function anyQcow2(t: TestContext, runs: number, seed?: number): Promise<void> {
  const size = 8 * MEBIBYTE;
  const bench = dirtyBench(t, size);
  const table = mbrImage(2 * 2048);
  const kinds = fc.constantFrom('none', 'zero', 'kept', 'data', 'data', 'packed', 'parts');
  const shape = fc.record({
    clusterBits: fc.constantFrom(12, 14, 16, 18),
    extended: fc.boolean(),
    version: fc.constantFrom(2 as const, 3 as const),
    compression: fc.constantFrom('zlib' as const, 'zstd' as const),
    kinds: fc.array(kinds, { minLength: 1, maxLength: 200 }),
    seed: fc.nat(),
    shuffle: fc.constantFrom('none', 'near', 'all'),
    tight: fc.boolean(),
    odd: fc.nat(7),
    unused: fc.constantFrom(1, 1, 1, 17 * MEBIBYTE),
  });
  const property = fc.asyncProperty(shape, async (given) => {
    const extended = given.extended && given.clusterBits >= 14 && given.version === 3;
    const compression = given.version === 2 ? 'zlib' : given.compression;
    const clusterBytes = 2 ** given.clusterBits;
    const bytes = (tag: number): Buffer => pseudoRandom(clusterBytes, given.seed + tag);
    const body = given.kinds.slice(0, (3 * MEBIBYTE) / clusterBytes).map((kind, index): MadeCluster => {
      if (kind === 'parts') {
        if (!extended) return { kind: 'data', data: bytes(index) };
        const allocated = bytes(index).readUInt32BE(0);
        return { kind, data: bytes(index), allocated, zeros: (~allocated & bytes(index).readUInt32BE(4)) >>> 0 };
      }
      if ((kind === 'zero' || kind === 'kept') && given.version === 2) return { kind: 'none' };
      return kind === 'data' || kind === 'packed' ? { kind, data: bytes(index) } : { kind };
    });
    const head = clustersOf(table.subarray(0, MEBIBYTE), given.clusterBits, (index) => index % 2 === 1);
    const clusters = [...head, ...body];
    const virtualBytes = Math.max(2 * MEBIBYTE, (clusters.length - 1) * clusterBytes) + (given.odd + 1) * 512;
    const { image, content } = makeQcow2({
      clusterBits: given.clusterBits,
      extended,
      version: given.version,
      compression,
      virtualBytes: given.tight ? Math.max(virtualBytes, size - MEBIBYTE) : virtualBytes,
      clusters,
      unused: Math.max(1, Math.ceil(given.unused / clusterBytes)),
      arrange: (parts) => shuffled(parts, given.shuffle, given.seed),
    });
    serve('/any', image);
    writeFileSync(bench.disk, Buffer.alloc(size, 0xee));
    await bench.deploy({ urls: [`${base}/any`], os_hash_value: sha256(image) });
    assert.ok(bench.bytes(0, content.length).equals(content));
  });
  await fc.assert(property, { numRuns: runs, ...(seed !== undefined && { seed }) });
}

function pseudoRandom(bytes: number, seed: number): Buffer {
  const block = createHash('sha512').update(String(seed)).digest();
  return Buffer.alloc(bytes, block);
}

function shuffled(parts: readonly MadePart[], how: string, seed: number): readonly MadePart[] {
  if (how === 'none') return parts;
  const key = (index: number): number =>
    (how === 'all' ? 0 : index) + pseudoRandom(4, seed + index).readUInt32BE(0) / 2 ** (how === 'all' ? 0 : 27);
  return parts
    .map((part, index) => ({ part, key: key(index) }))
    .sort((left, right) => left.key - right.key)
    .map(({ part }) => part);
}
