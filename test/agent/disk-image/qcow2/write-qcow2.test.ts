import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { clustersOf, makeQcow2, type MadeCluster, type MadePart } from '../../../helpers/qcow2-image.ts';
import { MEBIBYTE, sha256 } from '../image-site.ts';
import { anyQcow2 } from './any-qcow2.ts';
import { base, CONTENT, dirtyBench, FAR, last, plain, roundTrip, serve, VIRTUAL } from './qcow2-bench.ts';

test('a plain image is written in one pass, byte for byte, and what it does not hold is zeros on a dirty disk', async (t) => {
  for (const options of [{}, { version: 2 as const }, { unused: 9 }]) {
    const made = { virtualBytes: VIRTUAL, clusters: plain(), ...options };
    const { asked, notes, rest } = await roundTrip(t, made);
    assert.equal(asked.length, 1);
    assert.doesNotMatch(notes.join('\n'), /after their data/);
    assert.equal(rest[0], 0xee, 'behind the image the disk is left as it was');
  }
});

test('clusters of every size, compressed in both ways, also where they share a sector with the next one', async (t) => {
  for (const clusterBits of [9, 12, 16, 21]) {
    for (const compression of ['zlib', 'zstd'] as const) {
      const clusters = clustersOf(CONTENT, clusterBits, (index) =>
        clusterBits < 12 ? index % 40 === 3 : index % 5 !== 3,
      );
      await roundTrip(t, { virtualBytes: VIRTUAL, clusterBits, compression, clusters });
    }
  }
});

test('data shortly before their table, as a compressing writer leaves them, are still in sight', async (t) => {
  const clusters = clustersOf(CONTENT, 16, () => true);
  const arrange = (parts: readonly MadePart[]): readonly MadePart[] => [
    ...parts.filter(({ what }) => what === 'l1'),
    ...last('l2')(parts.filter(({ what }) => what !== 'l1')),
  ];
  const { asked, notes } = await roundTrip(t, { virtualBytes: VIRTUAL, clusters, arrange });
  assert.equal(asked.length, 1);
  assert.doesNotMatch(notes.join('\n'), /after their data/);
});

test('zeros of every kind are zeros on the disk: not allocated, marked, and marked with a place that holds old data', async (t) => {
  const clusters = plain().map((cluster, index): MadeCluster => {
    if (index < 16 || index % 3 === 0) return cluster;
    return { kind: index % 3 === 1 ? 'kept' : 'zero' };
  });
  await roundTrip(t, { virtualBytes: VIRTUAL, clusters });
  // the size of a disk need not be whole clusters
  await roundTrip(t, {
    virtualBytes: VIRTUAL + 512,
    clusters: [...clusters, { kind: 'data', data: randomBytes(65_536) }],
  });
});

test('extended entries: subclusters are data, zeros or nothing, each by itself', async (t) => {
  const clusters = plain().map((cluster, index): MadeCluster => {
    if (index < 16 || cluster.kind !== 'data') return index % 2 === 0 ? cluster : { kind: 'zero' };
    if (index === 20) return { kind: 'packed', data: cluster.data };
    const allocated = (0x9e3779b9 * index) >>> 0;
    return { kind: 'parts', data: cluster.data, allocated, zeros: (~allocated & 0x0f0f00ff) >>> 0 };
  });
  const options = { virtualBytes: VIRTUAL, extended: true, clusters };
  await roundTrip(t, options);
  await roundTrip(t, { ...options, arrange: last('l1'), unused: FAR }, { size: 32 * MEBIBYTE });
});

test('an image whose tables are at its end is kept on the disk first, and no trace of that stays', async (t) => {
  const clusters = clustersOf(CONTENT, 16, (index) => index % 2 === 0);
  for (const [length, arrange] of [
    [true, last('l1')],
    [false, last('l1', 'l2')],
  ] as const) {
    const made = { virtualBytes: VIRTUAL, clusters, arrange, unused: FAR };
    const { asked, notes, rest } = await roundTrip(t, made, { size: 32 * MEBIBYTE, length });
    assert.equal(asked.length, 1);
    assert.match(notes.join('\n'), /kept at the end of the disk first/);
    assert.ok(rest.subarray(0, 18 * MEBIBYTE).equals(Buffer.alloc(18 * MEBIBYTE)));
  }
});

test('where the disk has no room for that, the wanted parts are downloaded once more and must be the same', async (t) => {
  const clusters = clustersOf(CONTENT, 16, (index) => index % 2 === 0);
  const made = { virtualBytes: VIRTUAL, clusters, arrange: last('l1', 'l2'), unused: FAR };
  for (const length of [true, false]) {
    const { asked, notes } = await roundTrip(t, made, { length });
    assert.match(notes.join('\n'), /downloaded in parts/);
    assert.ok(asked.filter((range) => range !== undefined).length > 1);
  }
  const { image } = makeQcow2(made);
  const bench = dirtyBench(t, 8 * MEBIBYTE);
  const given = { urls: [`${base}/tight`], os_hash_value: sha256(image) };
  serve('/tight', image, { parts: false });
  await assert.rejects(bench.deploy(given), /the server gives no parts of it; nothing was written/);
  assert.deepEqual(bench.bytes(0, 4), Buffer.alloc(4, 0xee));
  const other = Buffer.from(image);
  other[image.length - 3 * 65_536] = ~(other[image.length - 3 * 65_536] ?? 0);
  serve('/tight', image, { second: other });
  await assert.rejects(bench.deploy(given), /not the same when it is downloaded again; the disk was made unbootable/);
});

test('data whose table turns up when they are out of sight make the download begin once more', async (t) => {
  // nine tables of 2 MiB each that lie where a writer leaves them; the last one points to what came before them all
  const perTable = 512;
  const head = clustersOf(CONTENT, 12, () => false).slice(0, 256);
  const filler = Buffer.alloc(4096, 1);
  const body = Array.from({ length: 9 * perTable + 1 - 256 }, (): MadeCluster => ({ kind: 'data', data: filler }));
  const clusters = [...head, ...body];
  const arrange = (parts: readonly MadePart[]): readonly MadePart[] => {
    const early = parts.filter(({ what, index }) => what === 'data' && index === 9 * perTable);
    return [...early, ...parts.filter((part) => !early.includes(part))];
  };
  const made = { virtualBytes: clusters.length * 4096, clusterBits: 12, clusters, arrange };
  const { asked, notes } = await roundTrip(t, made, { size: 48 * MEBIBYTE });
  assert.deepEqual(asked, [undefined, undefined]);
  assert.match(notes.join('\n'), /downloaded once more/);
});

test('a file that ends within its last cluster is whole: the rest of that is zeros', async (t) => {
  const clusters = plain();
  const data = Buffer.alloc(65_536);
  randomBytes(1000).copy(data);
  clusters[47] = { kind: 'data', data };
  const size = 32 * MEBIBYTE;
  await roundTrip(t, { virtualBytes: VIRTUAL, clusters, cut: 60_000 });
  const arrange = (parts: readonly MadePart[]): readonly MadePart[] => {
    const end = parts.filter(({ what, index }) => what === 'data' && index === 47);
    return [...parts.filter((part) => !end.includes(part) && part.what !== 'l1'), ...parts.slice(0, 1), ...end];
  };
  await roundTrip(t, { virtualBytes: VIRTUAL, clusters, cut: 60_000, arrange, unused: FAR }, { size });
});

test('any image that can be made comes out as its guest’s disk, whatever the order of its parts', (t) =>
  anyQcow2(t, 12));
