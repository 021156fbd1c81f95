import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean, editDistance, suggestNames } from '../../platform/near-names.ts';

test('the distance of two words counts what is put in, left out, replaced, or swapped with its neighbour', () => {
  const rows: readonly [string, string, number][] = [
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'abcd', 1],
    ['abc', 'bc', 1],
    ['abc', 'acb', 1],
    ['abc', 'bac', 1],
    ['ab', 'ba', 1],
    ['abcd', 'badc', 2],
    ['abc', 'cab', 2],
    ['kitten', 'sitting', 3],
    ['abc', 'xyz', 3],
    ['abab', 'baba', 2],
  ];
  for (const [a, b, distance] of rows) assert.equal(editDistance(a, b), distance, `${a} ${b}`);
});

test('names near a mistyped one, the nearest first, then by the alphabet', () => {
  const names = ['checkin', 'check', 'register', 'acknowledge', 'facts', 'fact', 'facta'];
  assert.deepEqual(suggestNames('fcats', names), ['facts']);
  assert.deepEqual(suggestNames('factz', names), ['fact', 'facta', 'facts']);
  assert.deepEqual(suggestNames('CHECKIN', names), ['checkin', 'check']);
  assert.deepEqual(suggestNames('chekcin', names), ['checkin']);
  assert.deepEqual(suggestNames('nonsense', names), []);
  assert.deepEqual(suggestNames('factz', names, 1), ['fact']);
  assert.deepEqual(suggestNames('a', ['b', 'c', 'ab']), ['ab', 'b', 'c']);
  assert.deepEqual(suggestNames('', ['a', 'ab']), ['a']);
});

test('a third of the length may be wrong', () => {
  assert.deepEqual(suggestNames('abcdef', ['abcdxy']), ['abcdxy']);
  assert.deepEqual(suggestNames('abcdef', ['abcxyz']), []);
  assert.deepEqual(suggestNames('abcde', ['abcxy']), []);
});

test('a name that holds the word, or that the word holds, is near when both are long enough', () => {
  assert.deepEqual(suggestNames('nic', ['mk_hw_nic_count']), ['mk_hw_nic_count']);
  assert.deepEqual(suggestNames('ni', ['mk_hw_nic_count']), []);
  assert.deepEqual(suggestNames('mk_hw_nic_count', ['count', 'nic', 'nic_']), ['count', 'nic_']);
  assert.deepEqual(suggestNames('disk', ['a_long_disk_name', 'disks', 'my_disk']), [
    'disks',
    'my_disk',
    'a_long_disk_name',
  ]);
});

test('the question behind an error', () => {
  assert.equal(didYouMean('fcats', ['facts', 'x']), '; did you mean facts?');
  assert.equal(didYouMean('ab', ['ax', 'ay']), '; did you mean ax, ay?');
  assert.equal(didYouMean('nonsense', ['facts']), '');
});
