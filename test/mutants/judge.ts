/** Judges mutants by the tests that execute the changed place. */
import type { Coverage } from './coverage.ts';
import type { ImportGraph } from './import-graph.ts';
import type { Mutant } from './operators.ts';
import type { Outcome, RunTests } from './test-runner.ts';

export interface Case {
  readonly name: string;
  readonly mutant: Mutant;
}

const GRACE_MS = 120_000;

export type Outcomes = ReadonlyMap<Case, Outcome>;

export interface JudgeOptions {
  /** Copies of the tree, each for one mutant at a time. */
  readonly copies: readonly string[];
  readonly graph: ImportGraph;
  readonly coverage: Coverage;
  readonly runTests: RunTests;
  /** Monotonic milliseconds after which nothing more is begun. */
  readonly deadline: number;
  readonly report: (one: Case, outcome: Outcome) => void;
}

/** The outcome of each case that was judged in time. */
export async function judge(cases: readonly Case[], options: JudgeOptions): Promise<Outcomes> {
  const { graph, coverage, report } = options;
  const outcomes = new Map<Case, Outcome>();
  const left = [...cases];
  const work = async (copy: string): Promise<void> => {
    while (performance.now() < options.deadline) {
      const one = left.shift();
      if (one === undefined) return;
      const { file, start } = one.mutant;
      const tests = graph.testsOf(file).filter((test) => coverage.executed(test, file, start) !== false);
      const outcome = await options.runTests(copy, one.mutant, tests);
      outcomes.set(one, outcome);
      report(one, outcome);
    }
  };
  // what was begun in time may take a little longer, and no more: the figures must come
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => late.resolve(), options.deadline + GRACE_MS - performance.now());
  await Promise.race([Promise.all(options.copies.map(work)), late.promise]);
  clearTimeout(timer);
  return outcomes;
}

/** How many were not killed. */
export function survivorsOf(outcomes: Outcomes): number {
  return [...outcomes.values()].filter(({ verdict }) => verdict !== 'killed').length;
}
