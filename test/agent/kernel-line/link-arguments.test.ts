import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLinkArguments } from '../../../agent/kernel-line/link-arguments.ts';
import { parseCommandLine } from '../../../platform/kernel-line.ts';

const read = (line: string): ReturnType<typeof parseLinkArguments> => parseLinkArguments(parseCommandLine(line));

test('a VLAN is a number, or one of a card; several stand with commas or one after another', () => {
  assert.deepEqual(read('razor.vlan=5,eth0.10 razor.vlan=52-54-00-AA-00-01:4094').vlans, [
    { id: 5, nic: undefined },
    { id: 10, nic: 'eth0' },
    { id: 4094, nic: '52:54:00:aa:00:01' },
  ]);
  for (const value of ['0', '4095', '', 'x', 'eth0', 'eth0.', '5x', 'eth0.12345'])
    assert.deepEqual(
      read(`razor.vlan=${value}`),
      {
        vlans: [],
        groups: [],
        aliases: new Map(),
        warnings: [`razor.vlan=${value}: write razor.vlan=ID or razor.vlan=NIC.ID, ID from 1 to 4094`],
      },
      value,
    );
  assert.deepEqual(read('razor.vlan=-e.5').warnings, ['razor.vlan=-e.5: the interface name is not valid']);
});

test('the VLAN of vlan= is the number at the end of its name, with or without zeros in front', () => {
  assert.deepEqual(read('vlan=vlan0005:eth0 vlan=eth0.7 vlan=vlan4094:eth1 razor.vlan=1').vlans, [
    { id: 1, nic: undefined },
    { id: 5, nic: 'eth0', name: 'vlan0005' },
    { id: 7, nic: 'eth0', name: 'eth0.7' },
    { id: 4094, nic: 'eth1', name: 'vlan4094' },
  ]);
  for (const value of [
    '',
    'lan',
    'vlan5',
    'lan:eth0',
    'vlan0:eth0',
    'vlan4095:eth0',
    '5:eth0',
    'vlan5:-x',
    'eth0.5x',
    'vlan40950:eth0',
    'a.5b7',
  ]) {
    const { vlans, warnings } = read(`vlan=${value}`);
    assert.deepEqual(vlans, [], value);
    assert.match(warnings.join('\n'), /^vlan=\S*: write vlan=NAME:NIC with the number/, value);
  }
});

test('the groups of bond=, team= and bridge= are read, and what they lack here is said', () => {
  const { groups, warnings } = read('bond=bond1:eth2,eth3:mode=4 team=t0:eth4 bridge=br1:eth5,-x');
  assert.deepEqual(groups, [
    { name: 'bond1', members: ['eth2', 'eth3'] },
    { name: 't0', members: ['eth4'] },
    { name: 'br1', members: ['eth5'] },
  ]);
  assert.match(warnings[0] ?? '', /^bond=bond1:eth2,eth3:mode=4: links are not joined here: one of eth2, eth3 is used/);
  assert.equal(warnings.length, 3);
});

test('groups without a value, and a bond without members, are those that dracut takes', () => {
  const names = (line: string): string[] =>
    read(line).groups.map(({ name, members }) => `${name} ${members.join(' ')}`);
  assert.deepEqual(names('bond team bridge'), ['bond0 eth0 eth1', 'team0 eth0 eth1', 'br0 eth0']);
  assert.deepEqual(names('bond=b7'), ['b7 eth0 eth1']);
  for (const value of ['team=t7', 'bridge=b7', 'team=-t:eth0', 'bond=b7:-x']) {
    assert.deepEqual(names(value), [], value);
    const [kind] = value.split('=');
    assert.deepEqual(read(value).warnings, [`${value}: no NIC is named: write ${kind}=NAME:NIC,NIC`]);
  }
});

test('ifname= gives a card by its MAC a name', () => {
  const { aliases, warnings } = read(
    'ifname=lan:52:54:00:AA:00:01 ifname=-x:52:54:00:aa:00:02 ifname=wan:52:54 ifname=x',
  );
  assert.deepEqual([...aliases], [['lan', '52:54:00:aa:00:01']]);
  assert.deepEqual(warnings, [
    'ifname=-x:52:54:00:aa:00:02: write ifname=NAME:MAC',
    'ifname=wan:52:54: write ifname=NAME:MAC',
    'ifname=x: write ifname=NAME:MAC',
  ]);
});
