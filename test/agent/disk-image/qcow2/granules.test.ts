import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGranules } from '../../../../agent/disk-image/qcow2/granules.ts';

const GRANULE = 512;
type Piece = readonly [guest: number, bytes: number];

function gapsOf(total: number, written: readonly Piece[]): Piece[] {
  const granules = createGranules(total, GRANULE);
  for (const [guest, bytes] of written) granules.mark(guest, bytes);
  return [...granules.gaps()].map(({ guest, bytes }) => [guest, bytes]);
}

test('of a disk on which nothing was written all is one gap, of one that was written whole none', () => {
  assert.deepEqual(gapsOf(20 * GRANULE, []), [[0, 20 * GRANULE]]);
  assert.deepEqual(gapsOf(20 * GRANULE, [[0, 20 * GRANULE]]), []);
  assert.deepEqual(gapsOf(0, []), []);
});

test('gaps lie before, between and behind what was written, also across the bounds of eight granules', () => {
  const written: Piece[] = [
    [7 * GRANULE, 2 * GRANULE],
    [16 * GRANULE, GRANULE],
  ];
  assert.deepEqual(gapsOf(20 * GRANULE, written), [
    [0, 7 * GRANULE],
    [9 * GRANULE, 7 * GRANULE],
    [17 * GRANULE, 3 * GRANULE],
  ]);
});

test('pieces in any order, and twice, are one', () => {
  const written: Piece[] = [
    [3 * GRANULE, GRANULE],
    [GRANULE, GRANULE],
    [2 * GRANULE, GRANULE],
    [GRANULE, GRANULE],
  ];
  assert.deepEqual(gapsOf(5 * GRANULE, written), [
    [0, GRANULE],
    [4 * GRANULE, GRANULE],
  ]);
});

test('a disk that ends inside a granule has a gap of that many bytes, and a last piece that is shorter', () => {
  const total = 8 * GRANULE + 100;
  assert.deepEqual(gapsOf(total, [[0, 8 * GRANULE]]), [[8 * GRANULE, 100]]);
  assert.deepEqual(gapsOf(total, [[8 * GRANULE, 100]]), [[0, 8 * GRANULE]]);
});

test('a piece of no bytes marks nothing', () => {
  assert.deepEqual(gapsOf(2 * GRANULE, [[GRANULE, 0]]), [[0, 2 * GRANULE]]);
});
