import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionHolds, type Condition, type FactTest } from '../../../platform/rules/condition.ts';
import { expressionCondition } from '../../../platform/rules/expression-condition.ts';
import type { ExpressionValues } from '../../../platform/rules/tag-expression.ts';

type Rule = readonly unknown[];
type Shape = string | { readonly [joined in 'all' | 'any']?: readonly Shape[] };

const RULES: Readonly<Record<string, Rule>> = {
  big: ['>', ['fact', 'cores'], 8],
  round: ['tag', 'round'],
};

function values(more: Partial<ExpressionValues> = {}): ExpressionValues {
  const facts = { cores: 4, maker: 'Dell Inc.', 'os.name': 'flat', os: { name: 'deep', release: { major: '9' } } };
  return { facts, metadata: { rack: 'r7' }, state: { installed: true }, tag: (name) => RULES[name] as never, ...more };
}

/** A condition as the words that a person reads. */
function shape(condition: Condition): Shape {
  if (condition.kind === 'test') return `${condition.test.fact} ${condition.test.wants}`;
  return { [condition.kind]: condition.of.map(shape) };
}

const shapeOf = (rule: Rule): Shape => shape(expressionCondition(rule, values()));

function testOf(rule: Rule, given = values()): FactTest {
  const condition = expressionCondition(rule, given);
  assert.equal(condition.kind, 'test');
  return (condition as Extract<Condition, { kind: 'test' }>).test;
}

const CORES = ['>', ['fact', 'cores'], 2];
const DELL = ['=', ['fact', 'maker'], 'Dell Inc.'];

test('and, or and not become all and any; under a not each turns into the other', () => {
  const [cores, dell] = ['cores > 2', 'maker equals "Dell Inc."'];
  const [few, other] = ['cores not > 2', 'maker not equals "Dell Inc."'];
  assert.deepEqual(shapeOf(['and', CORES, DELL]), { all: [cores, dell] });
  assert.deepEqual(shapeOf(['or', CORES, DELL]), { any: [cores, dell] });
  assert.deepEqual(shapeOf(['not', ['and', CORES, DELL]]), { any: [few, other] });
  assert.deepEqual(shapeOf(['not', ['or', CORES, DELL]]), { all: [few, other] });
  assert.deepEqual(shapeOf(['not', ['not', CORES]]), cores);
});

test('a join with a part that is no expression is one test', () => {
  assert.equal(shapeOf(['and', CORES, true]), 'cores ["and",[">",["fact","cores"],2],true]');
  assert.equal(shapeOf(['not', true]), 'nothing ["not",true]');
});

test('a tag is its rule; one that nobody made is a test; one that asks for itself ends', () => {
  assert.equal(shapeOf(['tag', 'big']), 'cores > 8');
  assert.equal(shapeOf(['not', ['tag', 'big']]), 'cores not > 8');
  assert.equal(shapeOf(['tag', 'unknown']), 'nothing ["tag","unknown"]');
  assert.equal(shapeOf(['tag', 'round']), 'nothing ["tag","round"]');
});

test('joins are taken apart to a depth of twenty, behind which there is one test', () => {
  const wrapped = (times: number): Rule => {
    let rule: Rule = CORES;
    for (let time = 0; time < times; time++) rule = ['not', rule];
    return rule;
  };
  assert.equal(shapeOf(wrapped(20)), 'cores > 2');
  assert.equal(shapeOf(wrapped(21)), `cores ["not",${JSON.stringify(CORES)}]`);
});

test('a fact that is absent and has no default is asked for first, once, wherever it stands', () => {
  const rule = [
    'or',
    ['=', ['fact', 'serial'], 'A'],
    ['=', ['fact', 'serial'], 'B'],
    ['=', ['fact', 'asset', 'none'], 'C'],
  ];
  const condition = expressionCondition(rule, values());
  const [first, ...others] = condition.kind === 'all' ? condition.of : [];
  assert.deepEqual(others.map(shape), [{ any: ['serial equals "A"', 'serial equals "B"', 'asset equals "C"'] }]);
  assert.ok(first?.kind === 'test');
  const { fact, found, holds, wants, accepts, examples } = first.test;
  assert.deepEqual(
    [fact, found, holds, wants],
    ['serial', undefined, false, 'must exist: the rule has no default for it'],
  );
  assert.deepEqual([accepts(undefined), accepts(''), accepts(null)], [false, true, true]);
  assert.ok(examples.every(accepts) && examples.length > 0);
});

test('a missing fact of a tag’s rule is found too', () => {
  const given = values({ facts: {} });
  assert.deepEqual(shape(expressionCondition(['tag', 'big'], given)), {
    all: ['cores must exist: the rule has no default for it', 'cores > 8'],
  });
});

test('metadata and state are called what they are, and a changed one is tried', () => {
  const rack = testOf(['=', ['metadata', 'rack'], 'r8']);
  assert.deepEqual([rack.fact, rack.found, rack.holds], ['metadata rack', 'r7', false]);
  assert.deepEqual([rack.accepts('r8'), rack.accepts('r7')], [true, false]);
  const installed = testOf(['=', ['state', 'installed'], true]);
  assert.deepEqual([installed.fact, installed.found, installed.holds], ['state installed', true, true]);
});

