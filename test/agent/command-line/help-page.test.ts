import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { completions } from '../../../agent/command-line/complete.ts';
import { helpWords } from '../../../agent/command-line/help-words.ts';
import { helpPage } from '../../../agent/command-line/help-page.ts';
import { namesIn, tableOf } from '../../../agent/command-line/option-table.ts';
import { allVerbs } from '../../../agent/command-line/parser.ts';
import { usageError } from '../../../agent/command-line/usage.ts';
import { SETTING_GROUPS } from '../../../agent/cli/options.ts';
import { settingNames } from '../../../agent/config/names.ts';
import { SETTING_NAMES } from '../../../agent/config/options/options.ts';
import { SERVERS } from '../../../agent/servers/registry.ts';
import type { Host } from '../../../platform/process/verb.ts';
import { commandLine } from '../../helpers/command-line.ts';
import { razorMk } from '../../helpers/razor-mk.ts';
import { until } from '../../helpers/until.ts';

const help = async (...words: string[]): Promise<string> => (await commandLine([...words, '--help'])).out;

test('every setting that has an option is in one group of the help', () => {
  const grouped = Object.values(SETTING_GROUPS).flat();
  const withOption = SETTING_NAMES.filter((name) => settingNames(name).option !== undefined);
  assert.deepEqual([...grouped].sort(), [...withOption].sort());
});

test('the help of run has its own options first, then groups, examples, and the kinds of servers', async () => {
  const text = await help('run');
  const heads = text.split('\n').filter((line) => /^\w.*:$/.test(line));
  assert.deepEqual(heads, [
    'Options:',
    ...Object.keys(SETTING_GROUPS),
    'Files:',
    'Examples:',
    'Kinds of servers (--dialect):',
  ]);
  assert.ok(text.indexOf('--live') < text.indexOf('Server:'));
  assert.match(text, /--checkin-interval, --interval SECONDS[^]*?\[default: 60\]/);
  for (const { name, description } of SERVERS)
    assert.ok(text.includes(`${name} `) && text.includes(description.slice(0, 20)), name);
});

test('the help of a verb shows the settings that it uses, and takes the others', async () => {
  const text = await help('discover');
  const shown = [...text.matchAll(/^ +--([\w-]+)/gm)].map((match) => match[1]);
  assert.ok(shown.includes('server') && shown.includes('resolv-conf'));
  for (const unused of ['watchdog', 'ntp', 'api-port', 'loop-limit', 'root'])
    assert.ok(!shown.includes(unused), unused);
  const options = ['--watchdog', 'off', '--next-server-file', '/none', '--resolv-conf', '/dev/null'];
  const { status, err } = await commandLine(['discover', '--server', '192.0.2.1', ...options]);
  assert.deepEqual([status, err], [0, '']);
});

/** Verbs that only hold others (defineGroup): there is nothing to show of them. */
const GROUPS = ['image', 'lab database', 'lab secrets'];

test('every verb has two to four examples whose verbs and options exist, and every value has a word', async () => {
  for (const { path, module, below } of await allVerbs()) {
    const name = path.join(' ');
    if (module === undefined || (below.length > 0 && GROUPS.includes(name))) continue;
    const examples = module.examples ?? [];
    assert.ok(examples.length >= 2 && examples.length <= 4, `${name} has ${examples.length} examples`);
    const { options } = tableOf(module);
    for (const [command] of examples) {
      assert.ok(command.startsWith(name), command);
      for (const option of command.match(/(?<= --)(?:no-)?[\w-]+/g) ?? [])
        assert.ok(namesIn({ options, words: [] }).includes(option.replace(/^no-/, '')), `${name}: --${option}`);
    }
    for (const row of options.filter(({ choices }) => choices.length === 0))
      assert.doesNotMatch(row.value ?? '', /^(TEXT|NUMBER)$/, `${name} --${row.name} (value-words.ts)`);
  }
});

test('no line of a help is wider than the terminal, but for examples', async () => {
  for (const verb of await allVerbs())
    for (const columns of [80, 200]) {
      const text = (await helpPage(verb, columns)).split('\nExamples:')[0] ?? '';
      for (const line of text.split('\n')) assert.ok([...line].length <= Math.min(100, columns), line);
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

test('a word or an option that another verb has leads there', async () => {
  assert.match(
    await said('Unknown argument: identity', 'lab', 'identity'),
    /unknown word identity; did you mean facts identity\?/,
  );
  assert.match(
    await said('Unknown argument: redact', 'facts', '--redact'),
    /unknown option --redact; did you mean capture --redact\?/,
  );
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

test('help VERB is VERB --help, and no verb at all is answered with the help', async () => {
  assert.deepEqual(helpWords(['help', 'facts', 'explain']), ['facts', 'explain']);
  assert.deepEqual(helpWords(['facts', '-h', '--all']), ['facts', '-h', '--all']);
  assert.equal(helpWords(['image', 'edit', '--', '--help']), undefined);
  const wrong = await commandLine(['help', 'fact']);
  assert.deepEqual([wrong.status, /did you mean facts\?/.test(wrong.err)], [64, true]);
  const none = await razorMk([]);
  assert.deepEqual([none.status, none.out], [64, '']);
  assert.match(none.err, /^razor-mk VERB \[options\][^]*razor-mk help VERB shows/);
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
    [['run', '--dialect=ha'], ['--dialect=hanlon']],
    [['help', 'lab', 'pol'], ['policy']],
    [['lab', 'image', 'add', ''], []],
    [['discover', '--watch'], []],
  ] as const) {
    assert.deepEqual(await completions(words, host), expected, words.join(' '));
  }
  for (const shell of ['bash', 'zsh', 'fish']) {
    assert.match((await commandLine(['completion', shell])).out, /--get-completions/);
  }
});

test('the launcher starts the program from any directory with the clone’s own Node, and passes its status on', () => {
  const launcher = fileURLToPath(new URL('../../../bin/razor-mk.cjs', import.meta.url));
  assert.equal(statSync(launcher).mode & 0o111, 0o111, 'npm link would change its mode');
  const started = (...words: string[]) =>
    spawnSync(process.execPath, [launcher, ...words], { cwd: '/', encoding: 'utf8' });
  assert.deepEqual([started('facts', 'kernel').stdout, started('nosuchverb').status], ['{"kernel":"Linux"}\n', 64]);
});

test('under npx the program ends when the shell that npx started ends', async (t) => {
  const launcher = fileURLToPath(new URL('../../../bin/razor-mk.cjs', import.meta.url));
  const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);
  // npx puts a shell in between
  const lab = `'${process.execPath}' '${launcher}' lab --port 0 --image-port 0 --people-port 0 & echo $!; wait`;
  const shell = spawn('sh', ['-c', lab], {
    env: { ...process.env, npm_command: 'exec' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  shell.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  await until('the lab', () => said.includes('page '), 60_000);
  const pid = Number(said.split('\n')[0]);
  t.after(() => alive(pid) && process.kill(pid, 'SIGTERM'));
  shell.kill('SIGTERM');
  await until('the end of the launcher', () => !alive(pid), 30_000);
  assert.match(said, /\nstopped\n$/, 'and the lab has ended in order before it');
});
