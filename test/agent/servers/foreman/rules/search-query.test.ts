import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQuery, type SearchQuery } from '../../../../../agent/servers/foreman/rules/search-query.ts';

const is = (field: string, operator: string, ...values: readonly string[]): SearchQuery =>
  ({ kind: 'compare', field, operator, values }) as SearchQuery;

test('comparisons, with signs and words that mean the same', () => {
  const rows: Readonly<Record<string, SearchQuery>> = {
    'a = 1': is('a', '=', '1'),
    'a==1': is('a', '=', '1'),
    'a at 1': is('a', '=', '1'),
    'a != 1': is('a', '!=', '1'),
    'a <> 1': is('a', '!=', '1'),
    'a < 1': is('a', '<', '1'),
    'a before 1': is('a', '<', '1'),
    'a <= 1': is('a', '<=', '1'),
    'a > 1': is('a', '>', '1'),
    'a AFTER 1': is('a', '>', '1'),
    'a >= 1': is('a', '>=', '1'),
    'a ~ 1': is('a', '~', '1'),
    'a !~ 1': is('a', '!~', '1'),
    'a ^ 1': is('a', '^', '1'),
    'a ^ (1, 2)': is('a', '^', '1', '2'),
    'a ^ 1,2': is('a', '^', '1', '2'),
    'a !^ (1,2)': is('a', '!^', '1', '2'),
    'has a': is('a', 'has'),
    'set? a': is('a', 'has'),
    'null? a': is('a', 'null?'),
    'a = "x y"': is('a', '=', 'x y'),
    'a = "x \\"y\\" \\\\z"': is('a', '=', 'x "y" \\z'),
    'a = ""': is('a', '=', ''),
    'a = "and"': is('a', '=', 'and'),
    word: { kind: 'word', word: 'word' },
    '"two words"': { kind: 'word', word: 'two words' },
    'a-b.c/d': { kind: 'word', word: 'a-b.c/d' },
  };
  for (const [text, query] of Object.entries(rows)) assert.deepEqual(parseQuery(text), query, text);
});

test('and, or, not and parentheses; an operator takes everything to its right', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((word): SearchQuery => ({ kind: 'word', word })) as [
    SearchQuery,
    SearchQuery,
    SearchQuery,
  ];
  const rows: Readonly<Record<string, SearchQuery>> = {
    'a and b or c': { kind: 'and', of: [a, { kind: 'or', of: [b, c] }] },
    'a & b | c': { kind: 'and', of: [a, { kind: 'or', of: [b, c] }] },
    'a && b || c': { kind: 'and', of: [a, { kind: 'or', of: [b, c] }] },
    '(a and b) or c': { kind: 'or', of: [{ kind: 'and', of: [a, b] }, c] },
    'a b, c': { kind: 'and', of: [a, b, c] },
    'not a and b': { kind: 'not', of: { kind: 'and', of: [a, b] } },
    '! a': { kind: 'not', of: a },
    '- a': { kind: 'not', of: a },
    '(not a) b': { kind: 'and', of: [{ kind: 'not', of: a }, b] },
    '((a))': a,
    'x ^ 1, 2 b': { kind: 'and', of: [is('x', '^', '1', '2'), b] },
  };
  for (const [text, query] of Object.entries(rows)) assert.deepEqual(parseQuery(text), query, text);
});

test('a query without a meaning is refused in words', () => {
  const rows: Readonly<Record<string, string>> = {
    '': 'asks for nothing',
    ' , ': 'asks for nothing',
    '()': 'asks for nothing',
    'a)': 'has a ) too many',
    '(a': 'has a ( that is not closed',
    'a ^ (1, 2': 'has a ( that is not closed',
    'a =': 'has its end where a name or a value must stand',
    'a = (': 'has "(" where a name or a value must stand',
    '= 1': 'has "=" where a name or a value must stand',
    'has and': 'has "and" where a name or a value must stand',
    'a ^ (1,)': 'has ")" where a name or a value must stand',
    'a and': 'has its end where a name or a value must stand',
  };
  for (const [text, why] of Object.entries(rows))
    assert.throws(() => parseQuery(text), {
      code: 'RAZOR_MK_RULES',
      message: `the search ${JSON.stringify(text)} ${why}`,
    });
});

test('a query has 10,000 characters at most, and a refusal shows 200 of them', () => {
  assert.deepEqual(parseQuery('a'.repeat(10_000)), { kind: 'word', word: 'a'.repeat(10_000) });
  const message = `the search "${'a'.repeat(200)}" is longer than 10000 characters`;
  assert.throws(() => parseQuery('a'.repeat(10_001)), { message });
});
