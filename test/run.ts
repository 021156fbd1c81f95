/**
 * npm test: every test file, in a few processes. Files that keep to themselves share four processes (test/helpers/test-groups.ts says
 * which), the others have one each. One verdict: status 1 when anything failed. Words of the command line choose files:
 * `npm test -- agent/loop facts`. `--shuffle`, or `--shuffle=SEED`, takes the files in another order: what passes only behind
 * another file is no test.
 */
import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { randomInt } from 'node:crypto';
import { generator } from './helpers/seeded.ts';
import { testGroups } from './helpers/test-groups.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const NODE = ['--import', './test/helpers/preload.ts', '--test', '--test-timeout=90000'];
/** An open handle keeps a shared process alive; so long it may print nothing, on a busy machine too. One test may take 90 s. */
const SILENT_MS = 5 * 60_000;

interface Ended {
  readonly good: boolean;
  readonly output: string;
}

const words = process.argv.slice(2).filter((word) => !word.startsWith('--shuffle'));
const shuffle = process.argv.slice(2).find((word) => word.startsWith('--shuffle'));
const started = performance.now();
const paths = globSync('test/**/*.test.ts', { cwd: ROOT })
  .sort()
  .filter((path) => words.length === 0 || words.some((word) => path.startsWith(`test/${word.replace(/^test\//, '')}`)));
const { shared, apart } = testGroups(inOrder(paths), (path) => readFileSync(`${ROOT}${path}`, 'utf8'));
const together = shared.map((files) => start(['--test-isolation=none', ...files], false));
const ends: Ended[] = apart.length === 0 ? [] : [await start(['--test-concurrency=1', ...apart], true)];
for (const group of together) {
  const end = await group;
  process.stdout.write(end.output); // one after another, so that nothing is mixed
  ends.push(end);
}
const good = paths.length > 0 && ends.every((end) => end.good);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const counts = ['pass', 'fail', 'skipped'].map((word) => `${count(word)} ${word}`).join(', ');
process.stdout.write(
  `\n${good ? '✔' : '✖'} ${paths.length} test files (${apart.length} in a process of their own), ${counts}, ${seconds} s\n`,
);
process.exitCode = good ? 0 : 1;

/** The files as they are, or in an order by a seed that is printed. */
function inOrder(files: readonly string[]): readonly string[] {
  if (shuffle === undefined) return files;
  const seed = Number(shuffle.split('=')[1] ?? randomInt(2 ** 31));
  const random = generator(seed);
  process.stdout.write(`order of --shuffle=${seed}\n`);
  return files
    .map((file) => ({ file, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ file }) => file);
}

/** The sum of a number that Node's reporter ends with. */
function count(word: string): number {
  return ends
    .flatMap(({ output }) => [...output.matchAll(new RegExp(`^\\S{0,8}ℹ ${word} (\\d+)`, 'gm'))])
    .reduce((sum, match) => sum + Number(match[1]), 0);
}

/** Runs Node's runner with `args`; what it prints is shown as it comes when `live`, and is in the result. */
function start(args: readonly string[], live: boolean): Promise<Ended> {
  const child = spawn(process.execPath, [...NODE, '--test-reporter=spec', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: process.stdout.isTTY ? { ...process.env, FORCE_COLOR: '1' } : process.env,
  });
  let output = '';
  let late = '';
  const limit = setTimeout(() => {
    late = '\nThe process did not end: a test left something open. `node --test` names it when its file runs alone.\n';
    child.kill('SIGKILL');
  }, SILENT_MS);
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    output += piece;
    limit.refresh();
    if (live) process.stdout.write(piece);
  });
  return new Promise((resolve) => {
    child.on('close', (status) => {
      clearTimeout(limit);
      resolve({ good: status === 0, output: output + late });
    });
  });
}
