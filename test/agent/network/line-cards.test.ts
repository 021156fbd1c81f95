import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIpArguments } from '../../../agent/kernel-line/ip-argument.ts';
import { cardsOf, dhcpInterfaces, firstCard, vlanLinks, vlanName } from '../../../agent/network/line-cards.ts';
import type { NetworkState, NicState } from '../../../agent/network/network-state.ts';

function nic(index: number, more: Partial<NicState> = {}): NicState {
  const mac = `52:54:00:00:00:0${index}`;
  const base = {
    name: `eth${index}`,
    index,
    mac,
    physical: true,
    up: true,
    carrier: true,
    driver: 'e1000',
    addresses: [],
  };
  return { ...base, ...more };
}

function state(...nics: readonly NicState[]): NetworkState {
  return { nics, modules: new Set(), undriven: [], firmwareErrors: [] };
}

const THREE = state(nic(0), nic(1, { carrier: false }), nic(2));

test('a name or MAC stands for its card, an alias for the card with its MAC, a group for its members', () => {
  const line = parseIpArguments('bond=bond0:eth1,eth2,eth9 team=eth7:eth7,eth0 ifname=lan:52:54:00:00:00:02');
  const cards = (reference: string): readonly string[] => cardsOf(reference, THREE.nics, line);
  assert.deepEqual(cards('eth1'), ['eth1']);
  assert.deepEqual(cards('52:54:00:00:00:01'), ['eth1']);
  assert.deepEqual(cards('lan'), ['eth2']);
  assert.deepEqual(cards('bond0'), ['eth2', 'eth1']); // those with a link first
  assert.deepEqual(cards('eth7'), ['eth0']);
  assert.deepEqual(cards('eth9'), []);
});

test('the name of a VLAN has 15 characters at most', () => {
  assert.equal(vlanName('eth0', 5), 'eth0.5');
  assert.equal(vlanName('enp0s31f6np1x', 4094), 'enp0s31f6n.4094');
});

test('the first card is the booted one, else one with a link, else one that is down', () => {
  const first = (given: NetworkState, line = ''): string | undefined => firstCard(given, parseIpArguments(line));
  assert.equal(first(state(nic(0, { carrier: false }), nic(1))), 'eth1');
  assert.equal(first(THREE, 'BOOTIF=01-52-54-00-00-00-02'), 'eth2');
  assert.equal(first(THREE, 'BOOTIF=01-52-54-00-00-00-09'), 'eth0');
  assert.equal(first(state(nic(0, { carrier: false }), nic(1, { carrier: false, up: false }))), 'eth1');
  assert.equal(first(state(nic(0, { carrier: false }))), undefined);
});

test('VLANs with the names that they have here', () => {
  const links = (line: string): unknown =>
    vlanLinks(THREE, parseIpArguments(line)).map(({ parent, name }) => [parent, name]);
  assert.deepEqual(links('razor.vlan=5,eth2.6,eth9.7 vlan=vlan8:eth2 vlan=vlan9:eth9'), [
    ['eth0', 'eth0.5'],
    ['eth2', 'eth2.6'],
    [undefined, undefined],
    ['eth2', 'vlan8'],
    [undefined, 'vlan9'],
  ]);
});

test('who is asked by DHCP', () => {
  const asked = (line: string, more: readonly NicState[] = [], failed: readonly string[] = []): readonly string[] =>
    dhcpInterfaces(state(...THREE.nics, ...more), parseIpArguments(line), new Set(failed));
  const all = ['eth0', 'eth1', 'eth2'];
  const fixed = 'ip=192.0.2.5::192.0.2.1:255.255.255.0::eth0:none';
  const vlan = (name: string): NicState => nic(7, { name, physical: false });
  assert.deepEqual(asked(''), all);
  assert.deepEqual(asked('ip=eth1:off'), ['eth0', 'eth2']);
  assert.deepEqual(asked('ip=off'), []);
  assert.deepEqual(asked('ip=off ip=eth2:dhcp'), ['eth2']);
  assert.deepEqual(asked(fixed), ['eth1', 'eth2']);
  assert.deepEqual(asked(fixed, [], ['eth0']), all); // its address could not be set
  assert.deepEqual(asked(`${fixed} ip=eth0:dhcp`), all);
  assert.deepEqual(asked('ip=192.0.2.5::192.0.2.1:255.255.255.0'), []);
  assert.deepEqual(asked('ip=192.0.2.5::192.0.2.1:255.255.255.0', [], ['eth1']), all);
  assert.deepEqual(asked('razor.vlan=5'), []); // it is not made yet
  assert.deepEqual(asked('razor.vlan=5', [vlan('eth0.5')]), ['eth0.5']);
  assert.deepEqual(asked('razor.vlan=5 ip=eth1:dhcp', [vlan('eth0.5')]), ['eth1', 'eth0.5']);
  assert.deepEqual(asked('razor.vlan=5 ip=off', [vlan('eth0.5')]), []);
  assert.deepEqual(asked('razor.vlan=5 ip=192.0.2.5::192.0.2.1:255.255.255.0', [vlan('eth0.5')]), []);
  assert.deepEqual(asked('razor.vlan=5 ip=eth0.5:off', [vlan('eth0.5')]), []);
});
