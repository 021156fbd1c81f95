import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Disk } from '../../../../agent/disks/disks.ts';
import { bytesWritten, progressLine, writeMark } from '../../../../agent/servers/ironic-2014/progress.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('one line says sessions, bytes, speed and time left', () => {
  const line = (written: number | undefined, previous: number | undefined, sessions = 2, seconds = 2): string =>
    progressLine({ what: 'done', sessions, written, previous, seconds, secondsLeft: 59.6 });
  assert.equal(line(undefined, undefined), 'waiting for "done": 2 sessions, 60 s left');
  assert.equal(line(5e6, undefined, 1), 'waiting for "done": 1 session, 5 MB written, 60 s left');
  assert.equal(line(undefined, 5e6), 'waiting for "done": 2 sessions, 60 s left');
  assert.equal(line(25e6, 5e6, 0), 'waiting for "done": 0 sessions, 25 MB written, 10.0 MB/s, 60 s left');
  assert.match(line(25e6, 5e6, 1, 0), /, 20000\.0 MB\/s,/);
});

test('a file that stands for a disk has no counter, and its mark is the time of its last change', (t) => {
  const path = join(temporaryDirectory(t), 'disk');
  writeFileSync(path, 'x');
  utimesSync(path, 1000, 1000);
  const disk = { name: 'disk', path } as Disk;
  assert.deepEqual([bytesWritten(disk), writeMark(disk)], [undefined, '1000000']);
  utimesSync(path, 1001, 1001);
  assert.equal(writeMark(disk), '1001000');
  assert.equal(writeMark({ ...disk, path: `${path}.none` }), '');
  const none = { name: 'no-such-disk', path: '/dev/no-such-disk' } as Disk;
  assert.deepEqual([bytesWritten(none), writeMark(none)], [undefined, '']);
});
