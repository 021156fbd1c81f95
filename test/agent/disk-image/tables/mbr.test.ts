import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addToMbr, diskSignature, growProtective, isPartitioned } from '../../../../agent/disk-image/tables/mbr.ts';
import { mbrImage } from './tables.ts';

const MIB = 1024 * 1024;
const ENTRIES = 446;

function head(): Buffer {
  return Buffer.from(mbrImage(8192).subarray(0, 512));
}

test('a partition at the end of the disk begins on a whole MiB, whatever the size of the disk and of its sectors', () => {
  for (const sectorBytes of [512, 4096]) {
    for (const extra of [0, sectorBytes, MIB - sectorBytes]) {
      const record = head();
      const request = { bytes: 100_000, diskBytes: 100 * MIB + extra, sectorBytes, name: 'config-2' };
      const { offset, number } = addToMbr(record, request);
      assert.deepEqual([offset, number], [99 * MIB, 2], `${extra} bytes behind the last MiB`);
      assert.equal(record[ENTRIES + 16 + 4], 0x83, 'a Linux partition');
      assert.equal(record.readUInt32LE(ENTRIES + 16 + 8), offset / sectorBytes);
      assert.equal(record.readUInt32LE(ENTRIES + 16 + 12), MIB / sectorBytes, 'whole MiB long');
    }
  }
});

test('a partition may begin right behind the image, and not one sector before its end', () => {
  const request = { bytes: MIB, diskBytes: 5 * MIB, sectorBytes: 512, name: 'config-2' };
  const fits = head();
  fits.writeUInt32LE((4 * MIB) / 512 - 2048, ENTRIES + 12);
  assert.equal(addToMbr(fits, request).offset, 4 * MIB);
  const full = head();
  full.writeUInt32LE((4 * MIB) / 512 - 2048 + 1, ENTRIES + 12);
  assert.throws(() => addToMbr(full, request), {
    code: 'RAZOR_MK_DEPLOY_IMAGE',
    message: /config-2 of 1048576 bytes: there is no room behind the image/,
  });
});

test('the first free entry is taken, and four used ones are an error', () => {
  const request = { bytes: 1, diskBytes: 100 * MIB, sectorBytes: 512, name: 'x' };
  const record = head();
  assert.deepEqual([addToMbr(record, request).number, record[ENTRIES + 16 + 1]], [2, 0xfe]);
  for (const index of [1, 2, 3]) record[ENTRIES + index * 16 + 4] = 0x83;
  assert.throws(() => addToMbr(record, request), /all four entries are used/);
});

test('beyond what 32 bits of sectors can name, the partition lies at the end of what can be named', () => {
  const { offset } = addToMbr(head(), { bytes: MIB, diskBytes: 4 * 1024 ** 4, sectorBytes: 512, name: 'x' });
  assert.equal(offset % MIB, 0);
  assert.ok(offset + MIB <= 0xffffffff * 512 && offset > 0xffffffff * 512 - 3 * MIB, String(offset));
});

test('the disk has an id where one was written, in a record with its signature', () => {
  assert.equal(diskSignature(head()), '0xdeadbeef');
  const small = head();
  small.writeUInt32LE(0xbeef, 440);
  assert.equal(diskSignature(small), '0x0000beef');
  small.writeUInt32LE(0, 440);
  assert.equal(diskSignature(small), undefined);
  assert.equal(diskSignature(head().subarray(0, 511)), undefined);
  assert.equal(diskSignature(Buffer.alloc(512, 1)), undefined);
});

test('a record has partitions where its numbers can be true: random bytes may end in 55 AA too', () => {
  assert.equal(isPartitioned(head()), true);
  const odd = head();
  odd[ENTRIES] = 0x5a;
  assert.equal(isPartitioned(odd), false, 'the state of an entry is 00 or 80');
  const empty = head();
  empty.writeUInt32LE(0, ENTRIES + 12);
  assert.equal(isPartitioned(empty), false);
  const unused = head();
  unused[ENTRIES + 4] = 0;
  assert.equal(isPartitioned(unused), false);
  assert.equal(isPartitioned(Buffer.alloc(512)), false);
});

test('the protective entry of a GPT becomes as long as the disk, at most as long as 32 bits say', () => {
  const record = head();
  record[ENTRIES + 4] = 0xee;
  record.writeUInt32LE(1, ENTRIES + 8);
  growProtective(record, 1000);
  assert.equal(record.readUInt32LE(ENTRIES + 12), 999);
  growProtective(record, 2 ** 33);
  assert.equal(record.readUInt32LE(ENTRIES + 12), 0xffffffff);
  const other = head();
  growProtective(other, 1000);
  assert.deepEqual(other, head(), 'another partition stays as it is');
  const elsewhere = head();
  elsewhere[ENTRIES + 4] = 0xee;
  growProtective(elsewhere, 1000);
  assert.equal(elsewhere.readUInt32LE(ENTRIES + 12), 8192 - 2048, 'nor one that begins elsewhere');
});
