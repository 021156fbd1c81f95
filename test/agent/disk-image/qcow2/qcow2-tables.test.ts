import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Qcow2Header } from '../../../../agent/disk-image/qcow2/qcow2-header.ts';
import { guestPieces, l2OffsetAt, type Piece } from '../../../../agent/disk-image/qcow2/qcow2-tables.ts';

const CLUSTER = 65_536;
const HEADER: Qcow2Header = {
  version: 3,
  virtualBytes: 100 * CLUSTER,
  clusterBits: 16,
  clusterBytes: CLUSTER,
  l1Offset: 0x30000,
  l1Entries: 1,
  l2Entries: 8192,
  entryBytes: 8,
  granule: CLUSTER,
  compression: 'zlib',
};
const EXTENDED: Qcow2Header = { ...HEADER, entryBytes: 16, l2Entries: 4096, granule: CLUSTER / 32 };

function entries(...values: readonly bigint[]): Buffer {
  const table = Buffer.alloc(8 * values.length);
  values.forEach((value, index) => table.writeBigUInt64BE(value, 8 * index));
  return table;
}

const pieces = (table: Buffer, header = HEADER, guest = 0): readonly Piece[] => [...guestPieces(header, table, guest)];
const COPIED = 1n << 63n;
const at = (cluster: number): bigint => BigInt(cluster * CLUSTER) | COPIED;
const damaged = (action: () => unknown, message: RegExp): void =>
  assert.throws(action, { code: 'RAZOR_MK_DEPLOY_IMAGE', message });

test('where a second table lies', () => {
  const table = entries(0n, at(5), 0x001f_ffff_ffff_0000n, 0x0020_0000_0000_0000n, 0x200n);
  assert.equal(l2OffsetAt(table, 0, HEADER), 0);
  assert.equal(l2OffsetAt(table, 8, HEADER), 5 * CLUSTER);
  assert.equal(l2OffsetAt(table, 16, HEADER), 0x1f_ffff_ffff_0000);
  damaged(() => l2OffsetAt(table, 24, HEADER), /a second table is out of reach/);
  damaged(() => l2OffsetAt(table, 32, HEADER), /a second table lies at 512/);
});

test('neighbours are put together: data that lie one behind the other in the file, and zeros', () => {
  const table = entries(at(5), at(6), at(8), 0n, 1n, at(9) | 1n, at(9));
  assert.deepEqual(pieces(table), [
    { kind: 'data', host: 5 * CLUSTER, guest: 0, bytes: 2 * CLUSTER },
    { kind: 'data', host: 8 * CLUSTER, guest: 2 * CLUSTER, bytes: CLUSTER },
    { kind: 'zero', guest: 3 * CLUSTER, bytes: 3 * CLUSTER },
    { kind: 'data', host: 9 * CLUSTER, guest: 6 * CLUSTER, bytes: CLUSTER },
  ]);
  assert.deepEqual(pieces(Buffer.alloc(0)), []);
});

test('nothing is behind the end of the disk', () => {
  const small = { ...HEADER, virtualBytes: CLUSTER + 512 };
  assert.deepEqual(pieces(entries(at(5), at(6), at(7)), small), [
    { kind: 'data', host: 5 * CLUSTER, guest: 0, bytes: CLUSTER + 512 },
  ]);
  assert.deepEqual(pieces(entries(0n, 0n), { ...HEADER, virtualBytes: CLUSTER }), [
    { kind: 'zero', guest: 0, bytes: CLUSTER },
  ]);
  assert.deepEqual(pieces(entries(0n), HEADER, 7 * CLUSTER), [{ kind: 'zero', guest: 7 * CLUSTER, bytes: CLUSTER }]);
});

test('a compressed cluster has its place and its number of sectors in one field', () => {
  // clusters of 64 KiB: 54 bits of offset, 8 of sectors
  const entry = (host: bigint, sectors: bigint): bigint => (1n << 62n) | (sectors << 54n) | host;
  const piece = { kind: 'compressed', bytes: CLUSTER };
  assert.deepEqual(pieces(entries(entry(0x12345n, 2n), entry(0x8000n, 0n), 0n)), [
    { ...piece, host: 0x12345, hostBytes: 3 * 512 - (0x12345 % 512), guest: 0 },
    { ...piece, host: 0x8000, hostBytes: 512, guest: CLUSTER },
    { kind: 'zero', guest: 2 * CLUSTER, bytes: CLUSTER },
  ]);
  const far = pieces(entries(entry(0x1f_ffff_ffff_ffffn, 255n)))[0];
  assert.deepEqual(far, { ...piece, host: Number.MAX_SAFE_INTEGER, hostBytes: 256 * 512 - 511, guest: 0 });
  damaged(() => pieces(entries(entry(0x20_0000_0000_0000n, 0n))), /a compressed cluster is out of reach/);
});

test('entries that cannot be true are refused', () => {
  damaged(() => pieces(entries(0x200n)), /a cluster lies at 512/);
  damaged(() => pieces(entries(0x0020_0000_0000_0000n)), /a cluster is out of reach/);
  damaged(() => pieces(entries(1n), { ...HEADER, version: 2 }), /a cluster of zeros, which version 2 does not have/);
  damaged(() => pieces(entries(at(5) | 1n, 0n), EXTENDED), /marked as zeros in the old way/);
  damaged(() => pieces(entries(at(5), (1n << 32n) | 1n), EXTENDED), /a subcluster is both allocated and zeros/);
  damaged(() => pieces(entries(0n, 1n), EXTENDED), /subclusters without a cluster/);
});

test('subclusters are data, zeros, or nothing, which reads as zeros', () => {
  const part = CLUSTER / 32;
  assert.deepEqual(pieces(entries(at(5), (0b100n << 32n) | 0b1000_0000_0000_0000_0000_0000_0000_0011n), EXTENDED), [
    { kind: 'data', host: 5 * CLUSTER, guest: 0, bytes: 2 * part },
    { kind: 'zero', guest: 2 * part, bytes: 29 * part },
    { kind: 'data', host: 5 * CLUSTER + 31 * part, guest: 31 * part, bytes: part },
  ]);
  // two clusters, the end of the disk within the second one's third part
  const small = { ...EXTENDED, virtualBytes: CLUSTER + 2 * part + 512 };
  assert.deepEqual(pieces(entries(0n, 0n, at(5), 0b110n), small), [
    { kind: 'zero', guest: 0, bytes: CLUSTER + part },
    { kind: 'data', host: 5 * CLUSTER + part, guest: CLUSTER + part, bytes: part + 512 },
  ]);
});
