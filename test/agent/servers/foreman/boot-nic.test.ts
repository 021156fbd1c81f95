import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Identity } from '../../../../facts/identity/identity-types.ts';
import { findBootNic, interfacesOf } from '../../../../agent/servers/foreman/boot-nic.ts';
import { readForemanParameters } from '../../../../agent/servers/foreman/foreman-parameters.ts';

const IDENTITY = {
  interfaces: ['eth0', 'eth1', 'eth2.5'].map((name, index) => ({ name, mac: `52:54:00:AA:00:0${index}` })),
} as unknown as Identity;

const find = (facts: Readonly<Record<string, string>>, words: Readonly<Record<string, string>> = {}): unknown =>
  findBootNic(
    readForemanParameters((name) => words[name]),
    IDENTITY,
    facts,
  );
const CARDS = {
  interfaces: 'bond0,eth0,eth1',
  macaddress_bond0: '52:54:00:aa:00:00',
  macaddress_eth0: '52:54:00:AA:00:00',
  macaddress_eth1: '52:54:00:AA:00:01',
};

test('the card that the kernel line names, else the firmware’s', () => {
  const words = { BOOTIF: '01-52-54-00-aa-00-01' };
  const named = { mac: '52:54:00:aa:00:01', name: 'eth1', why: 'BOOTIF names it' };
  assert.deepEqual(find({ ...CARDS, ipaddress_eth1: '192.0.2.1' }, words), { ...named, address: '192.0.2.1' });
  assert.deepEqual(find({ ...CARDS, ipaddress6_eth1: 'fd00::1' }, words), { ...named, address: 'fd00::1' });
  assert.deepEqual(find({}, words), { ...named, name: undefined, address: undefined });
  assert.deepEqual(find({ ...CARDS, mk_boot_mac: '52:54:00:AA:00:01' }), {
    mac: '52:54:00:aa:00:01',
    name: 'eth1',
    address: undefined,
    why: 'the firmware booted from it',
  });
});

test('of interfaces with one address the one that has an IP address counts', () => {
  const words = { 'fdi.pxmac': '52:54:00:aa:00:00' };
  const found = { mac: '52:54:00:aa:00:00', why: 'fdi.pxmac names it' };
  assert.deepEqual(find({ ...CARDS, ipaddress_eth0: '192.0.2.1' }, words), {
    ...found,
    name: 'eth0',
    address: '192.0.2.1',
  });
  assert.deepEqual(find(CARDS, words), { ...found, name: 'bond0', address: undefined });
});

test('where nothing names it: link and address, address, link, any', () => {
  const card = (name: string, index: number, why: string, address?: string): object => ({
    name,
    mac: `52:54:00:aa:00:0${index}`,
    why,
    address,
  });
  assert.deepEqual(
    find({ ipaddress_eth0: '192.0.2.1', ipaddress_eth1: '192.0.2.2', mk_nic_eth1_carrier: 'true' }),
    card('eth1', 1, 'the first card with a link and an address', '192.0.2.2'),
  );
  assert.deepEqual(
    find({ ipaddress_eth0: '192.0.2.1', mk_nic_eth0_carrier: 'false', ipaddress_eth1: '192.0.2.2' }),
    card('eth1', 1, 'the first card with an address', '192.0.2.2'),
  );
  assert.deepEqual(find({ mk_nic_eth2_5_carrier: 'true' }), card('eth2_5', 2, 'the first card with a link'));
  assert.deepEqual(find({}), card('eth0', 0, 'the first card'));
  const none = { interfaces: [] } as unknown as Identity;
  assert.equal(
    findBootNic(
      readForemanParameters(() => undefined),
      none,
      {},
    ),
    undefined,
  );
});

test('the names of the fact interfaces', () => {
  assert.deepEqual(interfacesOf({ interfaces: 'a,,b' }), ['a', 'b']);
  assert.deepEqual(interfacesOf({}), []);
});
