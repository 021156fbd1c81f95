import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assessNetwork, isUsableAddress } from '../../../agent/network/assess.ts';
import { planRecovery, recoveryDelay, remember, type RecoveryAction } from '../../../agent/network/recovery.ts';
import {
  firmwareErrors,
  observeNetwork,
  type NetworkState,
  type NicState,
} from '../../../agent/network/network-state.ts';
import { waitForNetwork } from '../../../agent/network/wait.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { networkTree } from './network-tree.ts';

function nic(name: string, more: Partial<NicState> = {}): NicState {
  const base = { name, index: 2, mac: '52:54:00:00:00:01', physical: true, up: true, carrier: true, driver: 'e1000e' };
  return { ...base, addresses: [], ...more };
}
function state(nics: readonly NicState[], more: Partial<NetworkState> = {}): NetworkState {
  return { nics, modules: new Set(), undriven: [], firmwareErrors: [], ...more };
}

test('the state is read from sysfs in kernel index order, the loopback and other kinds left out', () => {
  const root = networkTree({
    nics: [
      { name: 'enp3s0', index: 4, mac: '52:54:00:AA:BB:02', driver: 'bnx2', carrier: 1 },
      { name: 'enp2s0', index: 3, up: false, driver: 'tg3' },
      { name: 'lo', type: 772 },
      { name: 'ib0', type: 32 },
      { name: 'br0', index: 9, carrier: 0 },
    ],
    modules: ['bnx2', 'tg3'],
    pci: [
      { address: '0000:02:00.0', class: '0x020000', vendor: '0x14e4', device: '0x1639' },
      { address: '0000:03:00.0', class: '0x020000', vendor: '0x8086', device: '0x10d3', driver: 'e1000e' },
      { address: '0000:00:1f.0', class: '0x060100', vendor: '0x8086', device: '0x1' },
    ],
  });
  const seen = observeNetwork({ root, addresses: () => ({ enp3s0: ['10.0.0.7'] }) });
  assert.deepEqual(
    seen.nics.map((n) => [n.name, n.physical, n.up, n.carrier, n.driver]),
    [
      ['enp2s0', true, false, false, 'tg3'],
      ['enp3s0', true, true, true, 'bnx2'],
      ['br0', false, true, false, undefined],
    ],
  );
  assert.equal(seen.nics[1]?.mac, '52:54:00:aa:bb:02');
  assert.deepEqual(seen.nics[1]?.addresses, ['10.0.0.7']);
  assert.deepEqual(seen.undriven, ['0000:02:00.0 14e4:1639']);
  assert.ok(seen.modules.has('bnx2'));
});

test('loopback and link-local addresses do not count; other 169 addresses do, which the original refused', () => {
  for (const bad of [
    '127.0.0.1',
    '169.254.3.4',
    '0.0.0.0',
    '224.0.0.1',
    '::1',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    '::ffff:127.0.0.1',
    'x',
  ]) {
    assert.equal(isUsableAddress(bad), false, bad);
  }
  for (const good of ['10.0.0.1', '169.0.0.1', '169.253.9.9', '192.168.1.1', 'fd00::1', '2001:db8::7', 'fec0::1']) {
    assert.equal(isUsableAddress(good), true, good);
  }
});

