/**
 * npm run test:mutants [-- --known] [--sample N] [--seed S] [--room ROOM] [--minutes M] [--seconds T] [--jobs J] [--nice N] [--list] [--unexecuted]
 * npm run test:mutants -- --file FILE,FILE [--tests K]: every mutant of these files (or of all below folders), against the K nearest tests
 *
 * Small changes are made to the program, one at a time, in a copy of the tree, and the tests of `npm test` that
 * execute the changed place must notice. Without options the named mutants of known-mutants.ts run, then a random sample of 60. Ends with status 1 when a
 * named mutant survives, or more than 10 % of the sample. docs: CONTRIBUTING.md, "Mutants".
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { run } from '../../platform/process/run.ts';
import type { Coverage } from './coverage.ts';
import { importGraph, type ImportGraph } from './import-graph.ts';
import { isEquivalent } from './equivalent-mutants.ts';
import { judge, survivorsOf, type Case, type JudgeOptions, type Outcomes } from './judge.ts';
import { KNOWN, locate } from './known-mutants.ts';
import { mutantsOf, type Mutant } from './operators.ts';
import { drawSample } from './sample.ts';
import { copyTree, INSIDE, sandboxed } from './sandbox.ts';
import { testRunner, type Outcome, type TestRunner } from './test-runner.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');
const ROOMS = ['platform', 'agent', 'facts', 'packaging', 'tinycore', 'lab'];
const ALLOWED_SHARE = 0.1;

const { values } = parseArgs({
  options: {
    known: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    unexecuted: { type: 'boolean', default: false },
    sample: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000) % 100_000) },
    room: { type: 'string', default: '' },
    minutes: { type: 'string', default: '20' },
    file: { type: 'string' },
    tests: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '40' },
    nice: { type: 'string', default: '10' },
    jobs: { type: 'string', default: String(Math.max(1, Math.min(4, availableParallelism()))) },
  },
});

const inside = process.env[INSIDE];
if (inside !== undefined) process.once('SIGTERM', () => process.exit(143)); // the first process of a namespace has no other
if (inside === undefined) process.exitCode = await outside();
// a mutant may have left something that does not end
else process.exit(await measure(inside));

/** Makes the copies and starts this program again in a sandbox. */
async function outside(): Promise<number> {
  if (values.list) return list();
  if (process.getuid?.() !== 0) {
    process.stderr.write('test:mutants needs root, for namespaces in which a mutant cannot change this machine.\n');
    return 69;
  }
  const directory = `/var/tmp/razor-mk-mutants-${process.pid}`;
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  try {
    for (let index = 0; index <= Number(values.jobs); index++)
      await copyTree(PROJECT, join(directory, `tree-${index}`));
    mkdirSync(join(directory, 'tmp'));
    if (values.file === undefined) setPriority(Number(values.nice));
    const tree = join(directory, 'tree-0');
    const node = join(tree, process.execPath.slice(PROJECT.length));
    const program = process.execPath.startsWith(PROJECT) ? node : process.execPath;
    const words = process.argv.slice(2).concat('--seed', values.seed);
    const argv = sandboxed(directory, PROJECT, [program, join(tree, 'test/mutants/run.ts'), ...words]);
    const ended = await run(argv, {
      cwd: directory,
      timeoutMs: (Number(values.minutes) + 5) * 60_000,
      signal: stop.signal,
      env: { [INSIDE]: directory, PATH: `${dirname(program)}:${process.env['PATH']}` },
      onStdout: (piece) => void process.stdout.write(piece),
    });
    process.stderr.write(ended.stderr);
    return ended.status ?? 70;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs the cases in the copies below `directory`. */
async function measure(directory: string): Promise<number> {
  const trees = Array.from({ length: Number(values.jobs) + 1 }, (_, index) => join(directory, `tree-${index}`));
  const [tree = ''] = trees;
  const paths = await sourcesIn(tree);
  const tests = paths.filter((path) => path.startsWith('test/') && path.endsWith('.test.ts'));
  const graph = importGraph(tree, paths, tests);
  const cache = join(directory, 'cache');
  const runner = testRunner({ untouched: tree, cache, graph, patienceMs: Number(values.seconds) * 1000 });
  const deadline = performance.now() + Number(values.minutes) * 60_000;
  const bench = { copies: trees.slice(1), graph, runTests: runner.runTests, deadline };
  try {
    if (values.unexecuted) return await unexecuted(tree, mutantsIn(tree, paths, values.room), graph, runner);
    if (values.file !== undefined) {
      const mutants = values.file.split(',').flatMap((prefix) => mutantsIn(tree, paths, prefix));
      return await wholeFile(tree, mutants, bench);
    }
    return await sampled(tree, mutantsIn(tree, paths, values.room), runner, bench);
  } finally {
    runner.stop();
  }
}

type Bench = Omit<JudgeOptions, 'coverage' | 'report'>;

function asCase(mutant: Mutant): Case {
  return { name: mutant.operator, mutant };
}

/** The named mutants, and a random sample. */
async function sampled(tree: string, all: readonly Mutant[], runner: TestRunner, bench: Bench): Promise<number> {
  const found = KNOWN.filter(({ file }) => file.startsWith(values.room)).map((one) => locate(tree, one));
  const lost = found.filter((one) => typeof one === 'string');
  for (const reason of lost) process.stdout.write(`LOST     ${reason}\n`);
  const wantsKnown = values.known || values.sample === undefined;
  const known = wantsKnown ? found.filter((one) => typeof one !== 'string').map(asCase) : [];
  const count = values.known && values.sample === undefined ? 0 : Number(values.sample ?? 60);
  const sample = drawSample(all, count, Number(values.seed)).map(asCase);
  const reaching = new Set([...known, ...sample].flatMap(({ mutant }) => bench.graph.testsOf(mutant.file)));
  process.stdout.write(`${reaching.size} test files reach the files of the mutants: what does each execute?\n`);
  const started = performance.now();
  const coverage = await runner.measure([...reaching], Number(values.jobs));
  process.stdout.write(`measured in ${((performance.now() - started) / 1000).toFixed(0)} s\n\n`);
  const options = { ...bench, coverage, report: (one: Case, outcome: Outcome) => report(tree, one, outcome) };
  const knownOutcomes = await judge(known, options);
  if (wantsKnown) process.stdout.write(`\nnamed mutants: ${counted(knownOutcomes)}\n\n`);
  const outcomes = await judge(sample, options);
  if (count > 0) {
    process.stdout.write(
      `\nsample of ${outcomes.size} out of ${all.length} mutants, seed ${values.seed}: ${counted(outcomes)}\n`,
    );
    process.stdout.write(byRoom(outcomes));
    if (outcomes.size < count) process.stdout.write(`the time was over: ${count - outcomes.size} were not run\n`);
  }
  // of mutants that were not run nothing is known, so a sample that was cut short is no success
  const bad = outcomes.size < sample.length || survivorsOf(outcomes) > outcomes.size * ALLOWED_SHARE;
  return lost.length > 0 || survivorsOf(knownOutcomes) > 0 || bad ? 1 : 0;
}

/** All mutants of one file, or of the files of a folder, against the nearest tests of each. */
async function wholeFile(tree: string, mutants: readonly Mutant[], bench: Bench): Promise<number> {
  const nearest = Number(values.tests);
  const coverage: Coverage = {
    executed: (test, file) => (bench.graph.testsOf(file).indexOf(test) < nearest ? undefined : false),
    duration: () => 0,
  };
  const show = (one: Case, outcome: Outcome): void => {
    if (outcome.verdict !== 'killed') report(tree, one, outcome);
  };
  for (const [file, inFile] of Map.groupBy(mutants, (mutant) => mutant.file)) {
    const outcomes = await judge(inFile.map(asCase), { ...bench, coverage, report: show });
    process.stdout.write(`${file}: ${counted(outcomes)}\n`);
  }
  return 0;
}

function byRoom(outcomes: Outcomes): string {
  const rooms = Map.groupBy(outcomes, ([{ mutant }]) => mutant.file.split('/', 1)[0] ?? '');
  return [...rooms].map(([room, all]) => `  ${room}: ${counted(new Map(all))}\n`).join('');
}

/** Prints the places that no test executes: what is changed there survives for sure. */
async function unexecuted(
  tree: string,
  mutants: readonly Mutant[],
  graph: ImportGraph,
  { measure }: TestRunner,
): Promise<number> {
  const tests = new Set(mutants.flatMap(({ file }) => graph.testsOf(file)));
  const coverage = await measure([...tests], Number(values.jobs));
  let count = 0;
  for (const [file, inFile] of Map.groupBy(mutants, (mutant) => mutant.file)) {
    const left = inFile.filter(
      ({ start }) => !graph.testsOf(file).some((test) => coverage.executed(test, file, start) !== false),
    );
    count += left.length;
    if (left.length === 0) continue;
    const text = readFileSync(join(tree, file), 'utf8');
    const lines = new Set(left.map(({ start }) => text.slice(0, start).split('\n').length));
    process.stdout.write(
      `${file}: ${left.length} of ${inFile.length}, lines ${[...lines].sort((a, b) => a - b).join(' ')}\n`,
    );
  }
  process.stdout.write(`${count} of ${mutants.length} mutants are at places that no test executes\n`);
  return 0;
}

async function sourcesIn(tree: string): Promise<string[]> {
  const found = await run(['find', ...ROOMS, 'test', 'scripts', '-name', '*.ts'], { cwd: tree });
  return found.stdout.toString().trim().split('\n').sort();
}

/** Every mutant of the files that begin with `prefix`, those that change nothing left out. */
function mutantsIn(tree: string, paths: readonly string[], prefix: string): Mutant[] {
  const files = paths.filter((path) => ROOMS.includes(path.split('/', 1)[0] ?? '') && path.startsWith(prefix));
  return files.flatMap((path) => {
    const text = readFileSync(join(tree, path), 'utf8');
    return mutantsOf(path, text).filter((mutant) => !isEquivalent(mutant, text));
  });
}

function counted(outcomes: Outcomes): string {
  const of = (verdict: Outcome['verdict']): number =>
    [...outcomes.values()].filter((outcome) => outcome.verdict === verdict).length;
  if (outcomes.size === 0) return 'none was run';
  const share = (100 * survivorsOf(outcomes)) / outcomes.size;
  const counts = `${of('killed')} killed, ${of('survived')} survived, ${of('untested')} at places that no test executes`;
  return `${counts} (${share.toFixed(1)} % not killed)`;
}

function report(tree: string, { name, mutant }: Case, { verdict, by }: Outcome): void {
  const text = readFileSync(join(tree, mutant.file), 'utf8');
  const line = text.slice(0, mutant.start).split('\n').length;
  process.stdout.write(`${verdict.toUpperCase().padEnd(8)} ${mutant.file}:${line} ${name} (${by})\n`);
  if (verdict === 'killed') return;
  const removed = text.slice(mutant.start, mutant.end).split('\n');
  for (const removedLine of removed) process.stdout.write(`  - ${removedLine}\n`);
  process.stdout.write(`  + ${mutant.replacement}\n`);
}

async function list(): Promise<number> {
  const all = mutantsIn(PROJECT, await sourcesIn(PROJECT), values.room);
  const operators = Map.groupBy(all, ({ operator }) => operator);
  for (const [operator, mutants] of operators)
    process.stdout.write(`${String(mutants.length).padStart(6)} ${operator}\n`);
  process.stdout.write(`${String(all.length).padStart(6)} in all\n`);
  return 0;
}
