import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createRangeReader, createSums, type Sums } from '../../../../agent/disk-image/qcow2/range-reader.ts';

const MIB = 1024 * 1024;
const FILE = randomBytes(20 * MIB + 100);

function sumsOf(file: Buffer, step = 300_000): Sums {
  const sums = createSums();
  for (let at = 0; at < file.length; at += step) sums.add(file.subarray(at, at + step));
  return sums;
}

/** Opens the file from any place; `opened` are the MiBs from which it was asked for. */
function server(file: Buffer): { opened: number[]; open: (from: number) => Promise<AsyncIterable<Buffer>> } {
  const opened: number[] = [];
  return {
    opened,
    async open(from) {
      opened.push(from / MIB);
      return (async function* () {
        for (let at = from; at < file.length; at += 700_000) yield file.subarray(at, at + 700_000);
      })();
    },
  };
}

test('each MiB of a file is known again, whatever pieces it came in', () => {
  const file = FILE.subarray(0, 2 * MIB + 5);
  for (const step of [1000, MIB, 3 * MIB]) {
    const sums = sumsOf(file, step);
    const part = (index: number): Buffer => file.subarray(index * MIB, (index + 1) * MIB);
    assert.deepEqual(
      [0, 1, 2].map((index) => sums.matches(index, part(index))),
      [true, true, true],
    );
    assert.equal(sums.matches(0, part(1)), false);
    assert.equal(sums.matches(2, file.subarray(2 * MIB, 2 * MIB + 4)), false);
    assert.equal(sums.matches(3, Buffer.alloc(0)), false);
  }
  // a file of whole MiBs has no further one
  assert.equal(sumsOf(FILE.subarray(0, MIB)).matches(1, Buffer.alloc(0)), false);
});

test('any part is read, across MiBs and to the end of the file', async () => {
  const { open } = server(FILE);
  const reader = createRangeReader(open, FILE.length, sumsOf(FILE));
  assert.equal(reader.size, FILE.length);
  for (const [offset, length] of [
    [0, 10],
    [MIB - 5, 10],
    [MIB, MIB],
    [3 * MIB + 1, 2 * MIB],
    [FILE.length - 10, 100],
    [FILE.length, 10],
    [5, 0],
  ] as const)
    assert.ok(
      (await reader.read(offset, length)).equals(FILE.subarray(offset, offset + length)),
      `${offset} ${length}`,
    );
  await reader.close();
});

test('what is near is read on from the same request; what is far, or lies before, is asked for anew', async () => {
  const { open, opened } = server(FILE);
  const reader = createRangeReader(open, FILE.length, sumsOf(FILE));
  const read = async (mib: number): Promise<readonly number[]> => {
    await reader.read(mib * MIB, 1);
    return [...opened];
  };
  assert.deepEqual(await read(0), [0]);
  assert.deepEqual(await read(9), [0]); // eight were passed over
  assert.deepEqual(await read(19), [0, 19]); // nine were not
  assert.deepEqual(await read(9), [0, 19]); // kept
  assert.deepEqual(await read(5), [0, 19, 5]);
  await reader.close();
  assert.deepEqual(await read(6), [0, 19, 5, 6]);
  await reader.close();
});

test('four MiBs are kept', async () => {
  const { open, opened } = server(FILE);
  const reader = createRangeReader(open, FILE.length, sumsOf(FILE));
  for (const mib of [0, 1, 2, 3]) await reader.read(mib * MIB, 1);
  await reader.read(0, 1);
  assert.deepEqual(opened, [0]);
  await reader.read(4 * MIB, 1);
  await reader.read(0, 1);
  assert.deepEqual(opened, [0, 0]);
  await reader.close();
});

test('another file the second time is refused', async () => {
  const other = Buffer.from(FILE);
  other[2 * MIB] = (other[2 * MIB] as number) ^ 1;
  const reader = createRangeReader(server(other).open, FILE.length, sumsOf(FILE));
  await reader.read(0, 10);
  const message = 'the image is not the same when it is downloaded again; the disk was made unbootable';
  await assert.rejects(reader.read(3 * MIB, 1), { code: 'RAZOR_MK_DEPLOY_IMAGE', message }); // it was passed over, and looked at
  const cut = createRangeReader(server(FILE.subarray(0, MIB + 5)).open, FILE.length, sumsOf(FILE));
  await assert.rejects(cut.read(MIB, 10), { message });
});
