import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FOREMAN_RULES } from '../../../../agent/servers/foreman/rules/discovery-rules.ts';
import { parseQuery } from '../../../../agent/servers/foreman/rules/search-query.ts';
import { recorded } from '../../../helpers/ironic-agent.ts';

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

test('operators have no precedence: each takes all to its right, words side by side must all hold', () => {
  const compare = (field: string) => ({ kind: 'compare', field, operator: '=', values: ['1'] });
  const [a, b, c] = ['a', 'b', 'c'].map(compare);
  assert.deepEqual(parseQuery('a = 1 and b = 1 or c = 1'), { kind: 'and', of: [a, { kind: 'or', of: [b, c] }] });
  assert.deepEqual(parseQuery('(a=1 && b=1) | c=1'), { kind: 'or', of: [{ kind: 'and', of: [a, b] }, c] });
  assert.deepEqual(parseQuery('a=1 b=1'), { kind: 'and', of: [a, b] });
  assert.deepEqual(parseQuery('not a=1 and b=1'), { kind: 'not', of: { kind: 'and', of: [a, b] } });
});

test('a query without a meaning is refused with the reason', () => {
  for (const [query, why] of [
    ['a =', /has its end where a name or a value must stand/],
    ['(a = 1', /has a \( that is not closed/],
    ['a = 1)', /has a \) too many/],
    ['', /asks for nothing/],
  ] as const) {
    assert.throws(() => parseQuery(query), { code: 'RAZOR_MK_RULES', message: why }, query);
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
