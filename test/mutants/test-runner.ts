/** Runs test files: untouched, for what they execute, and against a mutated copy of the tree, one after another, until one fails. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../platform/process/run.ts';
import { readCoverage, type Coverage } from './coverage.ts';
import type { Mutant } from './operators.ts';

export interface Outcome {
  readonly verdict: 'killed' | 'survived' | 'untested';
  /** The test file that failed, or how many passed. */
  readonly by: string;
}

export type RunTests = (tree: string, mutant: Mutant, tests: readonly string[]) => Promise<Outcome>;

/** A mutant may loop for ever; so long a file may take, on a busy machine too. */
const LIMIT_MS = 60_000;

export interface TestRunner {
  /** Runs the tests in the untouched tree, `jobs` at a time, and reads what they executed. */
  measure(tests: readonly string[], jobs: number): Promise<Coverage>;
  readonly runTests: RunTests;
}

/** A runner for copies of the tree. `untouched` is one without a mutant; `cache` is a directory for Node's compiled code and for coverage. */
export function testRunner(untouched: string, cache: string): TestRunner {
  const baselines = new Map<string, Promise<boolean>>();

  async function passes(
    tree: string,
    test: string,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<boolean> {
    const preload = ['--import', './test/helpers/preload.ts'];
    const argv = [process.execPath, ...preload, '--test-timeout=45000', '--test-reporter=dot', test] as const;
    const env = { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: cache, ...variables };
    return (await run([...argv], { cwd: tree, timeoutMs: LIMIT_MS, env })).status === 0;
  }

  /** Whether the test passes without a mutant, at least at its second try. */
  function usuallyPasses(test: string): Promise<boolean> {
    const known = baselines.get(test) ?? passes(untouched, test).then((good) => good || passes(untouched, test));
    baselines.set(test, known);
    return known;
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
          const good = await passes(untouched, test, { NODE_V8_COVERAGE: directory, NODE_COMPILE_CACHE: '' });
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
      try {
        for (const test of tests) {
          if (await passes(tree, test)) passed.push(test);
          // a test that fails by chance, or always, has not killed anything
          else if ((await usuallyPasses(test)) && !(await passes(tree, test))) return { verdict: 'killed', by: test };
        }
      } finally {
        writeFileSync(path, original);
      }
      if (passed.length === 0) return { verdict: 'untested', by: 'no usable test of npm test executes the place' };
      return { verdict: 'survived', by: `${passed.length} test files, ${passed[0]} first` };
    },
  };
}
