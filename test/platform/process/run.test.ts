import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../../platform/process/run.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { until } from '../../helpers/until.ts';

test('a program gets its argv as it stands, no shell, and a clean environment', async () => {
  const result = await run(['printf', '%s', '$HOME; rm -rf x']);
  assert.equal(result.stdout.toString(), '$HOME; rm -rf x');
  assert.equal(result.status, 0);
  process.env['RAZOR_MK_TEST_LEAK'] = 'leak';
  assert.doesNotMatch((await run(['env'])).stdout.toString(), /leak/);
  delete process.env['RAZOR_MK_TEST_LEAK'];
});

test('a program that is not there, hangs or prints for ever gives a result that says so', async () => {
  assert.equal((await run(['razor-mk-no-such-program'])).failure, 'not-found');
  assert.equal((await run(['sleep', '60'], { timeoutMs: 50 })).failure, 'timeout');
  const endless = await run(['yes'], { outputLimit: 10_000 });
  assert.equal(endless.failure, 'output-limit');
  assert.equal(endless.stdout.length, 10_000);
});

test('a time limit ends the whole process group, grandchildren included', async (t) => {
  let grandchild = NaN;
  // a busy machine may need more than the first limit to start the shell
  for (let timeoutMs = 50; Number.isNaN(grandchild) && timeoutMs < 10_000; timeoutMs *= 2) {
    const result = await run(['sh', '-c', 'sleep 60 & echo $!; sleep 60'], { timeoutMs });
    assert.deepEqual([result.failure, result.status, result.signal], ['timeout', undefined, 'SIGKILL']);
    grandchild = Number.parseInt(result.stdout.toString(), 10);
  }
  t.after(() => isRunning(grandchild) && process.kill(grandchild, 'SIGKILL'));
  await until('the end of the grandchild', () => !isRunning(grandchild));
});

test('an abort ends the program, also one that came before it was started', async () => {
  const controller = new AbortController();
  const running = run(['sh', '-c', 'echo up; sleep 60'], {
    signal: controller.signal,
    onStdout: () => controller.abort(),
  });
  assert.equal((await running).failure, 'aborted');
  assert.equal((await run(['sleep', '60'], { signal: AbortSignal.abort() })).failure, 'aborted');
});

test('stdout and stderr are kept apart, the first end is the status, and output of exactly the limit is no failure', async () => {
  const result = await run(['sh', '-c', 'echo out; echo err >&2; exit 7']);
  assert.deepEqual(
    [result.stdout.toString(), result.stderr.toString(), result.status, result.failure],
    ['out\n', 'err\n', 7, undefined],
  );
  const exact = await run(['printf', '12345'], { outputLimit: 5 });
  assert.deepEqual([exact.failure, exact.stdout.toString()], [undefined, '12345']);
  const more = await run(['printf', '123456'], { outputLimit: 5 });
  assert.deepEqual([more.failure, more.status, more.stdout.toString()], ['output-limit', undefined, '12345']);
  const errors = await run(['sh', '-c', 'printf 123456 >&2'], { outputLimit: 5 });
  assert.deepEqual([errors.failure, errors.stderr.length], ['output-limit', 5]);
});

test('a program that is there and cannot be started says so', async (t) => {
  const path = join(temporaryDirectory(t), 'program');
  writeFileSync(path, 'no program', { mode: 0o644 });
  const { failure, status } = await run([path]);
  assert.deepEqual([failure, status], ['not-started', undefined]);
});

test('input reaches the program, also when it does not read it', async () => {
  assert.equal((await run(['cat'], { input: 'hello' })).stdout.toString(), 'hello');
  assert.equal((await run(['true'], { input: 'x'.repeat(1_000_000) })).status, 0);
});

test('what a program leaves running is neither waited for nor ended', async (t) => {
  const beats = join(temporaryDirectory(t), 'beats');
  const result = await run(['sh', '-c', `while sleep 0.02; do echo late; echo >>${beats}; done & echo $!`]);
  const left = Number.parseInt(result.stdout.toString(), 10);
  t.after(() => process.kill(left, 'SIGKILL'));
  assert.deepEqual([result.status, result.failure], [0, undefined]);
  assert.ok(isRunning(left), 'it lives');
  const size = (): number => (existsSync(beats) ? statSync(beats).size : 0);
  const before = size();
  await until('its next lines, which must not kill it', () => size() > before + 2);
  assert.ok(isRunning(left), 'it lives on');
});

/** Whether a process is there and has not ended; one that nobody waited for yet has. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
