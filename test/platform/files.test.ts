import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCapped, replaceFile } from '../../platform/files.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const dir = temporaryDirectory();

test('a file is replaced whole and nothing is left beside it', () => {
  const path = join(dir, 'state');
  writeFileSync(path, 'old');
  replaceFile(path, 'new');
  assert.equal(readFileSync(path, 'utf8'), 'new');
  assert.deepEqual(readdirSync(dir), ['state']);
});

test('a replacement that fails keeps the old file and names the path', () => {
  assert.throws(() => replaceFile(join(dir, 'absent', 'state'), 'new'), {
    code: 'RAZOR_MK_FILE_UNWRITABLE',
    message: /absent/,
  });
});

test('a capped read gives the first bytes, and undefined for a file that is not there', async () => {
  writeFileSync(join(dir, 'long'), 'x'.repeat(5000));
  assert.equal((await readCapped(join(dir, 'long'), 100))?.length, 100);
  assert.equal(await readCapped(join(dir, 'nothing'), 100), undefined);
  await assert.rejects(readCapped(dir, 100), { code: 'RAZOR_MK_FILE_UNREADABLE' });
});

test('a capped read is whole at every length, and takes memory by the file and not by the limit', async () => {
  const path = join(dir, 'grown');
  const bytes = randomBytes(100_000);
  for (const length of [0, 1, 16_383, 16_384, 16_385, 32_768, 65_537, 100_000]) {
    writeFileSync(path, bytes.subarray(0, length));
    for (const limit of [0, 1, 16_384, 32_768, 50_000, 2 ** 30]) {
      const read = (await readCapped(path, limit)) ?? assert.fail();
      assert.ok(read.equals(bytes.subarray(0, Math.min(length, limit))), `${length} bytes, limit ${limit}`);
      assert.ok(
        read.buffer.byteLength <= 16_384 + 2 * length,
        `${length} bytes, limit ${limit}: ${read.buffer.byteLength}`,
      );
    }
  }
});
