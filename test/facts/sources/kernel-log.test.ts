import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readKernelLog } from '../../../facts/sources/kernel-log.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

// own process: the reader keeps the first log that it opened for as long as the process lives

test('of the kernel’s log the texts about firmware are kept, without what stands before and below them', (t) => {
  // one record, as /dev/kmsg gives it; the file stays open, and the next reading has only what is new
  const path = join(temporaryDirectory(t), 'kmsg');
  const text = (): string => readKernelLog(path).bytes?.toString('latin1') ?? '';
  writeFileSync(
    path,
    '4,812,9107711,-;bnx2 0000:02:00.0: Direct firmware load for bnx2/a.fw failed with error -2\n SUBSYSTEM=pci\n',
  );
  assert.equal(text(), 'bnx2 0000:02:00.0: Direct firmware load for bnx2/a.fw failed with error -2\n');
  appendFileSync(path, '6,813,9107712,-;eth0: link is up\n DEVICE=firmware\n');
  assert.equal(text().split('\n').length, 2, 'not of a line below the text');
  appendFileSync(path, '3,814,9107713,-;Failed to load Firmware x;y\n');
  assert.equal(text().split('\n')[1], 'Failed to load Firmware x;y');
});
