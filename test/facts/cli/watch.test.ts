import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startDaemon } from '../../../platform/process/daemon.ts';
import { RAZOR_MK, WITH_CACHE } from '../../helpers/razor-mk.ts';
import { makeTree } from '../../helpers/tree.ts';
import { until } from '../../helpers/until.ts';

test('facts --watch prints what changes, with the time, and ends by a signal with status 0', async (t) => {
  const root = makeTree(t, { 'proc/meminfo': 'MemTotal: 1048576 kB\n' });
  const lines: string[] = [];
  const words = ['facts', 'memorysize', '--watch', '--interval', '0.1', '--root', root];
  const program = await startDaemon([...RAZOR_MK, ...words], {
    env: WITH_CACHE,
    onLine: (line) => void lines.push(line),
  });
  t.after(() => program.stop());
  await until('the facts', () => lines.length > 0, 30_000);
  assert.match(lines[0] ?? '', /1024\.00 MB|1\.00 GB/);
  writeFileSync(join(root, 'proc/meminfo'), 'MemTotal: 2097152 kB\n');
  await until('the change', () => lines.some((line) => line.startsWith('+')), 30_000);
  const changes = lines.slice(1);
  assert.match(changes[0] ?? '', /^\d{4}-\d\d-\d\dT/);
  assert.match(changes.find((line) => line.startsWith('-')) ?? '', /memorysize.*1/);
  assert.match(changes.find((line) => line.startsWith('+')) ?? '', /memorysize.*2\.00 GB/);
  await program.stop();
  assert.equal((await program.exited).status, 0);
});
