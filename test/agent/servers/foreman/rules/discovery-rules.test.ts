import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FOREMAN_RULES } from '../../../../../agent/servers/foreman/rules/discovery-rules.ts';
import type { RuleOutcome } from '../../../../../platform/rules/why-not.ts';
import { recorded } from '../../../../helpers/ironic-agent.ts';

const FACTS = {
  physicalprocessorcount: '2',
  memorysize_mb: '24105.56',
  productname: 'PowerEdge R750',
  macaddress: '52:54:00:AA:00:01',
  ipaddress: '192.0.2.7',
  blockdevice_sda_size: '1000000000000',
  blockdevice_sdb_size: '500000000000',
  architecture: 'amd64',
  kernelversion: '6.1',
};

async function holds(query: string, facts: Readonly<Record<string, string>> = FACTS): Promise<boolean | undefined> {
  const set = await recorded();
  return FOREMAN_RULES.open(`rule: ${query}`)?.explain(set, facts)[0]?.holds;
}

test('columns of a discovered host are made of its facts', async () => {
  for (const [query, expected] of [
    ['cpu_count = 2', true],
    ['cpu_count > 2', false],
    ['memory >= 24106', true],
    ['disk_count = 2 and disks_size > 1430000', true],
    ['model = "PowerEdge R750"', true],
    ['model ~ poweredge', true],
    ['model = Power*', true],
    ['mac = 52:54:00:aa:00:01', true],
    ['name = mac525400aa0001', true],
    ['facts.architecture ^ (amd64, arm64)', true],
    ['facts.architecture !^ (amd64, arm64)', false],
    ['has facts.nosuch', false],
    ['null? facts.nosuch', true],
    ['not cpu_count = 4', true],
    ['PowerEdge', true],
    ['facts.kernelversion = 6.1', false], // Foreman drops it
    ['location = Paris', false],
  ] as const) {
    assert.equal(await holds(query), expected, query);
  }
});

test('rules come as Foreman gives them, in the order of their priority; a disabled one holds for nobody', async () => {
  const set = await recorded();
  const results = [
    { name: 'late', search: 'cpu_count = 2', priority: 200, enabled: true },
    { name: 'off', search: 'cpu_count = 2', priority: 100, enabled: false },
  ];
  const outcomes = FOREMAN_RULES.open(JSON.stringify({ results }))?.explain(set, FACTS) ?? [];
  assert.deepEqual(
    outcomes.map(({ rule, holds: fits }) => [rule, fits]),
    [
      ['off', false],
      ['late', true],
    ],
  );
});

const SET = await recorded();
const outcomesOf = (text: string, facts: Readonly<Record<string, string>> = FACTS): readonly RuleOutcome[] =>
  FOREMAN_RULES.open(text)?.explain(SET, facts) ?? [];

test('texts are like each other without regard to case, * and % standing for anything', async () => {
  for (const [query, expected] of [
    ['model = "poweredge r750"', true],
    ['model = poweredge', false],
    ['model = *r750', true],
    ['model = %edge%', true],
    ['model = edge*', false],
    ['model = power*r*0', true],
    ['model = power*x*0', false],
    ['model = power*r75', false],
    ['model = "*power*power*"', false],
    ['model != poweredge', true],
    ['model != "poweredge r750"', false],
    ['model ~ edge', true],
    ['model ~ ridge', false],
    ['model ~ edge*7', true],
    ['model ~ 7*edge', false],
    ['model !~ edge', false],
    ['model !~ ridge', true],
    ['facts.nosuch != x', false],
    ['facts.nosuch !~ x', false],
    ['facts.nosuch !^ x', false],
    ['has facts.architecture', true],
    ['null? facts.architecture', false],
    ['not facts.nosuch = x', true],
    ['(cpu_count = 2 and cpu_count = 3) or model = x', false],
    ['not (cpu_count = 2 or model = x)', false],
    ['not (cpu_count = 2 and model = x)', true],
    ['192.0.2', true],
    ['not PowerEdge', false],
    ['not ProLiant', true],
  ] as const)
    assert.equal(await holds(query), expected, query);
});

test('numbers are compared as numbers', async () => {
  for (const [query, expected] of [
    ['cpu_count > 1', true],
    ['cpu_count > 2', false],
    ['cpu_count >= 2', true],
    ['cpu_count >= 3', false],
    ['cpu_count < 3', true],
    ['cpu_count < 2', false],
    ['cpu_count <= 2', true],
    ['cpu_count <= 1', false],
    ['cpu_count < 10', true],
    ['disks_size = 1430512', true], // 1.5 TB in MiB, rounded up
    ['memory = 24106', true],
  ] as const)
    assert.equal(await holds(query), expected, query);
});

