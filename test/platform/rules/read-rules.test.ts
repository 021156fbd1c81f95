import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTagRules } from '../../../platform/rules/read-rules.ts';

const read = (value: unknown): ReturnType<typeof readTagRules> => readTagRules(JSON.stringify(value));
const MATCHER = { key: 'virtual', compare: 'equal', value: 'kvm', inverse: false };

test('rules as Razor, Hanlon, razor-server and the lab print them', () => {
  const old = {
    '@name': 'vm',
    '@tag': 'virtual_machine',
    '@tag_matchers': [{ '@key': 'virtual', '@compare': 'equal', '@value': 'kvm', '@inverse': 'false' }],
  };
  const found = { name: 'vm', tag: 'virtual_machine', matchers: [MATCHER] };
  assert.deepEqual(read(old), [found]);
  assert.deepEqual(read([old, old]), [found, found]);
  for (const key of ['response', 'items', 'tags']) assert.deepEqual(read({ [key]: [old] }), [found], key);
  assert.deepEqual(read({ name: 'vm', tag: 'virtual_machine', matchers: [MATCHER] }), [found]);
  assert.deepEqual(read({ name: 'big', rule: ['>', ['num', ['fact', 'processorcount']], 4] }), [
    { name: 'big', tag: 'big', matchers: [], rule: ['>', ['num', ['fact', 'processorcount']], 4] },
  ]);
});

test('a rule without a name is called by its tag, or its number', () => {
  assert.deepEqual(
    read([{ tag: 'a', matchers: [] }, { matchers: [] }])?.map(({ name, tag }) => [name, tag]),
    [
      ['a', 'a'],
      ['rule 2', 'rule 2'],
    ],
  );
});

test('what lacks in a matcher is empty, and only true is inverse', () => {
  assert.deepEqual(read({ matchers: [{ compare: 'equal' }] })?.[0]?.matchers, [
    { key: '', compare: 'equal', value: '', inverse: false },
  ]);
  const inverse = (value: unknown): boolean | undefined =>
    read({ matchers: [{ ...MATCHER, inverse: value }] })?.[0]?.matchers[0]?.inverse;
  assert.deepEqual([true, 'true', false, 'false', 'TRUE', null, 1].map(inverse), [true, true, ...Array(5).fill(false)]);
});

test('what is no list of rules is none', () => {
  for (const value of [
    5,
    null,
    'x',
    {},
    [5],
    [null],
    [[]],
    { name: 'x' },
    { matchers: {} },
    { response: 5 },
    { rule: 'x' },
  ])
    assert.equal(read(value), undefined, JSON.stringify(value));
  assert.equal(readTagRules('not JSON'), undefined);
  assert.deepEqual(read([]), []);
});

test('a rule that cannot be used is refused by its name', () => {
  const refused = (value: unknown, message: RegExp): void =>
    assert.throws(() => read(value), { code: 'RAZOR_MK_RULES', message });
  refused({ name: 'x', matchers: [5] }, /^rule x: a matcher must be an object$/);
  refused({ name: 'x', matchers: [[]] }, /^rule x: a matcher must be an object$/);
  refused({ name: 'x', matchers: [{ compare: 'is' }] }, /^rule x: compare must be equal or like, not "is"$/);
  refused({ name: 'x', matchers: [{ compare: 'like', value: '(' }] }, /^rule x: "\(" cannot be used as a pattern: /);
  assert.equal(read({ name: 'x', matchers: [{ compare: 'equal', value: '(' }] })?.length, 1);
  refused({ name: 'x', rule: ['nonsense'] }, /^rule x: \S/);
});
