import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPeers } from '../../../../../agent/servers/foreman/api/allowed-peers.ts';

test('the server’s addresses, and those and the networks that somebody wrote down, may give orders', () => {
  const { allows, entries, wrong } = createPeers(
    ['192.0.2.1', '2001:db8::1'],
    ['198.51.100.0/24', 'fd00::/8', '192.0.2.1'],
  );
  assert.deepEqual([entries, wrong], [['192.0.2.1', '2001:db8::1', '198.51.100.0/24', 'fd00::/8'], []]);
  for (const remote of [
    '192.0.2.1',
    '::ffff:192.0.2.1',
    '::FFFF:198.51.100.255',
    '2001:db8::1',
    'fd12::5',
    'fd12::5%eth0',
  ])
    assert.equal(allows(remote), true, remote);
  for (const remote of [
    undefined,
    '',
    'x',
    '192.0.2.2',
    '198.51.101.0',
    '2001:db8::2',
    'fe80::1',
    '::ffff:192.0.2.2',
  ].concat(['x::ffff:192.0.2.1', '192.0.2.1.5']))
    assert.equal(allows(remote), false, remote);
});

test('an entry that is neither is nobody', () => {
  const bad = ['name', '', '192.0.2.0/33', 'fd00::/129', '192.0.2.0/x', '192.0.2.0/', '192.0.2.0/-1', '192.0.2.0/1024'];
  const { allows, entries, wrong } = createPeers([], bad);
  assert.deepEqual([entries, wrong], [[], bad]);
  assert.equal(allows('192.0.2.1'), false);
  assert.deepEqual(createPeers([], ['0.0.0.0/0', ' 192.0.2.0/32', '::/128']).wrong, []);
  assert.equal(createPeers([], ['0.0.0.0/0']).allows('203.0.113.9'), true);
  assert.equal(createPeers([], ['192.0.2.0/32']).allows('192.0.2.1'), false);
});
