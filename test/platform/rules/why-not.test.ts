import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainPolicies, explainTag, type RuledMachine } from '../../../platform/rules/why-not.ts';
import { failingTests } from '../../../platform/rules/condition.ts';
import { matchTags, type AnyTagRule } from '../../../platform/rules/tags.ts';

const FACTS = {
  mk_hw_nic_count: '1',
  memorysize_mb: '24105.56',
  is_virtual: 'true',
  virtual: 'kvm',
  hostname: 'r7-n3',
};
const matched = (name: string, ...matchers: AnyTagRule['matchers']): AnyTagRule => ({ name, tag: name, matchers });
const ruled = (name: string, rule: readonly unknown[]): AnyTagRule => ({ name, tag: name, matchers: [], rule });
const like = (key: string, value: string, inverse = false) => ({ key, compare: 'like' as const, value, inverse });

function changes(rules: readonly AnyTagRule[], tag: string, facts: Readonly<Record<string, unknown>> = FACTS) {
  const { change } = explainTag({ facts, rules }, tag).rules[0] ?? {};
  return change?.map(({ fact, from, to }) => [fact, from, to]);
}

test('a missing tag is explained by the rule that would give it, the fact, and the fact’s value', () => {
  const [rule, ...others] = explainTag({ facts: FACTS, rules: [] }, 'nics_2').rules;
  assert.equal(rule?.rule, 'nics');
  const failing = rule === undefined ? [] : failingTests(rule.condition);
  assert.deepEqual(
    failing.map(({ fact, found, wants }) => [fact, found, wants]),
    [['mk_hw_nic_count', '1', 'reads "2"']],
  );
  assert.deepEqual(changes([], 'nics_2'), [['mk_hw_nic_count', '1', '2']]);
  assert.deepEqual(others, [], 'a maker is not called nics_2');
});

test('a pattern’s smallest change is a value that it matches, and every change that is told gives the tag', () => {
  const rules = [
    matched('big', like('memorysize_mb', '^[3-9]\\d{4,}')),
    matched('rack', like('hostname', '^r(8|9)-n\\d+$'), {
      key: 'virtual',
      compare: 'equal',
      value: 'xenu',
      inverse: false,
    }),
    matched('real', { key: 'is_virtual', compare: 'equal', value: 'true', inverse: true }),
    matched('dell', like('mk_hw_bus_vendor', '(?i)dell')),
    ruled('cpus', ['and', ['>=', ['num', ['fact', 'processorcount']], 8], ['not', ['fact', 'is_virtual']]]),
    ruled('either', ['or', ['tag', 'cpus'], ['in', ['fact', 'virtual', 'x'], 'vmware', 'xenu']]),
    ruled('mac', ['has_macaddress', '52:54:00:aa:00:01']),
  ];
  for (const { tag } of rules) {
    const change = changes(rules, tag);
    assert.ok(change !== undefined && change.length > 0, tag);
    const facts = { ...FACTS, ...Object.fromEntries(change.map(([fact, , to]) => [fact, to])) };
    assert.ok(
      matchTags(facts, rules).matches.some((match) => match.tag === tag),
      `${tag}: ${JSON.stringify(change)}`,
    );
  }
  assert.equal(changes(rules, 'real')?.length, 1);
  assert.equal(changes(rules, 'either')?.length, 2, 'cpus must be evaluable too: its fact is missing');
});

test('what no value can satisfy has no smallest change', () => {
  const both = matched('both', like('virtual', '^a$'), like('virtual', '^b$'));
  assert.equal(changes([both], 'both'), undefined);
});

test('a tag that no rule gives says so, with those that rules can give', () => {
  assert.deepEqual(explainTag({ facts: FACTS, rules: [] }, 'nisc_2'), {
    tag: 'nisc_2',
    rules: [],
    near: ['nics_2', 'nics_1'],
  });
});

test('each policy says what keeps the machine from it', () => {
  const policy = { enabled: true, maximum: 0, bound: 0, tags: [] };
  const machine: RuledMachine = { facts: FACTS, rules: [], otherTags: ['525400AABB01'] };
  const verdicts = explainPolicies(machine, [
    { ...policy, label: 'two', tags: ['nics_2', 'kvm_vm'] },
    { ...policy, label: 'off', enabled: false },
    { ...policy, label: 'full', maximum: 1, bound: 1 },
    { ...policy, label: 'mine', tags: ['525400AABB01'] },
  ]);
  assert.deepEqual(
    verdicts.map(({ policy: label, obstacle, lacks, has }) => [label, obstacle, lacks.map(({ tag }) => tag), has]),
    [
      ['two', undefined, ['nics_2'], ['kvm_vm']],
      ['off', 'it is disabled', [], []],
      ['full', 'it has its 1 already', [], []],
      ['mine', undefined, [], ['525400AABB01']],
    ],
  );
});
