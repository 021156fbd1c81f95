import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../platform/process/run.ts';

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

test('a time limit ends the whole process group, grandchildren included', async () => {
  const result = await run(['sh', '-c', 'sleep 60 & sleep 60'], { timeoutMs: 50 });
  assert.equal(result.failure, 'timeout');
});

test('input reaches the program, also when it does not read it', async () => {
  assert.equal((await run(['cat'], { input: 'hello' })).stdout.toString(), 'hello');
  assert.equal((await run(['true'], { input: 'x'.repeat(1_000_000) })).status, 0);
});

test('what a program leaves running is neither waited for nor ended', async () => {
  const result = await run(['sh', '-c', 'while sleep 0.2; do echo late; done & echo $!']);
  const [pid] = result.stdout.toString().split('\n');
  assert.equal(result.status, 0);
  const left = Number(pid);
  try {
    assert.doesNotThrow(() => process.kill(left, 0), 'it lives');
    // and it is not killed by its next lines
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.doesNotThrow(() => process.kill(left, 0), 'it lives on');
  } finally {
    process.kill(left, 'SIGKILL');
  }
});
