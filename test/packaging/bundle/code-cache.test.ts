import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runnerFor } from '../../../packaging/bundle/code-cache.ts';
import { run } from '../../../platform/process/run.ts';
import { ARCHES, PROJECT, type Arch } from '../../../packaging/project-paths.ts';
import { lockedNode } from '../../../packaging/executable/node-binary.ts';

const OTHER: Arch = process.arch === 'arm64' ? 'x64' : 'arm64';

test('a program of this machine’s processor is run as it is', () => {
  assert.deepEqual(runnerFor(process.arch as Arch, '/x/node'), ['/x/node']);
});

test('Node of another processor runs by QEMU’s user emulation, with the libraries that the executable gets', async (t) => {
  const { nodePackage } = ARCHES[OTHER];
  const node = join(PROJECT, 'build/cache', `${nodePackage}-${lockedNode(OTHER).version}`);
  if (!existsSync(node)) return t.skip(`${node} is not there: npm run package -- --arch ${OTHER} fetches it`);
  const runner = runnerFor(OTHER, node);
  if (runner === undefined) return t.skip('qemu-user-static is not installed');
  assert.match(runner[0], /^\/.*\/qemu-\w+/);
  const { stdout } = await run([...runner, '-p', 'process.arch'], { env: { PATH: '/nonexistent' }, timeoutMs: 60_000 });
  assert.equal(stdout.toString().trim(), OTHER);
});
