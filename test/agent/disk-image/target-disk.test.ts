import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openDisk } from '../../../agent/disk-image/target-disk.ts';
import type { Disk } from '../../../agent/disks/disks.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { System } from '../../../platform/system.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const dry = { live: false, change: () => Promise.resolve(undefined) } as unknown as System;

function file(t: TestContext, content: string, more: Partial<Disk> = {}): Disk {
  const path = join(temporaryDirectory(t), 'disk');
  writeFileSync(path, content);
  return { name: 'disk', path, sizeBytes: 1, ...more } as unknown as Disk;
}

const refusal =
  (code: string, words: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof RazorMkError);
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return true;
  };

test('a file stands for a disk, in a dry run too: its size is its own, its sectors have 512 bytes', async (t) => {
  const disk = file(t, 'a'.repeat(1000));
  const target = await openDisk(disk, dry);
  t.after(() => target.close());
  assert.deepEqual([target.sizeBytes, target.sectorBytes], [1000, 512]);
  await target.write(990, Buffer.from('0123456789'));
  await target.sync();
  assert.equal(readFileSync(disk.path, 'latin1').slice(985), 'aaaaa0123456789');
  assert.equal((await target.read(988, 4)).toString(), 'aa01');
  const into = Buffer.alloc(4);
  assert.equal((await target.read(996, 4, into)).buffer, into.buffer);
  assert.equal((await target.read(998, 4)).toString(), '89');
});

test('nothing is written beyond the end', async (t) => {
  const disk = file(t, 'aaaa');
  const target = await openDisk(disk, dry);
  t.after(() => target.close());
  await target.write(0, Buffer.from('bbbb'));
  await assert.rejects(
    target.write(1, Buffer.from('cccc')),
    refusal('RAZOR_MK_DEPLOY_IMAGE', /has 4 bytes, and the image is longer than that$/),
  );
  assert.equal(readFileSync(disk.path, 'latin1'), 'bbbb');
});

test('a disk that is refused, that is not there or is something else is not opened', async (t) => {
  await assert.rejects(
    openDisk(file(t, '', { refused: 'it is mounted' }), dry),
    refusal('RAZOR_MK_DEPLOY_DISK', /: it is mounted$/),
  );
  const missing = { ...file(t, ''), path: '/no/such/disk' };
  await assert.rejects(openDisk(missing, dry), refusal('RAZOR_MK_DEPLOY_DISK', /^\/no\/such\/disk: ENOENT/));
  const directory = join(temporaryDirectory(t), 'directory');
  mkdirSync(directory);
  await assert.rejects(
    openDisk({ ...missing, path: directory }, dry),
    refusal('RAZOR_MK_DEPLOY_DISK', /: it is neither a disk nor a regular file$/),
  );
  await assert.rejects(
    openDisk({ ...missing, path: '/dev/null' }, dry),
    refusal('RAZOR_MK_DEPLOY_DISK', /: it is neither a disk/),
  );
});
