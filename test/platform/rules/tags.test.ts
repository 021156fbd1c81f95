import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePattern } from '../../../platform/rules/patterns.ts';
import { matchTags } from '../../../platform/rules/tags.ts';

const like = (key: string, value: string) => ({ key, compare: 'like' as const, value, inverse: false });

function tagsOf(value: string, pattern: string, tag = 'given'): string[] {
  const rules = [{ name: 'one', tag, matchers: [like('fact', pattern)] }];
  return matchTags({ fact: value }, rules).matches.map((match) => match.tag);
}

test('a rule’s pattern means what it means to Ruby: lines, intervals, hexadecimal digits, the end before a line break', () => {
  assert.deepEqual(tagsOf('a\nb\nc', '^b$'), ['given']);
  assert.deepEqual(tagsOf('aa', '^a{,3}$'), ['given']);
  assert.deepEqual(tagsOf('beef', '^\\h+\\Z'), ['given']);
  assert.deepEqual(tagsOf('a\nb', '(?m)a.b'), ['given']);
  assert.deepEqual(tagsOf('xB', 'x(?i)a|b'), ['given']);
});

test('a tag takes the first group of a pattern, or all of the match', () => {
  assert.deepEqual(tagsOf('eth17', 'eth', 'card%R=eth(\\d+):fact-%'), ['card17']);
  assert.deepEqual(tagsOf('eth17', 'eth', 'card%R=\\d+:fact-%'), ['card17']);
  assert.deepEqual(tagsOf('eth17', 'eth', 'card%R=(?<kind>eth)(\\d+):fact-%'), ['cardeth']);
  assert.deepEqual(tagsOf('eth17', 'eth', 'card%R=none:fact-%'), ['card']);
});

test('a pattern that would mean something else is refused with the reason', () => {
  assert.equal(compilePattern('[a&&b]'), '&& inside a class cannot be mapped');
  assert.deepEqual(tagsOf('a', '[a&&b]'), []);
});
