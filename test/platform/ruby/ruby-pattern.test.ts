import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRubyPattern } from '../../../platform/ruby/ruby-pattern.ts';

const matching = (pattern: string, texts: readonly string[]): string[] =>
  texts.filter(compileRubyPattern(pattern).test);

test('what Ruby and RE2 spell otherwise is mapped', () => {
  assert.deepEqual(matching('^a{,2}$', ['', 'a', 'aa', 'aaa', 'a{,2}']), ['', 'a', 'aa']);
  assert.deepEqual(matching('x(?i)A|B', ['xa', 'xb', 'b', 'xA']), ['xa', 'xb', 'xA']);
  assert.deepEqual(matching('^b$', ['a\nb\nc', 'ab']), ['a\nb\nc']);
  assert.deepEqual(matching('\\Aa\\Z', ['a', 'a\n', 'a\nb', 'ab']), ['a', 'a\n']);
  assert.deepEqual(matching('a.b', ['a\nb', 'axb']), ['axb']);
  assert.deepEqual(matching('(?m)a.b', ['a\nb', 'axb']), ['a\nb', 'axb']);
  assert.deepEqual(matching('^[\\h_]+$', ['beef_', 'xyz']), ['beef_']);
  assert.deepEqual(matching('\\s', ['\v', 'x']), ['\v']);
  assert.deepEqual(matching('^a{2}?$', ['', 'a', 'aa']), ['', 'aa']);
  assert.deepEqual(matching('(?#note)a(?#n)+$', ['aa', 'b']), ['aa']);
  assert.deepEqual(matching('^\\u0061\\x62$', ['ab']), ['ab']);
});

test('what cannot be kept is refused with the reason', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['[a-z&&[^x]]', /&& inside a class/],
    ['[0-9[a-z]]', /class inside a class/],
    ['\\Qa\\E', /\\Q cannot be mapped/],
    ['\\pL', /\\p cannot be mapped/],
    ['(?=a)', /look-around/],
    ['(?<!a)b', /look-around/],
    ['(?>a)', /atomic/],
    ['(a)\\1', /\\1 cannot be mapped/],
    ['a++', /possessive/],
    ['(?x) a', /extended/],
    ['a\\Zb', /\\Z with something behind it/],
    ['^*a', /anchor/],
    ['*a', /nothing before the \*/],
    ['{2}a', /nothing before the \{2\} at 1/],
    ['a|{,3}', /nothing before the \{,3\} at 3/],
    ['[a', /not closed/],
    ['(a', /not closed/],
    ['a)', /unmatched/],
    ['[a-c-e]', /two ways/],
    ['a\\', /backslash/],
    ['('.repeat(300) + ')'.repeat(300), /inside each other/],
  ];
  for (const [pattern, why] of refused) assert.throws(() => compileRubyPattern(pattern), why, pattern);
});
