/**
 * Runs test files: untouched, for what they execute, and against a mutated copy of the tree until one fails. Those that can share
 * a process meet all mutants of a copy in the same one (in-process/main.ts); the others are started.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../platform/process/run.ts';
import { readCoverage, type Coverage, type Traces } from './coverage.ts';
import type { ImportGraph } from './import-graph.ts';
import { startWorker, type Worker } from './in-process/workers.ts';
import type { Mutant } from './operators.ts';
import { needsOwnProcess } from '../helpers/test-groups.ts';

export interface Outcome {
  readonly verdict: 'killed' | 'survived' | 'untested';
  /** The test file that failed, or how many passed. */
  readonly by: string;
}

/** Runs `tests`, nearest first, against a mutant in a copy of the tree. */
export type RunTests = (tree: string, mutant: Mutant, tests: readonly string[]) => Promise<Outcome>;

/** A mutant may loop for ever; so long one process may take, on a busy machine too. */
const LIMIT_MS = 60_000;
/** So many test files meet a mutant in one go: one that does not end costs the time of these alone. */
const AT_ONCE = 8;
/** Tests that look at all that the program prints or knows; they come first among those with a process of their own. */
const WHOLE_VIEWS = ['test/facts/golden/golden.test.ts', 'test/transcripts/transcripts.test.ts'];

export interface RunnerOptions {
  /** A copy of the tree without a mutant. */
  readonly untouched: string;
  /** A directory for Node's compiled code and for coverage. */
  readonly cache: string;
  readonly graph: ImportGraph;
  /** Milliseconds that the started tests of one mutant may take together before it counts as a survivor. */
  readonly patienceMs: number;
}

export interface TestRunner {
  /** Runs the tests in the untouched tree, `jobs` at a time, and reads what they executed. */
  measure(tests: readonly string[], jobs: number): Promise<Coverage>;
  readonly runTests: RunTests;
  /** Ends the processes that mutants meet. */
  stop(): void;
}

