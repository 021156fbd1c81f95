import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIpArguments } from '../../../../agent/kernel-line/ip-argument.ts';
import { dhcpInterfaces } from '../../../../agent/network/line-cards.ts';
import type { NicState } from '../../../../agent/network/network-state.ts';

function nic(name: string, physical = false): NicState {
  return { name, physical, index: 2, mac: '', up: true, carrier: true, driver: 'x', addresses: [] };
}

function asks(line: string, ...nics: NicState[]): string[] {
  const state = { nics, modules: new Set<string>(), undriven: [], firmwareErrors: [] };
  return [...dhcpInterfaces(state, parseIpArguments(line))];
}

const TAGGED = [nic('eth0', true), nic('eth0.100'), nic('eth0.200')];

test('DHCP is asked on each VLAN of the kernel line, and on nothing else', () => {
  assert.deepEqual(asks('razor.vlan=100', ...TAGGED), ['eth0.100']);
  assert.deepEqual(asks('razor.vlan=100 razor.vlan=200', ...TAGGED), ['eth0.100', 'eth0.200']);
  assert.deepEqual(asks('', ...TAGGED), ['eth0'], 'without VLANs of the line it is the card');
});

test('a VLAN that has an address of the kernel line is asked nothing', () => {
  assert.deepEqual(asks('razor.vlan=100 ip=10.0.0.5::10.0.0.1:255.255.255.0::eth0.100:none', ...TAGGED), []);
  assert.deepEqual(asks('razor.vlan=100 ip=off', ...TAGGED), []);
});

test('an address without an interface belongs to the first VLAN, so that only the others are asked', () => {
  const line = 'razor.vlan=100 razor.vlan=200 ip=10.0.0.5::10.0.0.1:255.255.255.0:::none';
  assert.deepEqual(asks(line, ...TAGGED), ['eth0.200']);
});

test('a card whose address could not be set asks DHCP, and so do the others where the address named no card', () => {
  const state = {
    nics: [nic('eth0', true), nic('eth1', true)],
    modules: new Set<string>(),
    undriven: [],
    firmwareErrors: [],
  };
  const named = parseIpArguments('ip=10.0.0.5::10.0.0.1:24::eth0:none');
  assert.deepEqual(dhcpInterfaces(state, named), ['eth1']);
  assert.deepEqual(dhcpInterfaces(state, named, new Set(['eth0'])), ['eth0', 'eth1']);
  const unnamed = parseIpArguments('ip=10.0.0.5::10.0.0.1:24');
  assert.deepEqual(dhcpInterfaces(state, unnamed), []);
  assert.deepEqual(dhcpInterfaces(state, unnamed, new Set(['eth0'])), ['eth0', 'eth1']);
});
