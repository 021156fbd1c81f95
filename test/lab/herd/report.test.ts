import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HerdResult } from '../../../lab/herd/herd.ts';
import { histogram, spreadLine } from '../../../lab/herd/report.ts';

const bars = (answered: readonly number[], failed: readonly number[], columns: number): string[] =>
  histogram({ answered, failed } as unknown as HerdResult, columns).split('\n');

test('one bar a second: # answered and x not, the longest as wide as there is room', () => {
  assert.deepEqual(bars([20, 10, 0], [0, 10, 5], 38), [
    '    0 s      20  ####################',
    '    1 s      20  ##########xxxxxxxxxx',
    '    2 s       5  xxxxx',
  ]);
});

test('a bar is never wider than a terminal of 120 columns, nor narrower than ten', () => {
  assert.equal(bars([1], [0], 500)[0]?.match(/#+/)?.[0].length, 102);
  assert.equal(bars([1], [0], 5)[0]?.match(/#+/)?.[0].length, 10);
  assert.equal(bars([0], [0], 80)[0], '    0 s       0  ');
});

test('a long run has at most 48 bars, each the mean of its seconds', () => {
  const counts = Array.from({ length: 97 }, (_, second) => second);
  const lines = bars(
    counts,
    counts.map(() => 0),
    80,
  );
  assert.equal(lines.length, 33);
  assert.match(lines[0] ?? '', /^ {4}0 s {7}1 /);
  assert.match(lines[1] ?? '', /^ {4}3 s {7}4 /);
  assert.match(lines.at(-1) ?? '', /^ {3}96 s {6}96 /);
  assert.equal(bars(counts.slice(0, 48), counts, 80).length, 48);
});

test('a spread is one line', () => {
  assert.equal(
    spreadLine('after', { peak: 30, mean: 12.4, ratio: 2.419 }),
    'after: peak 30 a second, mean 12, peak/mean 2.42',
  );
});