test('a dotted name is the fact of that very name, else a walk into what is structured', () => {
  assert.equal(testOf(['=', ['fact', 'os.name'], 'flat']).found, 'flat');
  assert.equal(testOf(['=', ['fact', 'os.release.major'], '9']).found, '9');
  assert.equal(testOf(['=', ['fact', 'os.release.minor', '0'], '0']).found, undefined);
  assert.equal(testOf(['=', ['fact', 'maker.length', '0'], '0']).found, undefined);
  assert.equal(testOf(['=', ['fact', 'os.toString', '0'], '0']).found, undefined);
  assert.equal(testOf(['=', ['fact', 'os.name', '0'], '0'], values({ facts: { os: null } })).found, undefined);
});

test('what a test wants is said in words, and in full where the fact does not stand in front', () => {
  const wants = (operator: string): string => testOf([operator, ['fact', 'cores'], 2]).wants;
  assert.deepEqual(['=', 'eq', '!=', 'neq', '>', '>=', '<', '<=', 'gt', 'gte', 'lt', 'lte'].map(wants), [
    'equals 2',
    'equals 2',
    'differs from 2',
    'differs from 2',
    '> 2',
    '>= 2',
    '< 2',
    '<= 2',
    '> 2',
    '>= 2',
    '< 2',
    '<= 2',
  ]);
  assert.equal(testOf(['in', ['fact', 'maker'], 'HP', 'IBM']).wants, 'is one of "HP", "IBM"');
  assert.equal(testOf(['like', ['fact', 'maker'], '^D']).wants, 'is like "^D"');
  assert.equal(testOf(['<', 2, ['fact', 'cores']]).wants, '["<",2,["fact","cores"]]');
  for (const operator of ['<>', 'x<']) assert.equal(wants(operator), `["${operator}",["fact","cores"],2]`);
  assert.equal(testOf(['=', ['fact', 'cores'], undefined]).wants, 'equals nil');
  assert.equal(testOf(['fact', 'is_virtual', false]).wants, 'is true');
  assert.equal(shapeOf(['not', ['fact', 'is_virtual', false]]), 'is_virtual is false');
});

test('examples are values that do: a step beside a number, a text that a pattern matches, the other truth under a not', () => {
  const above = testOf(['>', ['fact', 'cores'], 8]);
  assert.deepEqual([above.found, above.holds, above.examples[0]], [4, false, 9]);
  assert.equal(testOf(['<', ['fact', 'cores'], 8]).examples[0], 7);
  assert.equal(testOf(['>', ['fact', 'cores'], 0.5]).examples[0], 0.6);
  assert.match(String(testOf(['like', ['fact', 'maker'], '^HP[0-9]']).examples[0]), /^HP[0-9]/);
  assert.ok(testOf(['fact', 'is_virtual', false]).examples.includes(true));
  const nowhere = expressionCondition(['not', ['fact', 'is_virtual', true]], values());
  assert.ok(nowhere.kind === 'test' && nowhere.test.examples.includes(false));
  assert.deepEqual(testOf(['!=', ['fact', 'maker'], 'HP']).examples, ['hp', true, 'true']);
  assert.deepEqual(testOf(['!=', ['fact', 'maker'], null]).examples, [true, 'true']);
  const not = expressionCondition(['not', DELL], values());
  assert.ok(not.kind === 'test' && !not.test.holds && not.test.examples.length > 0);
  assert.ok(not.test.examples.every((example) => not.test.accepts(example) && example !== 'Dell Inc.'));
});

test('a value with which the rule cannot be evaluated is not accepted, under a not neither', () => {
  for (const rule of [CORES, ['not', CORES]]) assert.equal(testOf(rule).accepts('many'), false);
});

test('a test of several facts shows all of them, and no single value is told', () => {
  const two = testOf(['=', ['fact', 'cores'], ['metadata', 'rack']]);
  assert.deepEqual([two.fact, two.found, two.holds, two.accepts(4)], ['cores, metadata rack', [4, 'r7'], false, false]);
  const same = testOf(['=', ['fact', 'cores'], ['fact', 'cores']]);
  assert.deepEqual([same.fact, same.found, same.holds], ['cores', 4, true]);
});

test('a rule about MAC addresses looks at the fact macaddress', () => {
  const rule = ['has_macaddress', '52:54:00:00:00:01'];
  const { fact, accepts } = testOf(rule);
  assert.deepEqual([fact, accepts('52:54:00:00:00:01'), accepts('52:54:00:00:00:02')], ['macaddress', true, false]);
  const facts = { macaddress: '52:54:00:00:00:01' };
  const held = testOf(rule, values({ facts }));
  assert.deepEqual(
    [held.found, held.holds],
    [facts.macaddress, conditionHolds(expressionCondition(rule, values({ facts })))],
  );
});
