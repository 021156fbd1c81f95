import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { collectFacts, compileExclusion, DEFAULT_EXCLUSION, factValues, openSources } from '../../facts/facts.ts';
import { catalogueNames, originOf } from '../../platform/rules/fact-origins.ts';
import { makeTree } from '../helpers/tree.ts';

test('this machine has more than 40 facts after the default exclusion, the servers’ default tags among them', async () => {
  const set = await collectFacts({ sources: openSources() });
  const values = factValues(set, compileExclusion(DEFAULT_EXCLUSION));
  assert.ok(Object.keys(values).length > 40, `only ${Object.keys(values).length}`);
  for (const name of ['mk_hw_cpu_count', 'mk_hw_nic_count', 'mk_hw_mem_size', 'is_virtual', 'virtual']) {
    assert.ok(values[name], name);
  }
  for (const [name, value] of Object.entries(values)) assert.equal(typeof value, 'string', name);
  assert.equal(values['uptime_seconds'], undefined);
});

test('a tree with nothing in it gives few facts, no error and an identity that says what is missing', async (t) => {
  const set = await collectFacts({ sources: openSources({ root: makeTree(t, {}) }) });
  assert.deepEqual(set.errors, []);
  assert.deepEqual(set.identity.interfaces, []);
  assert.match(set.identity.note ?? '', /no Ethernet interface/);
});

test('a tree that does not exist is a machine without anything, not an exception', async () => {
  const set = await collectFacts({ sources: openSources({ root: '/no/such/tree' }) });
  assert.deepEqual(set.errors, []);
});

test('memory is printed as Facter printed it, and its source is named', async (t) => {
  const root = makeTree(t, { 'proc/meminfo': 'MemTotal:       65921280 kB\nMemFree: 1024 kB\nSwapTotal: 0 kB\n' });
  const { facts } = await collectFacts({ sources: openSources({ root }) });
  assert.equal(facts.get('memorysize_mb')?.value, '64376.25');
  assert.equal(facts.get('memorysize')?.value, '62.87 GB');
  assert.equal(facts.get('memorytotal')?.value, '62.87 GB');
  assert.equal(facts.get('memoryfree')?.value, '1.00 MB');
  assert.deepEqual(facts.get('memorysize')?.sources, ['/proc/meminfo']);
  assert.match(facts.get('memorysize')?.raw ?? '', /65921280/);
  assert.equal(facts.get('memoryfree_mb')?.volatile, true);
});

test('maxcpus=1 on the kernel line changes no count: what is present counts, not what runs', async (t) => {
  const root = makeTree(t, {
    'proc/cpuinfo': 'processor\t: 0\nmodel name\t: Fast CPU\nphysical id\t: 0\n\n',
    'sys/devices/system/cpu/present': '0-7\n',
    'sys/devices/system/cpu/online': '0\n',
    'sys/devices/system/cpu/cpu0/topology/physical_package_id': '0\n',
    'sys/devices/system/cpu/cpu7/': '',
  });
  const { facts } = await collectFacts({ sources: openSources({ root }) });
  assert.equal(facts.get('processorcount')?.value, '8');
  assert.equal(facts.get('processor7')?.value, 'Fast CPU');
});

test('every fact of every recorded machine has a row that says where it comes from and why it may be absent', async () => {
  const set = await collectFacts({ sources: openSources(), all: true });
  const names = new Set(set.facts.keys());
  for (const place of ['machines', 'captures']) {
    const dir = new URL(`../fixtures/${place}/`, import.meta.url).pathname;
    for (const file of readdirSync(dir).filter((each) => each.endsWith('.facts.json'))) {
      for (const name of Object.keys(JSON.parse(readFileSync(join(dir, file), 'utf8')) as object)) names.add(name);
    }
  }
  assert.ok(names.size > 200, `only ${names.size}`);
  assert.deepEqual(
    [...names].filter((name) => originOf(name) === undefined),
    [],
  );
  for (const name of catalogueNames()) assert.match(originOf(name)?.absent ?? '', /\w.*[^.]$/, name);
});
