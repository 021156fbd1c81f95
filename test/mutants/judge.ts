/** Judges mutants by the tests that execute the changed place: first the nearest ones, then what survived by three times as many more. */
import type { Coverage } from './coverage.ts';
import type { ImportGraph } from './import-graph.ts';
import type { Mutant } from './operators.ts';
import type { Outcome, RunTests } from './test-runner.ts';

export interface Case {
  readonly name: string;
  readonly mutant: Mutant;
}

export type Outcomes = ReadonlyMap<Case, Outcome>;

export interface JudgeOptions {
  /** Copies of the tree, each for one mutant at a time. */
  readonly copies: readonly string[];
  readonly graph: ImportGraph;
  readonly coverage: Coverage;
  readonly runTests: RunTests;
  /** How many test files are the nearest. */
  readonly nearest: number;
  /** Monotonic milliseconds after which nothing more is begun. */
  readonly deadline: number;
  readonly report: (one: Case, outcome: Outcome) => void;
}

/** The outcome of each case that was judged in time. A survivor that time was too short for counts as one. */
export async function judge(cases: readonly Case[], options: JudgeOptions): Promise<Outcomes> {
  const { graph, coverage, nearest, report } = options;
  const testsOf = ({ mutant }: Case): string[] =>
    graph.testsOf(mutant.file).filter((test) => coverage.executed(test, mutant.file, mutant.start) !== false);
  const outcomes = new Map<Case, Outcome>();
  await each(cases, options, async (one, copy) => {
    const outcome = await options.runTests(copy, one.mutant, testsOf(one).slice(0, nearest));
    outcomes.set(one, outcome);
    if (outcome.verdict === 'killed') report(one, outcome);
  });
  const survivors = cases.filter((one) => ['survived', 'untested'].includes(outcomes.get(one)?.verdict ?? ''));
  await each(survivors, options, async (one, copy) => {
    const others = testsOf(one).slice(nearest, 4 * nearest);
    if (others.length === 0) return;
    const outcome = await options.runTests(copy, one.mutant, others);
    if (outcome.verdict === 'killed') outcomes.set(one, outcome);
  });
  for (const one of survivors) report(one, outcomes.get(one) as Outcome);
  return outcomes;
}

async function each(
  cases: readonly Case[],
  { copies, deadline }: JudgeOptions,
  work: (one: Case, copy: string) => Promise<void>,
): Promise<void> {
  const left = [...cases];
  const run = async (copy: string): Promise<void> => {
    while (performance.now() < deadline) {
      const one = left.shift();
      if (one === undefined) return;
      await work(one, copy);
    }
  };
  await Promise.all(copies.map(run));
}

/** How many were not killed. */
export function survivorsOf(outcomes: Outcomes): number {
  return [...outcomes.values()].filter(({ verdict }) => verdict !== 'killed').length;
}
