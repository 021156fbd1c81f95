import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetworkState, NicState } from '../../../agent/network/network-state.ts';
import {
  planRecovery,
  recoveryDelay,
  remember,
  type RecoveryAction,
  type RecoveryMemory,
  type RecoveryOptions,
} from '../../../agent/network/recovery.ts';

function nic(name: string, more: Partial<NicState> = {}): NicState {
  const mac = '52:54:00:00:00:01';
  return { name, index: 2, mac, physical: true, up: true, carrier: true, driver: 'e1000', addresses: [], ...more };
}

function state(nics: readonly NicState[], modules: readonly string[] = []): NetworkState {
  return { nics, modules: new Set(modules), undriven: [], firmwareErrors: [] };
}

/** What is due at `now` for cards that have had their link since 0. */
function plan(
  given: NetworkState,
  now: number,
  { memory = new Map() as RecoveryMemory, ...options }: RecoveryOptions & { memory?: RecoveryMemory } = {},
): string[] {
  const since = new Map(given.nics.map(({ name }) => [name, 0]));
  return planRecovery(given, memory, now, since, options).map(
    (action) => `${action.kind} ${action.kind === 'reload-module' ? action.module : action.nic}`,
  );
}

test('the time between two tries doubles, to 5 minutes', () => {
  const delays = (kind: RecoveryAction['kind']): number[] =>
    [0, 1, 2, 3, 20].map((count) => recoveryDelay(kind, count));
  assert.deepEqual(delays('link-up'), [2000, 2000, 4000, 8000, 300_000]);
  assert.deepEqual(delays('reload-module'), [10_000, 10_000, 20_000, 40_000, 300_000]);
  assert.deepEqual(delays('start-dhcp'), [5000, 5000, 10_000, 20_000, 300_000]);
  assert.deepEqual(delays('restart-dhcp'), [15_000, 15_000, 30_000, 60_000, 300_000]);
});

test('an action is done again when its time has passed', () => {
  const memory: RecoveryMemory = new Map();
  const down = state([nic('eth0', { up: false, carrier: false })]);
  assert.deepEqual(plan(down, 0, { memory }), ['link-up eth0']);
  remember(memory, { kind: 'link-up', nic: 'eth0' }, 0);
  assert.deepEqual(plan(down, 1999, { memory }), []);
  assert.deepEqual(plan(down, 2000, { memory }), ['link-up eth0']);
  remember(memory, { kind: 'link-up', nic: 'eth0' }, 2000);
  assert.deepEqual(memory.get('link-up eth0'), { count: 2, at: 2000 });
  assert.deepEqual(plan(down, 5999, { memory }), []);
  assert.deepEqual(plan(down, 6000, { memory }), ['link-up eth0']);
});

test('a module is loaded again where it is loaded, drives nothing, and may have missed its firmware', () => {
  const modules = ['bnx2', 'bnx2x', 'e1000', 'tg3'];
  assert.deepEqual(plan(state([], modules), 0), ['reload-module bnx2']);
  assert.deepEqual(plan(state([nic('eth0', { driver: 'bnx2' })], modules), 0), ['reload-module bnx2x']);
  assert.deepEqual(plan(state([], ['tg3']), 0), []);
  assert.deepEqual(plan(state([], ['tg3']), 0, { reloadable: ['tg3'] }), ['reload-module tg3']);
  const memory: RecoveryMemory = new Map([['reload-module bnx2', { count: 1, at: 0 }]]);
  assert.deepEqual(plan(state([], modules), 1, { memory }), ['reload-module bnx2x']);
});

test('DHCP is asked again on cards with a link and without a usable address, after 10 s', () => {
  const one = state([nic('eth0')]);
  assert.deepEqual(plan(one, 9999), []);
  assert.deepEqual(plan(one, 10_000), ['restart-dhcp eth0']);
  assert.deepEqual(plan(state([nic('eth0', { carrier: false })]), 10_000), []);
  assert.deepEqual(plan(state([nic('eth0', { addresses: ['192.0.2.1'] })]), 10_000), []);
  assert.deepEqual(plan(state([nic('eth0', { addresses: ['169.254.1.1'] })]), 10_000), ['restart-dhcp eth0']);
  assert.deepEqual(plan(one, 10_000, { dhcpNics: () => [] }), []);
  // a link that was not seen yet has just come
  assert.deepEqual(planRecovery(one, new Map(), 1e6, new Map()), []);
});

test('cards take turns with DHCP, one at a time', () => {
  const two = state([nic('eth0'), nic('eth1')]);
  const memory: RecoveryMemory = new Map();
  assert.deepEqual(plan(two, 20_000, { memory }), ['restart-dhcp eth0']);
  remember(memory, { kind: 'restart-dhcp', nic: 'eth0' }, 20_000);
  assert.deepEqual(plan(two, 60_000, { memory }), ['restart-dhcp eth1']);
  remember(memory, { kind: 'restart-dhcp', nic: 'eth1' }, 60_000);
  assert.deepEqual(plan(two, 600_000, { memory }), ['restart-dhcp eth0']);
});

test('a card without a DHCP client gets one before any is restarted', () => {
  const cards = state([nic('eth0'), nic('eth1', { carrier: false }), nic('eth2')]);
  const lacksClient = (name: string): boolean => name !== 'eth0';
  assert.deepEqual(plan(cards, 20_000, { lacksClient }), ['start-dhcp eth1', 'start-dhcp eth2']);
  assert.deepEqual(plan(cards, 20_000, { lacksClient, dhcpNics: () => ['eth0', 'eth2'] }), ['start-dhcp eth2']);
  const memory: RecoveryMemory = new Map(
    ['eth1', 'eth2'].map((name) => [`start-dhcp ${name}`, { count: 1, at: 19_000 }]),
  );
  assert.deepEqual(plan(cards, 20_000, { lacksClient, memory }), ['restart-dhcp eth0']);
});

test('cards that are down are brought up first', () => {
  const mixed = state([nic('eth0', { up: false, carrier: false }), nic('eth1')], ['bnx2']);
  assert.deepEqual(plan(mixed, 10_000), ['link-up eth0', 'reload-module bnx2', 'restart-dhcp eth1']);
});
