// own process: writing to files is replaced
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs, { readdirSync, readlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';
import { compress } from '../../../../tinycore/image/initrd/compress.ts';

/** The file without a name behind a descriptor; undefined for any other. */
function spoolOf(fd: number | string): string | undefined {
  try {
    const path = readlinkSync(`/proc/self/fd/${fd}`);
    return path.includes('razor-mk-image-') ? path : undefined;
  } catch {
    return undefined; // closed since
  }
}

test('what xz packs and finds no room is given up, with the file that it was written to', async (t) => {
  const write = fs.writeSync.bind(fs);
  const spools: string[] = [];
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  t.mock.method(fs, 'writeSync', (fd: number, bytes: Buffer, offset: number) => {
    const spool = spoolOf(fd);
    if (spool === undefined) return write(fd, bytes, offset);
    spools.push(spool);
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  });
  syncBuiltinESMExports();
  // more than is kept in memory
  await assert.rejects(compress(randomBytes(17 * 1024 * 1024), 'xz', true), { code: 'ENOSPC' });
  assert.equal(spools.length, 1);
  const open = readdirSync('/proc/self/fd').flatMap((fd) => spoolOf(fd) ?? []);
  assert.deepEqual(open, []);
});
