import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileRubyPattern } from '../../../platform/ruby/ruby-pattern.ts';
import { spellForRe2, type RubyNode } from '../../../platform/ruby/ruby-re2.ts';

const a: RubyNode = { kind: 'text', re2: 'a' };
const start: RubyNode = { kind: 'line start' };
const some: RubyNode = { kind: 'repeat', body: a, times: '*' };

test('a line’s start needs no second spelling where a character follows it', () => {
  assert.deepEqual(spellForRe2({ kind: 'sequence', items: [start, a] }), {
    source: '(?m:^)a',
    atEnd: undefined,
    groups: [],
  });
  const { atEnd } = spellForRe2({ kind: 'sequence', items: [start, some] });
  assert.equal(atEnd, '\\A(?:a)*');
});

test('no line begins behind the last line break', () => {
  const matching = (pattern: string, text: string): boolean => compileRubyPattern(pattern).test(text);
  assert.equal(matching('^$', 'a\n'), false);
  assert.equal(matching('^$', 'a\n\n'), true);
  assert.equal(matching('^$', ''), true);
  assert.equal(matching('^\\B', 'a\n'), false);
  assert.equal(matching('^$|\\z', 'a\n'), true);
  assert.equal(matching('^[^a]*$', 'a\nb\n'), true);
  assert.equal(matching('\\n^a', 'b\na\n'), true);
});

test('a line’s start is refused where something stands before it and nothing must follow', () => {
  for (const pattern of ['\\n^', 'x?^$', '(?:a|^)*', '(?:^a?)*', '(?:^a?){2}', '(?:^a?){,2}']) {
    assert.throws(() => compileRubyPattern(pattern), /a \^ with something before it/, pattern);
  }
  for (const pattern of ['\\n^a', '\\A^', '$^', '(?:^a?)?', '(?:^a?){0,1}', '(?:^)*', '(?:^a?)*b']) {
    assert.doesNotThrow(() => compileRubyPattern(pattern), pattern);
  }
});

test('the match and its groups end before the line break that \\Z looks at', () => {
  const found = (pattern: string, text: string): unknown => compileRubyPattern(pattern).exec(text);
  assert.deepEqual(found('(b+)\\Z', 'abb\n'), ['bb', 'bb']);
  assert.deepEqual(found('(b+\\Z)', 'abb\n'), ['bb', 'bb']);
  assert.deepEqual(found('(\\n)\\Z', 'a\n'), ['\n', '\n']);
  assert.deepEqual(found('(?:a\\Z|(b))', 'b'), ['b', 'b']);
  assert.deepEqual(found('(x)|\\Z', '\n'), ['', undefined]);
});
