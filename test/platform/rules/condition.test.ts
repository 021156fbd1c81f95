import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  conditionHolds,
  failingTests,
  smallestChange,
  testsOf,
  type Condition,
  type FactTest,
} from '../../../platform/rules/condition.ts';

/** A fact that must be one of `wanted`; `open` says that these are not all. */
function is(
  fact: string,
  found: unknown,
  wanted: readonly unknown[],
  examples: readonly unknown[] = wanted,
): Condition {
  const accepts = (value: unknown): boolean => wanted.includes(value);
  const test: FactTest = { fact, found, wants: `is ${wanted.join('|')}`, holds: accepts(found), accepts, examples };
  return { kind: 'test', test };
}
const all = (...of: readonly Condition[]): Condition => ({ kind: 'all', of });
const any = (...of: readonly Condition[]): Condition => ({ kind: 'any', of });

const [yes, no] = [is('a', 1, [1]), is('b', 1, [2])];

test('all and any, and those of nothing', () => {
  const rows: readonly [Condition, boolean][] = [
    [yes, true],
    [no, false],
    [all(yes, no), false],
    [all(yes, yes), true],
    [any(no, yes), true],
    [any(no, no), false],
    [all(), true],
    [any(), false],
    [all(any(no, yes), yes), true],
  ];
  for (const [condition, holds] of rows) assert.equal(conditionHolds(condition), holds);
});

test('the tests because of which a condition does not hold', () => {
  const facts = (tests: readonly FactTest[]): string[] => tests.map(({ fact }) => fact);
  assert.deepEqual(facts(failingTests(all(yes, no, any(yes, no), any(no)))), ['b', 'b']);
  assert.deepEqual(failingTests(any(no, yes)), []);
  assert.deepEqual(facts(testsOf(all(yes, any(no, yes)))), ['a', 'b', 'a']);
});

test('the smallest change is that of the fewest facts', () => {
  const change = (fact: string, from: unknown, to: unknown, wants: string): object => ({ fact, from, to, wants });
  assert.deepEqual(smallestChange(yes), []);
  assert.deepEqual(smallestChange(no), [change('b', 1, 2, 'is 2')]);
  assert.deepEqual(smallestChange(all(no, is('c', undefined, [5, 6]))), [
    change('b', 1, 2, 'is 2'),
    change('c', undefined, 5, 'is 5|6'),
  ]);
  assert.deepEqual(smallestChange(any(all(no, is('c', 1, [5])), is('d', 1, [7]))), [change('d', 1, 7, 'is 7')]);
  assert.deepEqual(smallestChange(any(no, all(yes))), []);
});

test('one fact must be all that is asked of it', () => {
  const both = all(is('b', 9, [1, 2]), is('b', 9, [2, 3]));
  assert.deepEqual(smallestChange(both), [{ fact: 'b', from: 9, to: 2, wants: 'is 1|2 and is 2|3' }]);
  assert.equal(smallestChange(all(is('b', 9, [1]), is('b', 9, [2]))), undefined);
  // what holds now must hold afterwards
  assert.deepEqual(smallestChange(all(is('b', 1, [1, 2]), is('b', 1, [2, 3]))), [
    { fact: 'b', from: 1, to: 2, wants: 'is 2|3' },
  ]);
  assert.equal(smallestChange(any()), undefined);
});

test('where values are not known, what it must be is said', () => {
  assert.deepEqual(smallestChange(is('b', 1, [2], [])), [{ fact: 'b', from: 1, to: undefined, wants: 'is 2' }]);
  assert.deepEqual(smallestChange(all(is('b', 9, [1]), is('b', 9, [2], []))), [
    { fact: 'b', from: 9, to: undefined, wants: 'is 1 and is 2' },
  ]);
});

test('very many ways are compared up to a bound', () => {
  const wide = all(...Array.from({ length: 20 }, (_, at) => any(is(`x${at}`, 1, [2]), is(`y${at}`, 1, [2]))));
  assert.equal(smallestChange(wide)?.length, 20);
  assert.deepEqual(smallestChange(any(...Array.from({ length: 64 }, () => all(no, no)), yes))?.length, 1);
});
