import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, after, test } from 'node:test';
import { register, startLabProcess, type LabProcess } from '../helpers/lab-process.ts';
import { MAIN } from '../helpers/razor-mk.ts';
import { openTerminal } from '../helpers/real-terminal.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0;

const dir = temporaryDirectory();
const NODE = '080027AABBCC';
let lab: LabProcess;

before(async () => {
  lab = await startLabProcess();
  await lab.api('POST', '/models', { label: 'bookworm', template: 'debian' });
  await lab.api('POST', '/policies', { label: 'big machines', model: 'bookworm' });
  await register(lab.nodesUrl, NODE, { architecture: 'x86_64' });
  // prints its words, and is the program for nothing but questions of the shells
  const program = join(dir, 'razor-mk');
  writeFileSync(
    program,
    `#!/bin/sh\ncase $1 in --get-completions|completion) exec ${process.execPath} ${MAIN} "$@";; esac\nprintf '<%s>' "$@"; echo\n`,
  );
  chmodSync(program, 0o755);
  mkdirSync(join(dir, 'work'));
  writeFileSync(join(dir, 'work', 'machine-capture.tar.gz'), '');
});

after(async () => await lab.stop());

/** What is typed before Tab, and the words that the program then gets. */
const ASKED: readonly (readonly [typed: string, words: string])[] = [
  ['facts explain serialn', '<facts><explain><serialnumber>'],
  ['run --dialect han', '<run><--dialect><hanlon>'],
  ['run --dialect=han', '<run><--dialect=hanlon>'],
  ['facts --from machine-c', '<facts><--from><machine-capture.tar.gz>'],
  ['lab node explain 0800', `<lab><node><explain><${NODE}>`],
  ['lab policy get big', '<lab><policy><get><big machines>'],
  ['lab policy --lab LAB add --model book', '<lab><policy><--lab><LAB><add><--model><bookworm>'],
];

const SHELLS = {
  bash: { start: 'bash --norc --noprofile -i', load: 'source <(razor-mk completion bash)' },
  zsh: { start: 'zsh -f -i', load: 'source <(razor-mk completion zsh)' },
} as const;

for (const [name, { start, load }] of Object.entries(SHELLS)) {
  const lack = [name, 'script'].find((program) => !has(program));
  test(
    `${name} itself completes names of facts, dialects, files, nodes, policies and models`,
    { skip: lack !== undefined && `${lack} is not installed` },
    async (t) => {
      const { peopleUrl } = lab;
      const env = { PATH: `${dir}:${process.env['PATH'] ?? ''}`, HOME: dir, RAZOR_MK_LAB_URL: peopleUrl, PS1: '> ' };
      const terminal = openTerminal(start, env);
      t.after(() => terminal.close());
      await terminal.shows(/[>#$%] /);
      await terminal.type(`cd ${join(dir, 'work')}; ${load}; echo loaded $((40 + 2))\n`, /loaded 42/);
      for (const [typed, words] of ASKED) {
        const [line, expected] = [typed.replace('LAB', peopleUrl), words.replace('LAB', peopleUrl)];
        // the line is sent behind the completion: both shells read on only when that is done
        const came = await terminal.type(`razor-mk ${line}\t\n`, /<.*>\r?\n/);
        assert.ok(came.includes(expected), `${typed}: ${came}`);
      }
    },
  );
}

test('fish itself completes the same', { skip: !has('fish') && 'fish is not installed' }, () => {
  const config = join(dir, '.config/fish/completions');
  mkdirSync(config, { recursive: true });
  const env = {
    ...process.env,
    PATH: `${dir}:${process.env['PATH'] ?? ''}`,
    HOME: dir,
    XDG_CONFIG_HOME: join(dir, '.config'),
    XDG_DATA_HOME: join(dir, '.local'),
    RAZOR_MK_LAB_URL: lab.peopleUrl,
  };
  const script = spawnSync('razor-mk', ['completion', 'fish'], { env, encoding: 'utf8' }).stdout;
  writeFileSync(join(config, 'razor-mk.fish'), script);
  for (const [typed, words] of ASKED) {
    const line = typed.replace('LAB', lab.peopleUrl);
    const { stdout, stderr } = spawnSync('fish', ['-c', 'complete -C "razor-mk $argv[1]"', line], {
      cwd: join(dir, 'work'),
      env,
      encoding: 'utf8',
    });
    const last = /<([^<]*)>$/.exec(words)?.[1] ?? '';
    // a description may stand behind a tab
    const found = stdout.split('\n').map((each) => each.split('\t')[0]);
    assert.ok(found.includes(last), `${typed}: ${stdout}${stderr}`);
  }
});
