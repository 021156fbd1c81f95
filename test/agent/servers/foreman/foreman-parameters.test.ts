import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readForemanParameters } from '../../../../agent/servers/foreman/foreman-parameters.ts';

const read = (words: Readonly<Record<string, string>> = {}): ReturnType<typeof readForemanParameters> =>
  readForemanParameters((name) => words[name]);

test('without words, and with all of them', () => {
  const none = {
    type: 'foreman',
    bootMac: undefined,
    bootMacFrom: undefined,
    extraUploads: 0,
    custom: {},
    problems: [],
  };
  assert.deepEqual(read(), none);
  assert.deepEqual(read({ 'proxy.type': '', BOOTIF: '', 'fdi.pxmac': '', 'fdi.cachefacts': '' }), none);
  assert.deepEqual(
    read({
      'proxy.type': 'PROXY',
      BOOTIF: '01-52-54-00-AA-00-01',
      'fdi.pxmac': '52:54:00:aa:00:02',
      'fdi.cachefacts': '10000',
      'fdi.pxfactname1': 'site',
      'fdi.pxfactvalue1': 'lab',
      'fdi.pxfactname2': '_x:y.z-1',
      'fdi.pxfactname4': 'late',
    }),
    {
      type: 'proxy',
      bootMac: '52:54:00:aa:00:01',
      bootMacFrom: 'BOOTIF',
      extraUploads: 10_000,
      custom: { site: 'lab', '_x:y.z-1': '' },
      problems: [],
    },
  );
});

test('what cannot be used is said, and the next or the default counts', () => {
  assert.deepEqual(read({ 'proxy.type': 'Other' }).problems, [
    'proxy.type=other is neither foreman nor proxy: foreman is used',
  ]);
  const cards = read({ BOOTIF: 'eth0', 'fdi.pxmac': '52:54:00:AA:00:02' });
  assert.deepEqual(
    [cards.bootMac, cards.bootMacFrom, cards.problems],
    ['52:54:00:aa:00:02', 'fdi.pxmac', ['BOOTIF: invalid MAC address "eth0"']],
  );
  for (const text of ['10001', '-1', 'x1', '1x', '1.5', '12345678901'])
    assert.deepEqual(
      [read({ 'fdi.cachefacts': text }).extraUploads, read({ 'fdi.cachefacts': text }).problems],
      [0, [`fdi.cachefacts=${text} is not between 0 and 10000: 0 is used`]],
    );
  assert.match(read({ 'fdi.uploadsleep': '0' }).problems[0] ?? '', /^fdi.uploadsleep=0 is not between/);
  const named = read({ 'fdi.pxfactname1': 'a b', 'fdi.pxfactname2': '-x', 'fdi.pxfactname3': 'good' });
  assert.deepEqual(named.custom, { good: '' });
  assert.deepEqual(named.problems, [
    'fdi.pxfactname1=a b cannot be the name of a fact',
    'fdi.pxfactname2=-x cannot be the name of a fact',
  ]);
});

test('a hundred facts of one’s own are read', () => {
  const { custom } = readForemanParameters((name) =>
    name.startsWith('fdi.pxfactname') ? `f${name.slice(14)}` : undefined,
  );
  assert.deepEqual([Object.keys(custom).length, Object.keys(custom).at(-1)], [100, 'f100']);
});
