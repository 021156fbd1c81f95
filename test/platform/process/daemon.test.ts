import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { startDaemon } from '../../../platform/process/daemon.ts';
import { until } from '../../helpers/until.ts';

test('lines of both streams come as they are printed, and what is written reaches the program', async (t) => {
  const lines: string[] = [];
  const daemon = await startDaemon(['sh', '-c', 'echo up; while read line; do echo "got $line" >&2; done'], {
    onLine: (line, stream) => void lines.push(`${stream}: ${line}`),
  });
  t.after(() => daemon.stop());
  daemon.write('one\n');
  await until('the answer', () => lines.length === 2);
  assert.deepEqual(lines.sort(), ['stderr: got one', 'stdout: up']);
});

test('the environment is clean but for what is given', async (t) => {
  const output = new PassThrough();
  const daemon = await startDaemon(['sh', '-c', 'echo "$GIVEN $HOME $LANG $SHELL_LEVEL"'], {
    env: { GIVEN: 'x' },
    onLine: (line) => void output.write(line),
  });
  t.after(() => daemon.stop());
  const [text] = (await once(output, 'data')) as [Buffer];
  assert.equal(text.toString(), 'x / C ');
  assert.deepEqual(await daemon.exited, { status: 0, signal: undefined });
});

test('a program that does not heed SIGTERM is killed with its group after the grace, and may be stopped twice', async (t) => {
  let ready = false;
  const daemon = await startDaemon(['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 0.05; done'], {
    onLine: () => (ready = true),
  });
  t.after(() => daemon.stop());
  await until('the program', () => ready);
  await daemon.stop(50);
  assert.deepEqual(await daemon.exited, { status: undefined, signal: 'SIGKILL' });
  await daemon.stop();
});

test('a program that is not there is an error that names it', async () => {
  await assert.rejects(startDaemon(['razor-mk-no-such-program']), {
    code: 'RAZOR_MK_RUN',
    message: /^cannot start razor-mk-no-such-program: /,
  });
});