/** A runner for copies of the tree. */
export function testRunner({ untouched, cache, graph, patienceMs }: RunnerOptions): TestRunner {
  const usable = new Map<string, Promise<boolean>>();
  const durations = new Map<string, number>();
  const workers = new Map<string, Worker>();
  const apart = (test: string): boolean => needsOwnProcess(readFileSync(join(untouched, test), 'utf8'));
  const path = process.env['PATH'] ?? '';

  /** Whether a test file passes in a process of its own. */
  async function passes(
    tree: string,
    test: string,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<boolean> {
    const limit = Math.min(LIMIT_MS, 10_000 + 5 * (durations.get(test) ?? LIMIT_MS));
    const options = ['--test-timeout=45000', '--test-reporter=./test/mutants/first-failure.ts'];
    const argv = [process.execPath, '--import', './test/helpers/preload.ts', ...options, test] as const;
    const env = { PATH: path, NODE_COMPILE_CACHE: cache, ...variables };
    return (await run([...argv], { cwd: tree, timeoutMs: limit, env })).status === 0;
  }

  /** Whether a test passes without a mutant, at least at its second try. */
  function usuallyPasses(test: string): Promise<boolean> {
    const known = usable.get(test) ?? passes(untouched, test).then((good) => good || passes(untouched, test));
    usable.set(test, known);
    return known;
  }

  function workerFor(tree: string): Worker {
    const worker = workers.get(tree) ?? startWorker(tree, untouched, { PATH: path });
    workers.set(tree, worker);
    return worker;
  }

  /** Runs tests that can share a process, a few at a time; `passed` gets those that passed. */
  async function sharedFailure(
    tree: string,
    file: string,
    tests: readonly string[],
    passed: string[],
  ): Promise<string | undefined> {
    for (let at = 0; at < tests.length; at += AT_ONCE) {
      const failed = await failureOf(tree, file, tests.slice(at, at + AT_ONCE), passed);
      if (failed !== undefined) return failed;
    }
    return undefined;
  }

  async function failureOf(
    tree: string,
    file: string,
    tests: readonly string[],
    passed: string[],
  ): Promise<string | undefined> {
    const leading = graph.leadingTo(file);
    let left = tests;
    while (left.length > 0) {
      const time = left.reduce((sum, test) => sum + (durations.get(test) ?? 1000), 0);
      const answer = await workerFor(tree).work(
        { changed: file, leading, tests: left },
        Math.min(2 * LIMIT_MS, 15_000 + 5 * time),
      );
      if (answer?.failed === undefined && answer !== undefined) {
        passed.push(...left);
        return undefined;
      }
      if (answer === undefined && left.length > 1) {
        // one of them does not end: which one?
        for (const test of left) {
          const failed = await failureOf(tree, file, [test], passed);
          if (failed !== undefined) return failed;
        }
        return undefined;
      }
      const { file: suspect, test: name } = answer?.failed ?? { file: left[0] as string, test: 'it does not end' };
      if (answer?.spoilt === false) return `${suspect}: ${name}`;
      // what ran before in this process may be at fault, or a program that the test starts
      workerFor(tree).stop();
      if ((await usuallyPasses(suspect)) && !(await passes(tree, suspect))) return suspect;
      const before = left.slice(0, left.indexOf(suspect));
      passed.push(...before);
      left = left.slice(before.length + 1);
    }
    return undefined;
  }

  /** Starts tests one after another, as long as patience lasts. */
  async function startedFailure(tree: string, tests: readonly string[], passed: string[]): Promise<string | undefined> {
    const cost = (test: string): number => (WHOLE_VIEWS.includes(test) ? 0 : (durations.get(test) ?? 0));
    const until = performance.now() + patienceMs;
    for (const test of tests.toSorted((a, b) => cost(a) - cost(b))) {
      if (performance.now() > until) return undefined;
      if (await passes(tree, test)) passed.push(test);
      // a test that fails by chance, or always, has not killed anything
      else if ((await usuallyPasses(test)) && !(await passes(tree, test))) return test;
    }
    return undefined;
  }

  return {
    stop: () => workers.forEach((worker) => worker.stop()),
    async measure(tests, jobs) {
      const left = [...tests];
      const traces = new Map<string, Traces>();
      const work = async (): Promise<void> => {
        // code out of Node's cache is not counted
        const worker = startWorker(untouched, untouched, { PATH: path });
        for (let test = left.shift(); test !== undefined; test = left.shift()) {
          const directory = join(cache, `coverage-${traces.size}`);
          mkdirSync(directory, { recursive: true });
          const started = performance.now();
          const trace = { directory, durationMs: 0 };
          traces.set(test, trace);
          const answer = apart(test) ? undefined : await worker.work({ cover: test, to: directory }, LIMIT_MS);
          const good =
            answer !== undefined
              ? answer.failed === undefined
              : await passes(untouched, test, { NODE_V8_COVERAGE: directory, NODE_COMPILE_CACHE: '' });
          if (good) usable.set(test, Promise.resolve(true));
          trace.durationMs = performance.now() - started;
          durations.set(test, trace.durationMs);
        }
        worker.stop();
      };
      await Promise.all(Array.from({ length: jobs }, work));
      return readCoverage(untouched, traces);
    },
    async runTests(tree, mutant, tests) {
      const changed = join(tree, mutant.file);
      const original = readFileSync(changed, 'utf8');
      writeFileSync(changed, original.slice(0, mutant.start) + mutant.replacement + original.slice(mutant.end));
      const passed: string[] = [];
      try {
        const by =
          (await sharedFailure(
            tree,
            mutant.file,
            tests.filter((test) => !apart(test)),
            passed,
          )) ?? (await startedFailure(tree, tests.filter(apart), passed));
        if (by !== undefined) return { verdict: 'killed', by };
      } finally {
        writeFileSync(changed, original);
      }
      if (passed.length === 0) return { verdict: 'untested', by: 'no usable test of npm test executes the place' };
      return { verdict: 'survived', by: `${passed.length} of ${tests.length} test files, ${passed[0]} first` };
    },
  };
}
