import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  bytesFrom,
  bytesInMemory,
  bytesOfFile,
  digestOf,
  openSpool,
  piecesOf,
  type StoredBytes,
} from '../../../../tinycore/image/initrd/stored-bytes.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const MEBIBYTE = 2 ** 20;
const BYTES = randomBytes(200_000);

/** Places at the edges of the 64 KiB that are read at once, and beyond the end. */
const PLACES: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 1],
  [0, 32_768],
  [0, 32_769],
  [10, 20],
  [65_530, 6],
  [65_530, 7],
  [65_536, 65_536],
  [65_500, 100],
  [65_400, 100],
  [70_000, 10],
  [20, 10],
  [199_999, 1],
  [199_999, 5],
  [200_000, 5],
  [0, 300_000],
];

function sameAs(bytes: StoredBytes, expected: Buffer, what: string): void {
  assert.equal(bytes.length, expected.length, what);
  for (const [offset, length] of PLACES)
    assert.ok(
      bytes.at(offset, length).equals(expected.subarray(offset, offset + length)),
      `${what} ${offset} ${length}`,
    );
  assert.equal(digestOf(bytes, 'sha256'), createHash('sha256').update(expected).digest('hex'), what);
}

test('a buffer, a file and parts of both give the same bytes at every place', (t) => {
  const path = join(temporaryDirectory(t), 'file');
  writeFileSync(path, Buffer.concat([Buffer.alloc(777, 1), BYTES, Buffer.alloc(777, 2)]));
  const fd = openSync(path, 'r');
  t.after(() => closeSync(fd));
  const whole = bytesInMemory(BYTES);
  const file = bytesOfFile(fd, 777, BYTES.length);
  sameAs(whole, BYTES, 'buffer');
  sameAs(file, BYTES, 'file');
  for (const [name, bytes] of [
    ['buffer', whole],
    ['file', file],
  ] as const) {
    sameAs(bytesFrom(bytes, 1000), BYTES.subarray(1000), `${name} from 1000`);
    sameAs(
      bytesFrom(bytesFrom(bytes, 1000), 500, 70_000),
      BYTES.subarray(1500, 71_500),
      `part of a part of the ${name}`,
    );
  }
  assert.deepEqual([whole.inMemory, file.inMemory, bytesFrom(file, 5).inMemory], [true, false, false]);
  assert.equal(bytesFrom(whole, 0), whole);
});

test('a file that is shorter than it was said to be gives what it has', (t) => {
  const path = join(temporaryDirectory(t), 'short');
  writeFileSync(path, 'abc');
  const fd = openSync(path, 'r');
  t.after(() => closeSync(fd));
  assert.equal(bytesOfFile(fd, 1, 100).at(0, 100).toString(), 'bc');
  assert.equal(bytesOfFile(fd, 1, 100_000).at(0, 100_000).toString(), 'bc');
});

test('pieces are of 1 MiB, the last one of the rest', () => {
  const bytes = bytesInMemory(Buffer.alloc(2 * MEBIBYTE + 3));
  const lengths = (offset?: number): number[] => [...piecesOf(bytes, offset)].map((piece) => piece.length);
  assert.deepEqual(lengths(), [MEBIBYTE, MEBIBYTE, 3]);
  assert.deepEqual(lengths(2 * MEBIBYTE), [3]);
  assert.deepEqual(lengths(2 * MEBIBYTE + 3), []);
});

test('what is spooled stays in memory up to 16 MiB and goes to a file without a name beyond, in order', () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('razor-mk-image-'));
  for (const [count, inMemory] of [
    [0, true],
    [16, true],
    [17, false],
    [19, false],
  ] as const) {
    const spool = openSpool(64 * MEBIBYTE);
    const expected = createHash('md5');
    for (let at = 0; at < count; at++) {
      const piece = Buffer.alloc(MEBIBYTE, at + 1);
      spool.add(piece);
      expected.update(piece);
    }
    const bytes = spool.done();
    assert.deepEqual([bytes.length, bytes.inMemory], [count * MEBIBYTE, inMemory]);
    assert.equal(digestOf(bytes, 'md5'), expected.digest('hex'), `${count} MiB`);
    const now = readdirSync(tmpdir()).filter((name) => name.startsWith('razor-mk-image-'));
    assert.deepEqual(now, before, 'the file has no name');
    spool.drop();
    assert.ok(
      bytes.at(0, 10).equals(Buffer.alloc(Math.min(10, bytes.length), 1)),
      'giving up afterwards takes nothing away',
    );
  }
});

test('a spool takes its limit and not one byte more, and says so in MiB', () => {
  const spool = openSpool(2 * MEBIBYTE);
  spool.add(Buffer.alloc(2 * MEBIBYTE));
  assert.throws(() => spool.add(Buffer.alloc(1)), {
    code: 'RAZOR_MK_ARCHIVE',
    message: 'it unpacks to more than 2 MiB',
  });
});
