import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { completions } from '../../../agent/command-line/complete.ts';
import { helpWords } from '../../../agent/command-line/help-words.ts';
import { usageError } from '../../../agent/command-line/usage.ts';
import { SETTING_GROUPS } from '../../../agent/cli/options.ts';
import { settingNames } from '../../../agent/config/names.ts';
import { SETTING_NAMES } from '../../../agent/config/options/options.ts';
import { SERVERS } from '../../../agent/servers/registry.ts';
import { VERBS } from '../../../agent/verbs.ts';
import type { Host } from '../../../platform/process/verb.ts';
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

const said = async (message: string, ...words: string[]): Promise<string> => {
  const { message: text, remedy } = await usageError(message, words);
  return `${text} | ${remedy}`;
};

test('a mistyped word is answered with what was meant, from the whole tree, and never with a far one', async () => {
  for (const [word, meant] of [
    ['diff', /^unknown verb diff; did you mean facts --diff\?/],
    ['identity', /did you mean facts identity\?/],
    ['redact', /did you mean capture --redact\?/],
    ['replay', /did you mean facts --from CAPTURE, or run --from CAPTURE\?/],
    ['fact', /did you mean facts\?/],
    ['zzzz', /^unknown verb zzzz \| razor-mk --help lists the verbs\.$/],
  ] as const) {
    const text = await said(`Unknown argument: ${word}`, word);
    assert.match(text, meant);
    if (word !== 'zzzz') assert.doesNotMatch(text, /deploy/);
  }
});

test('a refusal names the verb, the option that was meant, or the argument that is missing', async () => {
  assert.equal(
    await said('Unknown argument: formt', 'facts', '--formt'),
    'facts: unknown option --formt; did you mean --format? | See razor-mk help facts.',
  );
  assert.equal(
    await said('Not enough non-option arguments: got 0, need at least 1', 'facts', 'explain'),
    'facts explain: NAME is missing: razor-mk facts explain <name..> | See razor-mk help facts explain.',
  );
  const choices = 'Invalid values:\n  Argument: action, Given: "gte", Choices: "list", "get", "remove"';
  assert.match(await said(choices, 'lab', 'node', 'gte'), /^lab node: action cannot be gte; did you mean get\?/);
});

test('help VERB is VERB --help, and no verb at all is answered with the help', () => {
  assert.deepEqual(helpWords(['help', 'facts', 'explain']), ['facts', 'explain', '--help']);
  const none = spawnSync(process.execPath, [MAIN], { encoding: 'utf8' });
  assert.deepEqual([none.status, none.stdout], [64, '']);
  assert.match(none.stderr, /^razor-mk VERB \[options\][^]*razor-mk help VERB shows/);
});

test('shells complete verbs, options, choices, dialects and names of facts; files are left to them', async () => {
  const host = { env: {}, signal: new AbortController().signal } as unknown as Host;
  for (const [words, expected] of [
    [['fac'], ['facts']],
    [['facts', 'explain', 'seri'], ['serialnumber']],
    [
      ['run', '--dialect', 'ra'],
      ['razor', 'razor-server'],
    ],
    [['lab', 'node', 'exp'], ['explain']],
    [['facts', '--stru'], ['--structured']],
    [['facts', '--from', ''], []],
    [['completion', 'f'], ['fish']],
  ] as const) {
    assert.deepEqual(await completions(words, host), expected, words.join(' '));
  }
  for (const shell of ['bash', 'zsh', 'fish']) {
    assert.match(
      execFileSync(process.execPath, [MAIN, 'completion', shell], { encoding: 'utf8' }),
      /--get-completions/,
    );
  }
});

test('the launcher starts the program from any directory with the clone’s own Node, and passes its status on', () => {
  const launcher = fileURLToPath(new URL('../../../bin/razor-mk.cjs', import.meta.url));
  assert.equal(statSync(launcher).mode & 0o111, 0o111, 'npm link would change its mode');
  const started = (...words: string[]) =>
    spawnSync(process.execPath, [launcher, ...words], { cwd: '/', encoding: 'utf8' });
  assert.deepEqual([started('facts', 'kernel').stdout, started('nosuchverb').status], ['{"kernel":"Linux"}\n', 64]);
});
