import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expressionFault, expressionHolds, TagExpressionError } from '../../../platform/rules/tag-expression.ts';

const FACTS = {
  macaddress: '52:54:00:aa:00:01',
  macaddress_eth1: '52:54:00:AA:00:02',
  processorcount: 2,
  is_virtual: true,
  memorysize_mb: '1024.50',
  os: { release: { major: '12' } },
  'dotted.name': 'whole',
  nothing: null,
};

const holds = (rule: readonly unknown[]): boolean =>
  expressionHolds(rule, {
    facts: FACTS,
    metadata: { rack: 'r7' },
    state: { installed: false },
    tag: (name) => (name === 'small' ? ['<=', ['num', ['fact', 'processorcount']], 2] : undefined),
  });

test('a rule of razor-server holds by the value and the type of a fact', () => {
  const rows: readonly (readonly [readonly unknown[], boolean])[] = [
    [['=', ['fact', 'processorcount'], 2], true],
    [['=', ['fact', 'processorcount'], '2'], false],
    [['=', ['fact', 'is_virtual'], true], true],
    [['=', ['fact', 'is_virtual'], 'true'], false],
    [['in', ['fact', 'macaddress'], 'x', '52:54:00:aa:00:01'], true],
    [['in', ['fact', 'macaddress'], '52:54:00:AA:00:01'], false],
    [['has_macaddress', '52:54:00:aa:00:02'], true],
    [['has_macaddress', '52:54:00:aa:00:03'], false],
    [['has_macaddress_like', '^52:54:00:AA'], true],
    [['=', ['fact', 'os.release.major'], '12'], true],
    [['=', ['fact', 'dotted.name'], 'whole'], true],
    [['>=', ['num', ['fact', 'memorysize_mb']], 1024.5], true],
    [['>', ['num', ['fact', 'memorysize_mb']], 1024.5], false],
    [['like', ['fact', 'macaddress'], '^52'], true],
    [['=', ['lower', ['fact', 'macaddress_eth1']], '52:54:00:aa:00:02'], true],
    [['not', ['=', ['metadata', 'rack'], 'r7']], false],
    [['=', ['metadata', 'row', 'none'], 'none'], true],
    [['=', ['fact', 'nothing'], null], true],
    [['=', ['fact', 'toString', 'absent'], 'absent'], true],
    [['and', ['tag', 'small'], ['!=', ['state', 'installed'], 'x']], true],
    [['or', ['=', 1, 2], ['neq', 1, 2]], true],
  ];
  for (const [rule, expected] of rows) assert.equal(holds(rule), expected, JSON.stringify(rule));
});

test('what cannot be evaluated is an error in the original’s words, in a branch that does not matter too', () => {
  const rows: readonly (readonly [readonly unknown[], RegExp])[] = [
    [
      ['=', ['fact', 'uniqueid'], '1'],
      /^Couldn't find fact 'uniqueid' and no default supplied while evaluating rule: \["="/,
    ],
    [['or', true, ['=', ['fact', 'lsbdistid'], 'x']], /Couldn't find fact 'lsbdistid'/],
    [['=', ['metadata', 'row'], '1'], /Couldn't find metadata 'row'/],
    [['=', ['fact', 'os.release.minor'], '1'], /Couldn't find fact 'os\.release\.minor'/],
    [['>', ['num', ['fact', 'macaddress']], 1], /can't convert "52:54:00:aa:00:01" to number/],
    [['tag', 'large'], /Tag 'large' does not exist/],
    [['like', ['fact', 'processorcount'], '2'], /2 is not a String/],
    [['like', ['fact', 'macaddress'], '('], /invalid pattern/],
  ];
  for (const [rule, message] of rows) {
    assert.throws(
      () => holds(rule),
      (error) => error instanceof TagExpressionError && message.test(error.message),
      JSON.stringify(rule),
    );
  }
});

test('a rule is refused when it is made for an unknown operator, for wrong types and for a result that is no yes or no', () => {
  for (const good of [
    ['=', ['fact', 'a'], 1],
    ['and', ['tag', 'x']],
    ['>', ['num', ['fact', 'a']], 1],
    ['has_macaddress', 'a'],
  ]) {
    const expected = good[0] === 'and' ? /incompatible datatype/ : undefined;
    const fault = expressionFault(good);
    if (expected) assert.match(fault ?? '', expected);
    else assert.equal(fault, undefined, JSON.stringify(good));
  }
  const rows: readonly (readonly [unknown, RegExp])[] = [
    ['text', /must be an array/],
    [['='], /at least one argument/],
    [['equals', 1, 1], /unrecognized operator 'equals'; recognized operators are and, or/],
    [['fact', 'a'], /incompatible datatype\(s\) from function 'fact'/],
    [['>', ['fact', 'a'], 1], /incompatible datatype/],
    [['>', '2', 1], /attempts to pass "2" to '>' for argument 0/],
    [['fact', 1], /incompatible|attempts/],
    [['=', { a: 1 }, 1], /attempts to pass/],
    [['and', 'a'], /only boolean are accepted/],
  ];
  for (const [rule, message] of rows) assert.match(expressionFault(rule) ?? 'accepted', message, JSON.stringify(rule));
});
