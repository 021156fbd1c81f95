import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FactTest } from '../../../platform/rules/condition.ts';
import {
  changeText,
  policyLines,
  ruleLines,
  shownValue,
  tagLines,
  testText,
} from '../../../platform/rules/verdict-words.ts';
import type { PolicyVerdict, RuleVerdict, TagVerdict } from '../../../platform/rules/why-not.ts';

const TEST: FactTest = {
  fact: 'x_y',
  found: '1',
  wants: 'is "2"',
  holds: false,
  accepts: () => false,
  examples: ['2'],
};
const RULE = {
  rule: 'two',
  tag: 'two',
  holds: false,
  condition: { kind: 'test', test: TEST },
  change: [{ fact: 'x_y', from: '1', to: '2', wants: 'is "2"' }],
} as unknown as RuleVerdict;

test('values in sentences', () => {
  const long = 'x'.repeat(79);
  assert.deepEqual([undefined, null, '1', 5, { a: 1 }, () => 1, 'x'.repeat(78), long].map(shownValue), [
    'absent',
    'null',
    '"1"',
    '5',
    '{"a":1}',
    'absent',
    `"${'x'.repeat(78)}"`,
    `"${long}…`,
  ]);
});

test('a question about a fact, and where the fact came from', () => {
  assert.equal(testText(TEST), 'x_y is "1"; wanted: is "2"');
  assert.equal(testText(TEST, '/proc/x'), 'x_y is "1"; wanted: is "2"; from /proc/x');
  assert.match(testText({ ...TEST, fact: 'mk_hw_nic_count' }), /; from \S/);
});

test('changes', () => {
  assert.equal(changeText([]), '');
  const change = { fact: 'a', from: 1, to: 2, wants: 'is 2' };
  assert.equal(changeText([change, { ...change, fact: 'b', to: undefined }]), 'a = 2 and b: is 2');
});

test('why a rule does not give its tag, and what it would take', () => {
  assert.deepEqual(ruleLines(RULE), ['x_y is "1"; wanted: is "2" (rule two)', 'it would take: x_y = "2"']);
  assert.deepEqual(
    ruleLines({ ...RULE, change: undefined }, () => '/proc/x'),
    [
      'x_y is "1"; wanted: is "2"; from /proc/x (rule two)',
      'it would take: nothing: its conditions contradict each other',
    ],
  );
});

test('why a machine lacks a tag', () => {
  const verdict = { tag: 'two', rules: [], near: [] } as unknown as TagVerdict;
  assert.deepEqual(tagLines(verdict), ['lacks two: no rule gives it']);
  assert.deepEqual(tagLines({ ...verdict, near: ['too', 'tow'] }), [
    'lacks two: no rule gives it; did you mean too, tow?',
  ]);
  assert.deepEqual(tagLines({ ...verdict, rules: [RULE] }), [
    'lacks two: x_y is "1"; wanted: is "2" (rule two)',
    '  it would take: x_y = "2"',
  ]);
});

test('what a policy says about a machine', () => {
  const verdict = { policy: 'p', obstacle: undefined, lacks: [], has: [] } as unknown as PolicyVerdict;
  const tag = { tag: 'two', rules: [], near: [] } as unknown as TagVerdict;
  assert.deepEqual(policyLines(verdict), ['p fits: it asks for no tags']);
  assert.deepEqual(policyLines({ ...verdict, has: ['a', 'b'] }), ['p fits: it has a, b']);
  assert.deepEqual(policyLines({ ...verdict, obstacle: 'it is off' }), ['p does not fit', '  it is off']);
  assert.deepEqual(policyLines({ ...verdict, obstacle: 'it is off', lacks: [tag] }), [
    'p does not fit',
    '  it is off',
    '  lacks two: no rule gives it',
  ]);
  assert.deepEqual(policyLines({ ...verdict, lacks: [tag] }), ['p does not fit', '  lacks two: no rule gives it']);
});