test('columns of a machine without these facts', async () => {
  for (const query of ['cpu_count = 0', 'memory = 0', 'disk_count = 0', 'disks_size = 0', 'null? mac', 'name = mac'])
    assert.equal(await holds(query, {}), true, query);
  assert.equal(await holds('disks_size = 0', { blockdevice_sda_size: 'unknown' }), true);
});

test('what a rule wants, and the smallest change with which it would hold', () => {
  const explained = (query: string): unknown => {
    const [{ condition, change } = { condition: undefined, change: undefined }] = outcomesOf(`r: ${query}`);
    const test = condition?.kind === 'test' ? condition.test : undefined;
    return [test?.fact, test?.found, test?.wants, test?.examples, change?.length];
  };
  assert.deepEqual(explained('cpu_count > 4'), ['physicalprocessorcount', '2', 'cpu_count > 4', ['5'], 1]);
  assert.deepEqual(explained('cpu_count < 2'), ['physicalprocessorcount', '2', 'cpu_count < 2', ['1'], 1]);
  assert.deepEqual(explained('not cpu_count = 2'), [
    ...['physicalprocessorcount', '2', 'not cpu_count = 2'],
    ['3', '1', 'none'],
    1,
  ]);
  assert.deepEqual(explained('model = Pro*'), ['productname', FACTS.productname, 'model = Pro*', ['Pro', 'Pro*'], 1]);
  assert.deepEqual(explained('model = ""'), ['productname', FACTS.productname, 'model =', ['', ''], 1]);
  assert.deepEqual(explained('has facts.x'), ['x', undefined, 'facts.x has', ['1'], 1]);
});

test('columns that only Foreman knows, or nobody, are said to be such', () => {
  const wants = (query: string): unknown => {
    const [outcome] = outcomesOf(`r: ${query}`);
    return [outcome?.holds, outcome?.condition.kind === 'test' && outcome.condition.test.wants];
  };
  assert.deepEqual(wants('subnet = lab'), [false, 'subnet = lab (only Foreman knows it)']);
  assert.deepEqual(wants('colour = red'), [false, 'colour = red (discovered hosts have no column colour)']);
  assert.deepEqual(wants('not colour = red'), [false, 'not colour = red (discovered hosts have no column colour)']);
});

test('rules are read from lines, too, and from a bare list; what is neither is no file of rules', () => {
  const names = (text: string): readonly string[] => outcomesOf(text).map(({ rule }) => rule);
  assert.deepEqual(names('# comment\n\n  \nbig: cpu_count > 1\nmodel = x\n'), ['big', 'line 2']);
  assert.deepEqual(names('[{"search":"a"},{"search":"b","name":"x"}]'), ['rule 1', 'x']);
  assert.equal(FOREMAN_RULES.open(' {"results": [')?.count, undefined);
  assert.equal(FOREMAN_RULES.open('{"results": 5}'), undefined);
  assert.deepEqual(names('[{"search":"a","priority":1},{"search":"b"}]'), ['rule 1', 'rule 2']);
  assert.deepEqual(names('model = "a{"\nthe rule: cpu_count = 1'), ['line 1', 'line 2']);
  assert.equal(FOREMAN_RULES.open('[5]'), undefined);
  assert.equal(FOREMAN_RULES.open('[null]'), undefined);
  assert.equal(FOREMAN_RULES.open('[{"name":"x"}]'), undefined);
  assert.throws(() => FOREMAN_RULES.open('# nothing\n'), { code: 'RAZOR_MK_RULES', message: 'the file has no rule' });
  assert.equal(FOREMAN_RULES.open(undefined)?.count, 0);
});

test('one rule is explained by its name, and names near it are told where there is none', () => {
  const opened = FOREMAN_RULES.open('storage: disk_count > 1\ncompute: cpu_count > 1');
  const asked = (name: string): unknown => {
    const found = opened?.explainTag(SET, FACTS, name);
    return [found?.tag, found?.rules.map(({ rule }) => rule), found?.near];
  };
  assert.deepEqual(asked('storage'), ['storage', ['storage'], []]);
  assert.deepEqual(asked('storag'), ['storag', [], ['storage']]);
});
