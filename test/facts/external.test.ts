import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { captureMachine, captureSources, collectFacts, factValues, openSources } from '../../facts/facts.ts';
import { collectExternal } from '../../facts/external.ts';
import { makeTree } from '../helpers/tree.ts';

async function collect(root: string): Promise<{ facts: Record<string, string>; failures: string[] }> {
  const facts: Record<string, string> = {};
  const failures: string[] = [];
  const add = (name: string, value: unknown): void => void (facts[name] = String(value));
  await collectExternal([root], add, (message, source) =>
    failures.push(`${source.slice(root.length + 1)}: ${message}`),
  );
  return { facts, failures };
}

test('files in JSON, YAML and key=value, and programs that print either, give facts', async (t) => {
  const root = makeTree(t, {
    'a.json': '{"rack": "b7", "power": {"feeds": 2}, "nothing": null}',
    'b.yaml': 'site: berlin\nunits: [1, 2]\n',
    'c.txt': '# a comment\nowner = team-x\nnot a line\n',
    'd.sh': '#!/bin/sh\necho asset=4711\n',
    'e.sh': '#!/bin/sh\necho \'{"slot": 3}\'\n',
    'backup.json~': '{"no": 1}',
  });
  chmodSync(join(root, 'd.sh'), 0o755);
  chmodSync(join(root, 'e.sh'), 0o755);
  const { facts, failures } = await collect(root);
  assert.deepEqual(failures, []);
  assert.deepEqual(facts, {
    rack: 'b7',
    power_feeds: '2',
    site: 'berlin',
    units: '[1,2]',
    owner: 'team-x',
    asset: '4711',
    slot: '3',
  });
});

test('a value of YAML or JSON is the text that was written, whatever else it looks like', async (t) => {
  const values = {
    service_tag: '5E12345',
    ctrl_mac: '12e345678901',
    asset_tag: '00123456',
    serial_long: '12345678901234567890',
    imei: '9007199254740993',
    small: '08',
    rack_unit: '010',
    hexid: '0x1F',
    octal: '0o17',
    release: '1.10',
    thousand: '1_000',
    in_rack: 'yes',
    maintenance: 'True',
    position: '1:30',
    contract_until: '2026-11-30',
    scientific: '1.0e3',
    plain: '42',
  };
  const yaml = Object.entries(values).map(([name, value]) => `${name}: ${value}\n`);
  const root = makeTree(t, {
    'a.yaml': `${yaml.join('')}nothing: null\ntilde: ~\nquoted: "0x10"\nlist: [1, 010, x]\n5E1: key\n`,
    'b.json': '{"json_long": 12345678901234567890, "json_float": 1.50, "json_int": 7, "json_text": "08"}',
  });
  const { facts, failures } = await collect(root);
  assert.deepEqual(failures, []);
  assert.deepEqual(facts, {
    ...values,
    quoted: '0x10',
    list: '[1,"010","x"]',
    '5E1': 'key',
    json_long: '12345678901234567890',
    json_float: '1.50',
    json_int: '7',
    json_text: '08',
  });
});

test('one that fails loses only itself, and is named', async (t) => {
  const root = makeTree(t, {
    'broken.json': '{"rack": ',
    'list.yaml': '- 1\n',
    'exit3.sh': '#!/bin/sh\necho good=1; echo no such thing >&2; exit 3\n',
    plain: 'neither\n',
    'good.txt': 'kept=yes\n',
  });
  chmodSync(join(root, 'exit3.sh'), 0o755);
  const { facts, failures } = await collect(root);
  assert.deepEqual(facts, { kept: 'yes' });
  assert.equal(failures.length, 4);
  assert.match(failures.join('\n'), /exit3\.sh: exit status 3: no such thing/);
});

test('a directory that is not there is no failure', async () => {
  assert.deepEqual(await collect('/no/such/facts.d'), { facts: {}, failures: [] });
});

test('a capture holds the site’s own facts, and a replay gives them', async (t) => {
  const root = makeTree(t, { 'a.txt': 'rack=b7\n' });
  const { bytes, set } = await captureMachine({ sources: openSources(), externalDirs: [root] });
  assert.equal(set.facts.get('rack')?.value, 'b7');
  const replayed = await collectFacts({ sources: await captureSources(bytes, 'x'), externalDirs: [root] });
  assert.deepEqual(factValues(replayed), factValues(set));
});
