import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { ClaimedDisk } from '../../../../agent/disks/erase/claimed-disk.ts';
import { lookAgain, takeEvidence } from '../../../../agent/disks/erase/read-back.ts';

const PLACE = 64 * 1024;
const PIECE = 4096;

interface Bench {
  readonly bytes: Buffer;
  readonly disk: ClaimedDisk;
  readonly writes: number[];
  flushes: number;
}

function bench(bytes: Buffer): Bench {
  const made: Bench = {
    bytes,
    writes: [],
    flushes: 0,
    disk: {
      disk: { sizeBytes: bytes.length } as ClaimedDisk['disk'],
      write: async (offset, data) => {
        made.writes.push(offset);
        Buffer.from(data).copy(bytes, offset);
      },
      read: async (offset, length) => Buffer.from(bytes.subarray(offset, offset + length)),
      flush: async () => void (made.flushes += 1),
      close: async () => undefined,
    },
  };
  return made;
}

test('every place of a small disk is marked and looked at; an erased one has nothing left', async () => {
  const one = bench(Buffer.alloc(3 * PLACE + 1000));
  const evidence = await takeEvidence(one.disk);
  assert.deepEqual(one.writes, [0, PLACE, 2 * PLACE, 3 * PLACE]);
  assert.deepEqual(
    evidence.places.map(({ length }) => length),
    [PLACE, PLACE, PLACE, 1000],
  );
  // nothing was done: of each place the marked piece is what it was
  assert.deepEqual(await lookAgain(one.disk, evidence), { places: 4, unchanged: 4, written: 4, notZero: 4 });
  one.bytes.fill(0);
  assert.deepEqual(await lookAgain(one.disk, evidence), { places: 4, unchanged: 0, written: 0, notZero: 0 });
  one.bytes.fill(0xff);
  assert.deepEqual(await lookAgain(one.disk, evidence), { places: 4, unchanged: 0, written: 0, notZero: 4 });
  randomBytes(one.bytes.length).copy(one.bytes);
  assert.deepEqual(await lookAgain(one.disk, evidence), { places: 4, unchanged: 0, written: 4, notZero: 4 });
  assert.equal(one.flushes, 5);
});

test('old data count by the piece; what was blank proves nothing', async () => {
  const one = bench(Buffer.alloc(2 * PLACE));
  randomBytes(3 * PIECE).copy(one.bytes, PLACE);
  one.bytes.fill(0xff, 3 * PIECE, 4 * PIECE);
  const before = await takeEvidence(one.disk, false);
  assert.deepEqual(one.writes, []);
  assert.deepEqual(await lookAgain(one.disk, before), { places: 2, unchanged: 3, written: 2, notZero: 2 });
  one.bytes.fill(0, PLACE, PLACE + PIECE);
  assert.equal((await lookAgain(one.disk, before)).unchanged, 2);
  one.bytes[PLACE + PIECE + 5] = (one.bytes[PLACE + PIECE + 5] as number) ^ 1;
  assert.equal((await lookAgain(one.disk, before)).unchanged, 1);
});

test('one byte at either end of a place is seen', async () => {
  const one = bench(Buffer.alloc(PLACE + 1));
  const evidence = await takeEvidence(one.disk, false);
  for (const at of [0, PLACE - 1, PLACE]) {
    one.bytes.fill(0);
    one.bytes[at] = 1;
    assert.deepEqual(await lookAgain(one.disk, evidence), { places: 2, unchanged: 0, written: 1, notZero: 1 }, `${at}`);
  }
});

test('of a large disk both ends are looked at whole, and a thousand places between them, in order and once each', async () => {
  const places = 2000;
  // sparse: nothing but what is written is there
  const one = bench(Buffer.alloc(0));
  const disk: ClaimedDisk = {
    ...one.disk,
    disk: { sizeBytes: places * PLACE } as ClaimedDisk['disk'],
    read: async (_, length) => Buffer.alloc(length),
  };
  const offsets = (await takeEvidence(disk, false)).places.map(({ offset }) => offset / PLACE);
  assert.equal(offsets.length, 1024 + 128);
  assert.deepEqual(
    offsets.slice(0, 64),
    Array.from({ length: 64 }, (_, index) => index),
  );
  assert.deepEqual(
    offsets.slice(-64),
    Array.from({ length: 64 }, (_, index) => places - 64 + index),
  );
  assert.equal(new Set(offsets).size, offsets.length);
  assert.deepEqual(
    offsets,
    offsets.toSorted((a, b) => a - b),
  );
});
