/** In which form the agent lies in an image. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { formFor } from '../../../../tinycore/image/extensions/agent-form.ts';
import { fileEntry, type Entry } from '../../../../tinycore/image/initrd/entry.ts';

const PLACE = 'lib/modules/6.1.0/kernel/fs/squashfs/squashfs.ko';
const treeWith = (path: string, data: Buffer): Map<string, Entry> => new Map([[path, fileEntry(path, data)]]);

test('the agent is packed with zstd where the base’s squashfs module reads it, and with gzip elsewhere', () => {
  // a module that calls the kernel's zstd names its functions
  const reads = Buffer.from('\x7fELF\0zlib_inflate\0zstd_init_dstream\0');
  const doesNot = Buffer.from('\x7fELF\0zlib_inflate\0zstd\0');
  assert.equal(formFor(treeWith(PLACE, reads)), 'tcz-zstd');
  assert.equal(formFor(treeWith(`${PLACE}.gz`, gzipSync(reads))), 'tcz-zstd');
  assert.equal(formFor(treeWith(`${PLACE}.zst`, zstdCompressSync(reads))), 'tcz-zstd');
  assert.equal(formFor(treeWith(`${PLACE}.gz`, gzipSync(doesNot))), 'tcz-gzip');
  assert.equal(formFor(treeWith(`${PLACE}.gz`, reads)), 'tcz-zstd', 'a name that lies');
  assert.equal(formFor(new Map()), 'tcz-gzip', 'built in: nothing shows it');
});
