import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { copyData, guestInMemory, guestOn, unpackPieces } from '../../../../agent/disk-image/qcow2/guest-disk.ts';
import type { Qcow2Header } from '../../../../agent/disk-image/qcow2/qcow2-header.ts';
import type { DiskTarget } from '../../../../agent/disk-image/target-disk.ts';

const CLUSTER = 512;
const HEADER = { clusterBytes: CLUSTER, compression: 'zlib' } as unknown as Qcow2Header;

/** A file in memory, with how it was read. */
function reader(file: Buffer): Parameters<typeof copyData>[2] & { readonly reads: number[] } {
  const reads: number[] = [];
  return {
    reads,
    size: file.length,
    read: async (offset: number, length: number) => {
      reads.push(length);
      return file.subarray(offset, offset + length);
    },
  } as unknown as Parameters<typeof copyData>[2] & { readonly reads: number[] };
}

test('the beginning of the disk is left to whoever writes it last', async () => {
  const writes: (readonly [number, string])[] = [];
  const target = {
    write: async (offset: number, data: Buffer) => void writes.push([offset, data.toString()]),
  } as unknown as DiskTarget;
  const disk = guestOn(target, 4);
  await disk.write(0, Buffer.from('abcd'));
  await disk.write(2, Buffer.from('cdEF'));
  await disk.write(4, Buffer.from('GH'));
  await disk.write(100, Buffer.from('x'));
  assert.deepEqual(writes, [
    [4, 'EF'],
    [4, 'GH'],
    [100, 'x'],
  ]);
});

test('in memory only the beginning is kept', async () => {
  const head = Buffer.from('........');
  const disk = guestInMemory(head);
  await disk.write(6, Buffer.from('abcd'));
  await disk.write(8, Buffer.from('x'));
  await disk.write(0, Buffer.from('12'));
  await disk.zero(8, 10);
  await disk.zero(1, 2);
  assert.equal(head.toString('latin1'), '1\0\0...ab');
  await disk.zero(7, 100);
  assert.equal(head.toString('latin1'), '1\0\0...a\0');
});

test('data are copied in parts of a MiB; what a file lacks of its last cluster reads as zeros', async () => {
  const file = Buffer.alloc(1024 * 1024 + 3 * CLUSTER + 100, 0x61);
  const source = reader(file);
  const head = Buffer.alloc(2 * 1024 * 1024, 0x2e);
  const bytes = 1024 * 1024 + 3 * CLUSTER;
  await copyData({ kind: 'data', host: CLUSTER, guest: 10, bytes }, HEADER, source, guestInMemory(head));
  assert.deepEqual(source.reads, [1024 * 1024, 3 * CLUSTER]);
  const missing = CLUSTER - 100;
  assert.equal(head.indexOf(0x61), 10);
  assert.equal(head.indexOf(0), 10 + bytes - missing);
  assert.equal(head.indexOf(0x2e, 10), 10 + bytes);
});

test('a cluster that begins behind the end of the file is damage', async () => {
  const copy = (size: number): Promise<void> =>
    copyData(
      { kind: 'data', host: 0, guest: 0, bytes: 2 * CLUSTER },
      HEADER,
      reader(Buffer.alloc(size)),
      guestInMemory(Buffer.alloc(0)),
    );
  await copy(CLUSTER + 1);
  await assert.rejects(copy(CLUSTER), /it ends at byte 512, and a cluster lies at 512/);
});

test('compressed clusters are unpacked four at a time, and neighbours written at once', async () => {
  const clusters = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => Buffer.alloc(CLUSTER, letter));
  const packed = clusters.map((cluster) => deflateRawSync(cluster));
  const starts = packed.map((_, index) => packed.slice(0, index).reduce((sum, one) => sum + one.length, 0));
  const guests = [0, 1, 3, 4, 5, 6].map((number) => number * CLUSTER);
  const pieces = packed.map((one, index) => ({
    kind: 'compressed' as const,
    host: starts[index] as number,
    hostBytes: one.length + 512,
    guest: guests[index] as number,
    bytes: index === 5 ? 100 : CLUSTER,
  }));
  const writes: (readonly [number, string])[] = [];
  const disk = {
    write: async (guest: number, data: Buffer) =>
      void writes.push([guest / CLUSTER, data.toString().replaceAll(/(.)\1+/g, '$1')]),
    zero: async () => undefined,
  };
  const file = reader(Buffer.concat(packed));
  const lengths: number[] = [];
  await unpackPieces(pieces, HEADER, file, {
    ...disk,
    write: async (guest, data) => (lengths.push(data.length), disk.write(guest, data)),
  });
  assert.deepEqual(writes, [
    [0, 'ab'],
    [3, 'cd'],
    [5, 'ef'],
  ]);
  assert.deepEqual(lengths, [2 * CLUSTER, 2 * CLUSTER, CLUSTER + 100]);
  assert.equal(file.reads.at(-1), packed.at(-1)?.length); // the sectors may end behind the file
  const behind = [{ ...(pieces[0] as (typeof pieces)[number]), host: file.size }];
  await assert.rejects(unpackPieces(behind, HEADER, file, disk), /it ends at byte/);
});
