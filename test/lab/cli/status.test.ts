import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDaemon } from '../../../platform/process/daemon.ts';
import { register, startLabProcess } from '../../helpers/lab-process.ts';
import { RAZOR_MK, WITH_CACHE } from '../../helpers/razor-mk.ts';
import { until } from '../../helpers/until.ts';

test('lab log --follow prints what was, then what happens, each once, and ends by a signal; --limit cuts what was', async (t) => {
  const lab = await startLabProcess();
  t.after(() => lab.stop());
  await lab.api('POST', '/models', { label: 'first', template: 'debian' });
  await lab.api('POST', '/models', { label: 'second', template: 'debian' });
  const lines: string[] = [];
  const words = ['lab', 'log', '--follow', '--limit', '1', '--lab', lab.peopleUrl];
  const program = await startDaemon([...RAZOR_MK, ...words], {
    env: WITH_CACHE,
    onLine: (line) => void lines.push(line),
  });
  t.after(() => program.stop());
  const messages = (): string[] => lines.map((line) => String((JSON.parse(line) as { message: string }).message));
  await until('what was', () => lines.length > 0, 30_000);
  assert.deepEqual(messages(), ['model second added']);
  await register(lab.nodesUrl, '0200000000EE', { a: '1' });
  await until('what happens', () => messages().some((message) => message.startsWith('registered')), 30_000);
  assert.equal(messages().filter((message) => message.startsWith('registered')).length, 1);
  await program.stop();
  assert.equal((await program.exited).status, 0);
  const refused = await lab.verb('log', '--limit', '0');
  assert.deepEqual([refused.status, /--limit takes a whole number/.test(refused.err)], [64, true]);
});
