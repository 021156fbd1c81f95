import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { playDemo } from '../../../lab/demo/demo.ts';
import { startDaemon } from '../../../platform/process/daemon.ts';
import { RAZOR_MK, razorMk, WITH_CACHE } from '../../helpers/razor-mk.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { until } from '../../helpers/until.ts';

test('the demonstration discovers, registers, binds and tells this machine to reboot, as JSON lines with the summary last', async () => {
  const place = temporaryDirectory();
  const result = await razorMk(['demo', '--json'], { env: { TMPDIR: place } });
  assert.equal(result.status, 0, result.err);
  const lines = result.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const summary = lines.at(-1);
  assert.equal(summary?.['event'], 'summary');
  assert.equal(summary['registered'], true);
  assert.equal(summary['bound'], true);
  assert.equal(summary['lastCommand'], 'reboot');
  assert.ok(Number(summary['facts']) > 40, `${String(summary['facts'])} facts`);
  assert.deepEqual(summary['commands'], ['register', 'acknowledge', 'reboot']);
  const told = lines.map((line) => String(line['text'] ?? '')).join('\n');
  for (const step of [/found its server/, /registered with/, /bound to/, /would reboot/]) assert.match(told, step);
  assert.deepEqual(readdirSync(place), [], 'something was left behind');
});

test('an agent that ends at once gives an error that says what it said, and nothing is left running', async () => {
  await assert.rejects(playDemo({ self: ['sh', '-c', 'echo out of paper >&2; exit 3'], tell: () => undefined }), {
    code: 'RAZOR_MK_DEMO',
    message: /the agent ended \(status 3\)[\s\S]*out of paper/,
  });
});

test('an agent that never says anything is waited for a bounded time', async () => {
  await assert.rejects(playDemo({ self: ['sh', '-c', 'sleep 60'], tell: () => undefined, timeoutMs: 300 }), {
    code: 'RAZOR_MK_DEMO',
    message: /not over within 0\.3 s/,
  });
});

test('with --keep lab and agent go on until they are stopped, and the address of the page is printed', async () => {
  let text = '';
  const demo = await startDaemon([...RAZOR_MK, 'demo', '--keep'], {
    env: WITH_CACHE,
    onLine: (line) => void (text += `${line}\n`),
  });
  try {
    await until('the address of the page', () => /page is at/.test(text), 60_000);
    const address = /page is at (http:\/\/127\.0\.0\.1:\d+)\//.exec(text)?.[1];
    assert.ok(address !== undefined, text);
    assert.equal((await fetch(`${address}/`)).status, 200);
  } finally {
    await demo.stop(10_000);
  }
  const { status } = await demo.exited;
  assert.equal(status, 0, text);
});
