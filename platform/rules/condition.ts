/**
 * What a rule asks of facts, looked through for one machine: tests joined by all and any, each with what it found, and the
 * smallest change of facts with which the whole would hold. Pure.
 */

/** One question about one fact, answered. */
export interface FactTest {
  /** The fact that it looks at; `metadata NAME` and `state NAME` for what is not a fact. */
  readonly fact: string;
  /** What it found there; undefined where the fact is absent. */
  readonly found: unknown;
  /** What it wants, as it is said behind the name of the fact: `equals "2"`, `is like "^Dell"`. */
  readonly wants: string;
  readonly holds: boolean;
  /** Whether it would hold with this value. */
  readonly accepts: (value: unknown) => boolean;
  /** Values with which it would hold, the nearest first; it may have others. */
  readonly examples: readonly unknown[];
}

export type Condition =
  | { readonly kind: 'test'; readonly test: FactTest }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] };

/** A fact that would have to be another. */
export interface FactChange {
  readonly fact: string;
  readonly from: unknown;
  /** A value that would do; undefined where none is known, and then `wants` says what it must be. */
  readonly to: unknown;
  readonly wants: string;
}

/** Whether a condition holds. */
export function conditionHolds(condition: Condition): boolean {
  if (condition.kind === 'test') return condition.test.holds;
  return condition.kind === 'all' ? condition.of.every(conditionHolds) : condition.of.some(conditionHolds);
}

/** The tests because of which a condition does not hold; none where it does. */
export function failingTests(condition: Condition): readonly FactTest[] {
  if (conditionHolds(condition)) return [];
  return condition.kind === 'test' ? [condition.test] : condition.of.flatMap(failingTests);
}

/** Every test of a condition. */
export function testsOf(condition: Condition): readonly FactTest[] {
  return condition.kind === 'test' ? [condition.test] : condition.of.flatMap(testsOf);
}

/**
 * The fewest facts that would have to change, and to what; empty where the condition holds already, undefined where no
 * value can satisfy all that is asked of one fact.
 */
export function smallestChange(condition: Condition): readonly FactChange[] | undefined {
  const ways = waysOf(condition);
  return ways
    .map(changesOf)
    .filter((changes) => changes !== undefined)
    .sort((a, b) => a.length - b.length)[0];
}

/** At most so many ways are compared: an `all` of many `any` has too many. */
const MOST_WAYS = 64;

/** Sets of tests, each of which would be enough if all of it held. */
function waysOf(condition: Condition): readonly (readonly FactTest[])[] {
  if (condition.kind === 'test') return [[condition.test]];
  if (condition.kind === 'any') return condition.of.flatMap(waysOf).slice(0, MOST_WAYS);
  return condition.of.reduce<readonly (readonly FactTest[])[]>(
    (ways, part) =>
      waysOf(part)
        .flatMap((more) => ways.map((way) => [...way, ...more]))
        .slice(0, MOST_WAYS),
    [[]],
  );
}

/** What has to change for all of these tests to hold; undefined where one fact would have to be two things. */
function changesOf(tests: readonly FactTest[]): readonly FactChange[] | undefined {
  const changes: FactChange[] = [];
  for (const fact of new Set(tests.map((test) => test.fact))) {
    const asked = tests.filter((test) => test.fact === fact);
    const failing = asked.filter((test) => !test.holds);
    if (failing.length === 0) continue;
    const examples = asked.flatMap((test) => test.examples);
    const to = examples.find((value) => asked.every((test) => test.accepts(value)));
    // where every test knows its values, and no value suits all, there is none
    if (to === undefined && asked.every((test) => test.examples.length > 0)) return undefined;
    const wants = failing.map((test) => test.wants).join(' and ');
    changes.push({ fact, from: failing[0]?.found, to, wants });
  }
  return changes;
}
