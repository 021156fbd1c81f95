import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { PROJECT } from '../../../packaging/project-paths.ts';
import { startDaemon, type Daemon } from '../../../platform/process/daemon.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { until } from '../../helpers/until.ts';

const SUPERVISE = join(PROJECT, 'tinycore/extension/usr/local/lib/razor-mk/supervise');

interface Scene {
  readonly daemon: Daemon;
  readonly text: (name: string) => string;
}

/** A supervised shell script; it is stopped, and its directory removed, in this order. */
async function supervised(t: TestContext, script: string, ...words: string[]): Promise<Scene> {
  const directory = temporaryDirectory();
  const program = join(directory, 'program');
  writeFileSync(program, `#!/bin/sh\ncd '${directory}'\n${script}\n`);
  chmodSync(program, 0o755);
  const [pidfile, log] = [join(directory, 'pid'), join(directory, 'log')];
  const daemon = await startDaemon(['sh', SUPERVISE, pidfile, log, program, ...words]);
  t.after(() => daemon.stop());
  const text = (name: string): string => {
    const path = join(directory, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  return { daemon, text };
}

test('a program that ends is started again, after longer and longer waits, and its output is kept', async (t) => {
  const script = 'echo run >>runs; echo "last words of $#: $*"; exit 7';
  const { daemon, text } = await supervised(t, script, 'run', '--live');
  await until('the third run', () => text('runs').split('\n').length > 3, 30_000);
  assert.equal(text('pid').trim(), String(daemon.pid));
  assert.match(text('log'), /last words of 2: run --live\n/);
  const waits = [...text('log').matchAll(/ended with status 7 after \d s; started again in (\d+) s/g)].map(
    ([, s]) => s,
  );
  assert.deepEqual(waits.slice(0, 2), ['1', '2']);
});

test('on SIGTERM the program is asked to end first, and nothing is left behind', async (t) => {
  const script = 'trap "echo asked >asked; exit 0" TERM; echo $$ >child; while :; do sleep 0.1; done';
  const { daemon, text } = await supervised(t, script);
  await until('the program', () => text('child') !== '');
  process.kill(daemon.pid, 'SIGTERM');
  const { status } = await daemon.exited;
  assert.equal(status, 0);
  assert.equal(text('asked'), 'asked\n');
  assert.equal(text('pid'), '');
  assert.throws(() => process.kill(Number(text('child')), 0), /ESRCH/);
});

test('the kept output is bounded', async (t) => {
  const script = 'head -c 700000 /dev/zero | tr "\\0" x; echo; echo run >>runs; exit 1';
  const { text } = await supervised(t, script);
  await until('the third run', () => text('runs').split('\n').length > 3, 30_000);
  assert.ok(text('log').length < 1_300_000);
  assert.ok(text('log.1').length <= 524_288 && text('log.1').length > 0);
});
