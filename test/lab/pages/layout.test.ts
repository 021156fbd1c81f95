import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageOf, badge, clockTime } from '../../../lab/pages/layout.ts';

const age = (seconds: number): string =>
  />(.*)<\/time>/.exec(ageOf(1_000_000, 1_000_000 + seconds * 1000).markup)?.[1] ?? '';

test('an age is in the largest unit that still says something', () => {
  for (const [seconds, text] of [
    [-5, '0 s ago'],
    [0, '0 s ago'],
    [89, '89 s ago'],
    [90, '2 min ago'],
    [5399, '90 min ago'],
    [5400, '2 h ago'],
    [129_599, '36 h ago'],
    [129_600, '2 days ago'],
    [864_000, '10 days ago'],
  ] as const)
    assert.equal(age(seconds), text, String(seconds));
});

test('a moment is there for the script of the page too, and as UTC', () => {
  assert.equal(
    ageOf(0, 1000).markup,
    '<time data-at="0" datetime="1970-01-01T00:00:00.000Z" title="1970-01-01T00:00:00.000Z">1 s ago</time>',
  );
  assert.equal(clockTime(45_296_000), '12:34:56');
  assert.equal(badge('red', '<x>').markup, '<span class="state red">&lt;x&gt;</span>');
});