test('each missing thing is named, with what to check', () => {
  const none = assessNetwork(state([]));
  assert.deepEqual([none.stage, /no network interface/.test(none.missing)], ['no-nic', true]);
  const undriven = assessNetwork(state([], { undriven: ['0000:02:00.0 14e4:1639'] }));
  assert.match(undriven.missing, /no driver took .*14e4:1639/);
  const firmware = assessNetwork(
    state([], {
      undriven: ['0000:02:00.0 14e4:1639'],
      firmwareErrors: ['bnx2 0000:02:00.0: Direct firmware load for bnx2/x.fw failed with error -2'],
    }),
  );
  assert.match(firmware.check, /bnx2\/x\.fw/);
  const link = assessNetwork(state([nic('eth0', { carrier: false, up: false }), nic('eth1', { carrier: false })]));
  assert.equal(link.stage, 'no-link');
  assert.match(link.missing, /eth0 52:54:00:00:00:01 \(down\), eth1/);
  const address = assessNetwork(
    state([nic('eth0', { addresses: ['169.254.1.1', 'fe80::1'] }), nic('eth1', { carrier: false })]),
  );
  assert.equal(address.stage, 'no-address');
  assert.match(address.missing, /no usable address on eth0 \(only eth0 169\.254\.1\.1/);
  assert.match(address.check, /DHCP server/);
  const ready = assessNetwork(state([nic('eth0'), nic('eth1', { addresses: ['fd00::7'] })]));
  assert.deepEqual([ready.stage, ready.usable], ['ready', [{ nic: 'eth1', address: 'fd00::7' }]]);
});

test('an address on a NIC without a link does not count, one on a bond or VLAN does', () => {
  assert.equal(assessNetwork(state([nic('eth0', { carrier: false, addresses: ['10.0.0.1'] })])).stage, 'no-link');
  const vlan = nic('eth0.100', { physical: false, carrier: true, addresses: ['10.0.0.1'] });
  assert.equal(assessNetwork(state([nic('eth0'), vlan])).stage, 'ready');
});

test('kernel lines about missing firmware are found, in both forms of the log', () => {
  const lines = [
    '<3>[    2.1] bnx2 0000:02:00.0: Direct firmware load for bnx2/a.fw failed with error -2',
    'usb 1-1: new device',
    '[ 3.0] bnx2: Can\'t load firmware file "bnx2/a.fw"',
  ];
  assert.deepEqual(firmwareErrors(lines), [
    'bnx2 0000:02:00.0: Direct firmware load for bnx2/a.fw failed with error -2',
    'bnx2: Can\'t load firmware file "bnx2/a.fw"',
  ]);
});

test('a firmware module is reloaded only where it found no device', () => {
  const since = new Map<string, number>();
  const without = state([], { modules: new Set(['bnx2', 'e1000e']) });
  assert.deepEqual(planRecovery(without, new Map(), 0, since), [{ kind: 'reload-module', module: 'bnx2' }]);
  const driving = state([nic('eth0', { driver: 'bnx2', carrier: false })], { modules: new Set(['bnx2']) });
  assert.deepEqual(planRecovery(driving, new Map(), 0, since), []);
  const mine = { reloadable: ['mynic'] };
  assert.deepEqual(planRecovery(state([], { modules: new Set(['mynic']) }), new Map(), 0, since, mine), [
    { kind: 'reload-module', module: 'mynic' },
  ]);
});

test('DHCP is restarted only with a link and no usable address, after a grace, one NIC at a time, in turns', () => {
  const two = state([
    nic('eth0'),
    nic('eth1', { addresses: ['169.254.1.1'] }),
    nic('eth2', { carrier: false }),
    nic('eth3', { addresses: ['10.0.0.1'] }),
  ]);
  const since = new Map([
    ['eth0', 0],
    ['eth1', 0],
    ['eth3', 0],
  ]);
  const memory = new Map();
  assert.deepEqual(planRecovery(two, memory, 9999, since), [], 'the client that runs already gets its time');
  const order: string[] = [];
  for (let now = 10_000; now < 60_000; now += 1000) {
    const actions = planRecovery(two, memory, now, since);
    assert.ok(actions.filter((a) => a.kind === 'restart-dhcp').length <= 1);
    for (const action of actions) {
      remember(memory, action, now);
      if (action.kind === 'restart-dhcp') order.push(`${action.nic}@${now / 1000}`);
    }
  }
  assert.deepEqual(
    order,
    ['eth0@10', 'eth1@11', 'eth0@25', 'eth1@26', 'eth0@55', 'eth1@56'],
    'doubled: 15 s, then 30 s',
  );
  assert.deepEqual(planRecovery(two, new Map(), 60_000, since, { dhcpNics: () => [] }), []);
  const left = planRecovery(two, new Map(), 60_000, since, { dhcpNics: () => ['eth1', 'eth2', 'eth3'] });
  assert.deepEqual(left, [{ kind: 'restart-dhcp', nic: 'eth1' }]);
});

test('a card that came after the boot script had looked is asked at once, with a link or without, and not again too soon', () => {
  const two = state([nic('eth0', { carrier: false }), nic('eth1')]);
  const memory = new Map();
  const lacking = new Set(['eth0']);
  const options = { lacksClient: (nic: string) => lacking.has(nic) };
  const due = (now: number): RecoveryAction[] => planRecovery(two, memory, now, new Map(), options);
  assert.deepEqual(due(0), [{ kind: 'start-dhcp', nic: 'eth0' }]);
  remember(memory, { kind: 'start-dhcp', nic: 'eth0' }, 0);
  assert.deepEqual([due(4000), due(6000)], [[], [{ kind: 'start-dhcp', nic: 'eth0' }]]);
  lacking.clear();
  assert.deepEqual(due(20_000), []);
});

test('a VLAN of the kernel line wants DHCP although it has no device behind it; another virtual one does not', () => {
  const vlan = nic('eth0.100', { physical: false, driver: undefined });
  const seen = state([nic('eth0'), vlan, nic('br0', { physical: false, driver: undefined })]);
  const since = new Map(seen.nics.map(({ name }) => [name, 0]));
  const options = { dhcpNics: () => ['eth0.100'] };
  assert.deepEqual(planRecovery(seen, new Map(), 60_000, since, options), [{ kind: 'restart-dhcp', nic: 'eth0.100' }]);
});

test('back-off grows and is capped at five minutes', () => {
  assert.deepEqual(
    [1, 2, 3, 4].map((n) => recoveryDelay('restart-dhcp', n)),
    [15_000, 30_000, 60_000, 120_000],
  );
  assert.equal(recoveryDelay('reload-module', 30), 300_000);
});

test('waiting has no end: it speaks of what is missing, acts, and is ready as soon as an address comes', async () => {
  const clock = fakeClock();
  let current = state([], { modules: new Set(['bnx2']) });
  const said: string[] = [];
  const acted: string[] = [];
  let rounds = 0;
  const waiting = waitForNetwork({
    clock,
    observe: () => current,
    act: (action: RecoveryAction) => {
      acted.push(`${action.kind}@${Math.round(clock.now() / 1000)}`);
      return Promise.resolve();
    },
    say: (line) => said.push(line),
    onRound: (_, round) => (rounds = round),
  });
  await clock.advance(3_600_000);
  assert.ok(rounds > 1000, 'an hour later it still looks');
  assert.deepEqual(acted.slice(0, 3), ['reload-module@0', 'reload-module@11', 'reload-module@32']);
  assert.ok(acted.length > 10 && acted.length < 20, `capped: ${acted.length} reloads in an hour`);
  assert.match(said[0] ?? '', /the kernel knows no network interface\. Check: .*Trying again, without end\./);
  assert.ok(said.length > 50 && said.length < 80, `about one line a minute: ${said.length}`);
  const before = said.length;
  current = state([nic('eth0', { up: false, carrier: false })]);
  await clock.advance(5000);
  assert.match(said.slice(before).join('\n'), /no NIC has a link: eth0/, 'a change is said at once');
  assert.match(acted.join(), /link-up/);
  current = state([nic('eth0', { addresses: ['10.0.0.9'] })]);
  await clock.advance(5000);
  assert.deepEqual(await waiting, [{ nic: 'eth0', address: '10.0.0.9' }]);
});

test('a network that is there costs no wait and no line', async () => {
  const clock = fakeClock();
  const said: string[] = [];
  const usable = await waitForNetwork({
    clock,
    observe: () => state([nic('eth0', { addresses: ['10.0.0.9'] })]),
    act: () => assert.fail('nothing to do'),
    say: (line) => said.push(line),
  });
  assert.deepEqual([usable.length, clock.slept.length, said.length], [1, 0, 0]);
});

test('a stop while waiting ends the wait at once', async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  const waiting = waitForNetwork({
    clock,
    observe: () => state([]),
    act: () => Promise.resolve(),
    say: () => undefined,
    signal: stop.signal,
  });
  await clock.advance(10_000);
  stop.abort(new Error('stopped'));
  await assert.rejects(waiting, /stopped/);
});

test('who gave an address on the kernel line is not advised to give one', () => {
  const seen = state([nic('eth0')]);
  assert.match(assessNetwork(seen).check, /or give ip= on the kernel line/);
  assert.match(assessNetwork(seen, true).check, /^ip= on the kernel line: its interface/);
});
