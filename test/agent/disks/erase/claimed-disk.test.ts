import assert from 'node:assert/strict';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Disk } from '../../../../agent/disks/disks.ts';
import { claimDisk, type ClaimedDisk } from '../../../../agent/disks/erase/claimed-disk.ts';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

/** The regular file of so many bytes that stands for a disk. */
function fileDisk(directory: string, name: string, sizeBytes: number): Disk {
  const path = join(directory, name);
  writeFileSync(path, Buffer.alloc(sizeBytes, 0xaa));
  return { name, path, sizeBytes } as Disk;
}

async function claimed(t: TestContext, sizeBytes: number): Promise<{ disk: Disk; held: ClaimedDisk }> {
  const disk = fileDisk(temporaryDirectory(t), 'sda', sizeBytes);
  const held = await claimDisk(disk);
  t.after(() => held.close());
  return { disk, held };
}

async function openFiles(): Promise<string[]> {
  const links = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return await Promise.all(links);
}

const isCommandError = (pattern: RegExp) => (error: unknown) =>
  error instanceof RazorMkError && error.code === 'RAZOR_MK_COMMAND' && pattern.test(error.message);

test('what is written stands at its offset, and nothing else is touched', async (t) => {
  const { disk, held } = await claimed(t, 1000);
  assert.equal(held.disk, disk);
  await held.write(100, Buffer.from('first'));
  await held.write(995, Buffer.from('last!'));
  await held.write(0, Buffer.alloc(0));
  await held.flush();
  const wanted = Buffer.alloc(1000, 0xaa);
  wanted.write('first', 100);
  wanted.write('last!', 995);
  assert.ok(readFileSync(disk.path).equals(wanted));
});

test('exactly as many bytes are read as were asked for, up to the disk’s end', async (t) => {
  const { held } = await claimed(t, 1000);
  await held.write(990, Buffer.from('0123456789'));
  assert.equal((await held.read(992, 3)).toString(), '234');
  assert.equal((await held.read(992, 8)).toString(), '23456789');
  assert.equal((await held.read(1000, 0)).length, 0);
});

test('a disk that ends too early is told with the place where it ends', async (t) => {
  const { disk, held } = await claimed(t, 1000);
  await assert.rejects(held.read(992, 9), isCommandError(/^the disk ends at 1000$/));
  truncateSync(disk.path, 500);
  await assert.rejects(held.read(400, 200), isCommandError(/^the disk ends at 500$/));
});

test('all names of a disk are held until it is closed; without one of them, none is', async (t) => {
  const directory = temporaryDirectory(t);
  const [disk, twin] = [fileDisk(directory, 'sda', 10), fileDisk(directory, 'sdb', 10)];
  const held = await claimDisk(disk, [twin]);
  const open = await openFiles();
  await held.close();
  assert.ok(open.includes(disk.path) && open.includes(twin.path));
  assert.ok(!(await openFiles()).some((path) => path.startsWith(directory)));
  const gone = { ...twin, path: join(directory, 'gone') };
  await assert.rejects(claimDisk(disk, [gone]), isCommandError(/ENOENT/));
  assert.ok(!(await openFiles()).some((path) => path.startsWith(directory)));
  assert.ok(!existsSync(gone.path), 'a name that is gone is not made');
});

test('the bytes of a disk are those of its own name, not of its twin', async (t) => {
  const directory = temporaryDirectory(t);
  const [disk, twin] = [fileDisk(directory, 'sda', 4), fileDisk(directory, 'sdb', 4)];
  const held = await claimDisk(disk, [twin]);
  t.after(() => held.close());
  await held.write(0, Buffer.from('here'));
  assert.equal(readFileSync(disk.path, 'latin1'), 'here');
  assert.ok(readFileSync(twin.path).equals(Buffer.alloc(4, 0xaa)));
});
