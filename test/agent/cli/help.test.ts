import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import yargs from 'yargs';
import { SETTING_GROUPS } from '../../../agent/cli/options.ts';
import { settingNames } from '../../../agent/config/names.ts';
import { SETTING_NAMES } from '../../../agent/config/options/options.ts';
import { SERVERS } from '../../../agent/servers/registry.ts';
import { VERBS } from '../../../agent/verbs.ts';
import { MAIN } from '../../helpers/agent-process.ts';

const help = (...words: string[]): string =>
  execFileSync(process.execPath, [MAIN, ...words, '--help'], { encoding: 'utf8', env: {} });

test('every setting that has an option is in one group of the help', () => {
  const grouped = Object.values(SETTING_GROUPS).flat();
  const withOption = SETTING_NAMES.filter((name) => settingNames(name).option !== undefined);
  assert.deepEqual([...grouped].sort(), [...withOption].sort());
});

test('the help of run has its own options first, then groups, examples, and the kinds of servers', () => {
  const text = help('run');
  const heads = text.split('\n').filter((line) => /^\w.*:$/.test(line));
  assert.deepEqual(heads, [
    'Options:',
    'Files:',
    ...Object.keys(SETTING_GROUPS),
    'Examples:',
    'Kinds of servers (--dialect):',
  ]);
  assert.ok(text.indexOf('--live') < text.indexOf('Files:'));
  for (const { name, description } of SERVERS)
    assert.ok(text.includes(`${name} `) && text.includes(description.slice(0, 20)), name);
});

test('every verb of the agent has two examples, and their options exist', async () => {
  for (const name of ['run', 'discover', 'checkin', 'register', 'status', 'doctor', 'explain-reply', 'deploy']) {
    const verb = await VERBS.find((entry) => entry.name === name)?.load();
    const examples = verb?.examples ?? [];
    assert.equal(examples.length, 2, name);
    const built = verb?.options(yargs([])) as unknown as { getOptions(): { key: Record<string, boolean> } };
    const { key } = built.getOptions();
    for (const [command] of examples) {
      assert.ok(command.startsWith(name), command);
      for (const option of command.match(/(?<=--)[\w-]+/g) ?? []) assert.ok(option in key, command);
    }
  }
});
