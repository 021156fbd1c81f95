import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  commandError,
  JOURNAL_FILE,
  openJournal,
  type CommandJournal,
  type CommandResult,
} from '../../../../../agent/servers/ironic/commands/command-journal.ts';
import { RazorMkError } from '../../../../../platform/errors/errors.ts';
import { CommandFault, createExecutor } from '../../../../../agent/servers/ironic/commands/executor.ts';
import { temporaryDirectory } from '../../../../helpers/temporary-directory.ts';
import type { IronicCommand } from '../../../../../agent/servers/ironic/ironic-options.ts';

const warnings: string[] = [];
const open = (stateDir: string, boot = 'boot-1'): Promise<CommandJournal> =>
  openJournal({ stateDir, boot, warn: (message) => warnings.push(message) });

function command(name: string, status: CommandResult['command_status'], result: unknown = null): CommandResult {
  return { id: name, command_name: name, command_status: status, command_error: null, command_result: result };
}

test('what ran is failed afterwards, what was over is as it was, and only steps keep their results', async (t) => {
  const dir = temporaryDirectory(t);
  const first = await open(dir);
  assert.deepEqual(first.before, []);
  first.write([
    { result: command('get_clean_steps', 'SUCCEEDED', { clean_steps: {} }), step: undefined },
    { result: command('execute_clean_step', 'SUCCEEDED', { clean_step: { step: 'a' } }), step: 'a' },
    { result: command('execute_clean_step', 'RUNNING'), step: 'b' },
  ]);
  assert.equal(statSync(join(dir, JOURNAL_FILE)).mode & 0o777, 0o600);
  const { before } = await open(dir);
  assert.deepEqual(
    before.map(({ result }) => [result.command_status, result.command_result]),
    [
      ['SUCCEEDED', null],
      ['SUCCEEDED', { clean_step: { step: 'a' } }],
      ['FAILED', null],
    ],
  );
  assert.match(before[2]?.result.command_error?.message ?? '', /execute_clean_step \(b\) ran: it was not finished/);
});

test('the commands of another boot are not listed: that ramdisk is gone', async (t) => {
  const dir = temporaryDirectory(t);
  (await open(dir)).write([{ result: command('execute_clean_step', 'RUNNING') }]);
  assert.deepEqual((await open(dir, 'boot-2')).before, []);
});

test('a file that cannot be read never looks like a fresh boot', async (t) => {
  for (const text of ['{"boot":"boot-1","comm', '[]', '']) {
    const dir = temporaryDirectory(t);
    writeFileSync(join(dir, JOURNAL_FILE), text);
    const { before } = await open(dir);
    assert.deepEqual(
      before.map(({ result }) => result.command_status),
      ['FAILED'],
      text,
    );
  }
});

test('a result too long to keep makes the step count as failed after a restart, not as done', async (t) => {
  const dir = temporaryDirectory(t);
  const long = { deploy_step: { args: { configdrive: 'A'.repeat(5 * 2 ** 20) } } };
  (await open(dir)).write([{ result: command('execute_deploy_step', 'SUCCEEDED', long) }]);
  assert.equal((await open(dir)).before[0]?.result.command_status, 'FAILED');
});

test('what cannot be written down is not begun where it changes the machine', async (t) => {
  const dir = temporaryDirectory(t);
  const journal = await open(dir);
  mkdirSync(join(dir, JOURNAL_FILE)); // nothing can be renamed over a directory
  const ran: string[] = [];
  const act = (name: IronicCommand['name'], changesMachine: boolean): IronicCommand => ({
    name,
    async: true,
    changesMachine,
    run: () => Promise.resolve(void ran.push(name)),
  });
  const executor = createExecutor({
    commands: [act('clean.erase', true), act('poll.look', false)],
    journal,
    context: () => ({}) as never,
    warn: () => undefined,
    onStart: () => undefined,
    onEnd: () => undefined,
  });
  assert.throws(
    () => executor.start('clean.erase', {}),
    (error) => error instanceof CommandFault && error.status === 500,
  );
  await executor.start('poll.look', {}).done;
  assert.deepEqual(ran, ['poll.look']);
  assert.deepEqual(
    executor.results().map(({ command_name }) => command_name),
    ['look'],
  );
});

test('a long error goes to the conductor whole, with what to do at its end; an endless one fits into its database', () => {
  const remedy = 'Look at the cables.';
  const details = (length: number): string =>
    commandError(new RazorMkError('RAZOR_MK_COMMAND', `not erased: ${'€'.repeat(length)}.`, { remedy })).details;
  assert.equal(details(5000), `not erased: ${'€'.repeat(5000)}. ${remedy}`);
  assert.ok(details(100_000).startsWith('not erased: ') && details(100_000).endsWith(remedy));
  assert.ok(Buffer.byteLength(details(100_000)) < 60_000, 'TEXT of MySQL has 65,535 bytes');
  assert.equal(commandError(new Error('x'.repeat(5000))).details.length, 5000);
});
