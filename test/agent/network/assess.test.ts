import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assessNetwork, candidateNics, isUsableAddress } from '../../../agent/network/assess.ts';
import type { NetworkState, NicState } from '../../../agent/network/network-state.ts';

function nic(name: string, more: Partial<NicState> = {}): NicState {
  const mac = '52:54:00:00:00:01';
  return { name, index: 2, mac, physical: true, up: true, carrier: true, driver: 'e1000', addresses: [], ...more };
}

function state(nics: readonly NicState[], more: Partial<NetworkState> = {}): NetworkState {
  return { nics, modules: new Set(), undriven: [], firmwareErrors: [], ...more };
}

test('an address is usable when a server can be reached from it', () => {
  for (const address of ['10.0.0.1', '169.253.0.1', '169.255.0.1', '168.254.0.1', '223.255.255.1', '1.0.0.1'].concat([
    '2001:db8::1',
    'fd00::1',
    'fec0::1',
    '::ffff:10.0.0.1',
    'fd00::1%eth0',
    '::2',
  ]))
    assert.equal(isUsableAddress(address), true, address);
  for (const address of [
    '',
    'x',
    '0.0.0.0',
    '0.1.2.3',
    '127.0.0.1',
    '127.9.9.9',
    '169.254.0.1',
    '224.0.0.1',
    '255.255.255.255',
  ].concat(['::', '::1', 'fe80::1', 'FE80::1%eth0', 'fe9f::1', 'feaf::1', 'febf::1', 'ff02::1', '::ffff:127.0.0.1']))
    assert.equal(isUsableAddress(address), false, address);
});

test('cards with a device behind them matter, or all where there is none', () => {
  const [card, bridge] = [nic('eth0'), nic('br0', { physical: false })];
  assert.deepEqual(candidateNics(state([bridge, card])), [card]);
  assert.deepEqual(candidateNics(state([bridge])), [bridge]);
});

test('a network is ready with one usable address on a card with a link, or on a link that is no card', () => {
  const ready = { stage: 'ready', missing: '', check: '' };
  const addresses = ['192.0.2.1', 'fe80::1'];
  const usable = (name: string): object => ({ ...ready, usable: [{ nic: name, address: '192.0.2.1' }] });
  assert.deepEqual(assessNetwork(state([nic('eth0', { addresses })])), usable('eth0'));
  const vlan = nic('eth0.5', { addresses, physical: false, carrier: false });
  assert.deepEqual(assessNetwork(state([nic('eth0', { carrier: false }), vlan])), usable('eth0.5'));
  assert.equal(assessNetwork(state([nic('eth0', { addresses, carrier: false })])).stage, 'no-link');
});

test('what is missing, and what a person should check', () => {
  const missing = (given: NetworkState, addressGiven = false): readonly string[] => {
    const { stage, missing: what, check, usable } = assessNetwork(given, addressGiven);
    assert.deepEqual(usable, []);
    return [stage, what, check];
  };
  assert.deepEqual(missing(state([])), [
    'no-nic',
    'the kernel knows no network interface',
    'the NIC is enabled in the firmware setup and its driver module is in the image',
  ]);
  assert.deepEqual(missing(state([], { firmwareErrors: ['a', 'bnx2 failed'] })).slice(1), [
    'the kernel knows no network interface',
    'the firmware is in the image: bnx2 failed',
  ]);
  const undriven = ['0000:02:00.0 14e4:1639', '0000:02:00.1 14e4:1639'];
  assert.deepEqual(missing(state([], { undriven })).slice(1), [
    `no driver took the network controller ${undriven.join(', ')}`,
    'the driver module of this PCI id is in the image and loaded (lspci -k, modprobe)',
  ]);
  assert.equal(
    missing(state([], { undriven, firmwareErrors: ['bnx2 failed'] }))[2],
    'the firmware is in the image: bnx2 failed',
  );
  const down = [nic('eth0', { carrier: false, up: false }), nic('eth1', { carrier: false })];
  assert.deepEqual(missing(state(down)).slice(0, 2), [
    'no-link',
    'no NIC has a link: eth0 52:54:00:00:00:01 (down), eth1 52:54:00:00:00:01',
  ]);
  assert.deepEqual(missing(state([nic('eth0'), nic('eth1', { carrier: false })])).slice(0, 2), [
    'no-address',
    'no usable address on eth0',
  ]);
  const local = state([nic('eth0', { addresses: ['fe80::1', '169.254.1.1'] })]);
  assert.equal(missing(local)[1], 'no usable address on eth0 (only eth0 fe80::1, eth0 169.254.1.1)');
  assert.match(missing(local)[2] ?? '', /^DHCP server and relay of this VLAN/);
  assert.match(missing(local, true)[2] ?? '', /^ip= on the kernel line/);
});
