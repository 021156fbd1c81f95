/** Runs test files: untouched, for what they execute, and against a mutated copy of the tree, one after another, until one fails. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../platform/process/run.ts';
import { readCoverage, type Coverage } from './coverage.ts';
import type { Mutant } from './operators.ts';
import { needsOwnProcess } from '../helpers/test-groups.ts';

export interface Outcome {
  readonly verdict: 'killed' | 'survived' | 'untested';
  /** The test file that failed, or how many passed. */
  readonly by: string;
}

export type RunTests = (tree: string, mutant: Mutant, tests: readonly string[]) => Promise<Outcome>;

/** A mutant may loop for ever; so long one process may take, on a busy machine too. */
const LIMIT_MS = 60_000;

export interface TestRunner {
  /** Runs the tests in the untouched tree, `jobs` at a time, and reads what they executed. */
  measure(tests: readonly string[], jobs: number): Promise<Coverage>;
  readonly runTests: RunTests;
}

/** A runner for copies of the tree. `untouched` is one without a mutant; `cache` is a directory for Node's compiled code and for coverage. */
export function testRunner(untouched: string, cache: string): TestRunner {
  const baselines = new Map<string, Promise<boolean>>();

  /** Whether all of `tests`, files that can share a process, pass in one. */
  async function passes(
    tree: string,
    tests: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<boolean> {
    const together = tests.length > 1 ? ['--test', '--test-isolation=none'] : [];
    const options = ['--import', './test/helpers/preload.ts', '--test-timeout=45000', '--test-reporter=dot'];
    const argv = [process.execPath, ...options, ...together, ...tests] as const;
    const env = { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: cache, ...variables };
    return (await run([...argv], { cwd: tree, timeoutMs: LIMIT_MS, env })).status === 0;
  }

  /** Whether the tests pass without a mutant, at least at their second try. */
  function usuallyPasses(tests: readonly string[]): Promise<boolean> {
    const key = tests.join(' ');
    const known = baselines.get(key) ?? passes(untouched, tests).then((good) => good || passes(untouched, tests));
    baselines.set(key, known);
    return known;
  }

  /** The nearest test by itself, then those that can share a process in one, then the others one by one. */
  function batchesOf(tests: readonly string[]): string[][] {
    const [first, ...others] = tests;
    if (first === undefined) return [];
    const apart = others.filter((test) => needsOwnProcess(readFileSync(join(untouched, test), 'utf8')));
    const together = others.filter((test) => !apart.includes(test));
    return [[first], ...(together.length === 0 ? [] : [together]), ...apart.map((test) => [test])];
  }

  return {
    async measure(tests, jobs) {
      const left = [...tests];
      const directories = new Map<string, string>();
      const work = async (): Promise<void> => {
        for (let test = left.shift(); test !== undefined; test = left.shift()) {
          const directory = join(cache, `coverage-${directories.size}`);
          mkdirSync(directory, { recursive: true });
          directories.set(test, directory);
          // code out of Node's cache is not counted
          const good = await passes(untouched, [test], { NODE_V8_COVERAGE: directory, NODE_COMPILE_CACHE: '' });
          if (good) baselines.set(test, Promise.resolve(true));
        }
      };
      await Promise.all(Array.from({ length: jobs }, work));
      return readCoverage(untouched, directories);
    },
    async runTests(tree, mutant, tests) {
      const path = join(tree, mutant.file);
      const original = readFileSync(path, 'utf8');
      writeFileSync(path, original.slice(0, mutant.start) + mutant.replacement + original.slice(mutant.end));
      const passed: string[] = [];
      const batches = batchesOf(tests);
      try {
        for (const batch of batches) {
          if (await passes(tree, batch)) passed.push(...batch);
          // tests that fail by chance, or always, have not killed anything
          else if ((await usuallyPasses(batch)) && !(await passes(tree, batch)))
            return { verdict: 'killed', by: batch.length === 1 ? (batch[0] as string) : `one of ${batch.join(' ')}` };
          else if (batch.length > 1) batches.push(...batch.map((test) => [test]));
        }
      } finally {
        writeFileSync(path, original);
      }
      if (passed.length === 0) return { verdict: 'untested', by: 'no usable test of npm test executes the place' };
      return { verdict: 'survived', by: `${passed.length} test files, ${passed[0]} first` };
    },
  };
}
