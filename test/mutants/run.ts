/**
 * npm run test:mutants [-- --known] [--sample N] [--seed S] [--room ROOM] [--minutes M] [--tests K] [--jobs J] [--list] [--unexecuted]
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
import { importGraph, type ImportGraph } from './import-graph.ts';
import { EQUIVALENT, isEquivalent } from './equivalent-mutants.ts';
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
    tests: { type: 'string', default: '6' },
    jobs: { type: 'string', default: String(Math.max(1, Math.min(4, availableParallelism()))) },
  },
});

const inside = process.env[INSIDE];
if (inside !== undefined) process.once('SIGTERM', () => process.exit(143)); // the first process of a namespace has no other
process.exitCode = inside === undefined ? await outside() : await measure(inside);

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
    setPriority(10);
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
  const deadline = performance.now() + Number(values.minutes) * 60_000;
  const graph = importGraph(tree, paths, tests);
  const runner = testRunner(tree, join(directory, 'cache'));
  const found = KNOWN.filter(({ file }) => file.startsWith(values.room)).map((one) => locate(tree, one));
  const lost = found.filter((one) => typeof one === 'string');
  for (const reason of lost) process.stdout.write(`LOST     ${reason}\n`);
  const known = found.filter((one) => typeof one !== 'string').map((mutant) => ({ name: mutant.operator, mutant }));
  if (values.unexecuted) return unexecuted(tree, mutantsIn(tree, paths), graph, runner);
  const wantsKnown = values.known || values.sample === undefined;
  const count = values.known && values.sample === undefined ? 0 : Number(values.sample ?? 60);
  const all = mutantsIn(tree, paths);
  const sample = drawSample(all, count, Number(values.seed)).map((mutant) => ({ name: mutant.operator, mutant }));
  const judged = [...(wantsKnown ? known : []), ...sample];
  const reaching = new Set(judged.flatMap(({ mutant }) => graph.testsOf(mutant.file)));
  process.stdout.write(`${reaching.size} test files reach the files of the mutants: what does each execute?\n`);
  const options: JudgeOptions = {
    copies: trees.slice(1),
    graph,
    coverage: await runner.measure([...reaching], Number(values.jobs)),
    runTests: runner.runTests,
    nearest: Number(values.tests),
    deadline,
    report: (one, outcome) => report(tree, one, outcome),
  };
  const knownOutcomes = wantsKnown ? await judge(known, options) : new Map<Case, Outcome>();
  if (wantsKnown) process.stdout.write(`\nnamed mutants: ${counted(knownOutcomes)}\n\n`);
  const outcomes = await judge(sample, options);
  if (count > 0) {
    process.stdout.write(
      `\nsample of ${outcomes.size} out of ${all.length} mutants, seed ${values.seed}: ${counted(outcomes)}\n`,
    );
    if (outcomes.size < count) process.stdout.write(`the time was over: ${count - outcomes.size} were not run\n`);
  }
  return lost.length > 0 || survivorsOf(knownOutcomes) > 0 || survivorsOf(outcomes) > outcomes.size * ALLOWED_SHARE
    ? 1
    : 0;
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

/** Every mutant of the rooms, those that change nothing left out. */
function mutantsIn(tree: string, paths: readonly string[]): Mutant[] {
  const files = paths.filter((path) => ROOMS.includes(path.split('/', 1)[0] ?? '') && path.startsWith(values.room));
  return files.flatMap((path) => {
    const text = readFileSync(join(tree, path), 'utf8');
    return mutantsOf(path, text).filter((mutant) => !isEquivalent(mutant, text));
  });
}

function counted(outcomes: Outcomes): string {
  const of = (verdict: Outcome['verdict']): number =>
    [...outcomes.values()].filter((outcome) => outcome.verdict === verdict).length;
  const share = outcomes.size === 0 ? 0 : (100 * survivorsOf(outcomes)) / outcomes.size;
  const counts = `${of('killed')} killed, ${of('survived')} survived, ${of('untested')} at places that no test executes`;
  return `${counts} (${share.toFixed(1)} % not killed; ${EQUIVALENT.length} are listed as equivalent)`;
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
  const all = mutantsIn(PROJECT, await sourcesIn(PROJECT));
  const operators = Map.groupBy(all, ({ operator }) => operator);
  for (const [operator, mutants] of operators)
    process.stdout.write(`${String(mutants.length).padStart(6)} ${operator}\n`);
  process.stdout.write(`${String(all.length).padStart(6)} in all\n`);
  return 0;
}
