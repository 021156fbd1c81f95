/**
 * The process in which mutants meet test files that can share one; workers.ts starts it. It answers each Task with an Answer,
 * and runs one at a time.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { collect, runCollected } from './collected-tests.ts';
import { mutatedModules } from './mutated-modules.ts';

export type Task =
  /** Runs test files until one fails, with `changed` as it is in the tree now; `leading` are the files that lead to it, itself too. */
  | { readonly changed: string; readonly leading: readonly string[]; readonly tests: readonly string[] }
  /** Runs one test file for what it executes, which is written to the directory as NODE_V8_COVERAGE does. */
  | { readonly cover: string; readonly to: string };

export interface Answer {
  /** The test file that failed and the test's name. */
  readonly failed: { readonly file: string; readonly test: string } | undefined;
  /** Whether the file fails without the mutant, too, by itself or because of what ran before it, or does not fail again. */
  readonly spoilt: boolean;
}

const TEST_LIMIT_MS = 5000;
const MEMORY_LIMIT = 1.5 * 1024 ** 3;
const root = process.cwd();
const modules = mutatedModules(root, process.argv[2] ?? root);
let profiler: Session | undefined;

process.on('message', (task: Task) => {
  void ('cover' in task ? cover(task.cover, task.to) : judge(task)).then((answer) => {
    process.send?.(answer);
    if (process.memoryUsage.rss() > MEMORY_LIMIT) process.exit(0);
  });
});

async function meet(path: string, leading: ReadonlySet<string>, changed?: string): Promise<string | undefined> {
  let failed: string | undefined = 'the file does not load';
  try {
    const collected = await collect(() => modules.load(path, { leading, ...(changed !== undefined && { changed }) }));
    await test(path, async (t) => {
      failed = await runCollected(t, collected, TEST_LIMIT_MS);
    });
  } catch {
    // said above
  }
  return failed;
}

async function judge({ changed, leading, tests }: Exclude<Task, { cover: string }>): Promise<Answer> {
  const anew = new Set(leading);
  for (const file of tests) {
    const failed = await meet(file, anew, changed);
    if (failed === undefined) continue;
    // what fails without the mutant, or only now and then, has not noticed it
    const spoilt = (await meet(file, anew)) !== undefined || (await meet(file, anew, changed)) === undefined;
    return { failed: { file, test: failed }, spoilt };
  }
  return { failed: undefined, spoilt: false };
}

async function cover(file: string, to: string): Promise<Answer> {
  if (profiler === undefined) {
    profiler = new Session();
    profiler.connect();
    await profiler.post('Profiler.enable');
    await profiler.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }
  await profiler.post('Profiler.takePreciseCoverage'); // the counts begin anew
  const failed = await meet(file, new Set());
  const { result } = await profiler.post('Profiler.takePreciseCoverage');
  const ours = result.filter(({ url }) => url.startsWith(`file://${root}/`) && !url.includes('/node_modules/'));
  writeFileSync(join(to, 'coverage.json'), JSON.stringify({ result: ours }));
  return { failed: failed === undefined ? undefined : { file, test: failed }, spoilt: false };
}
