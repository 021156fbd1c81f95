import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findAddress } from '../../../../../agent/servers/ironic-2014/conductor/own-address.ts';
import {
  deployParameters,
  parseParameters,
} from '../../../../../agent/servers/ironic-2014/parameters/deploy-parameters.ts';
import {
  DEPLOY_DEFAULTS,
  kernelWord,
  settingsOf,
} from '../../../../../agent/servers/ironic-2014/parameters/deploy-settings.ts';
import { planConfiguration } from '../../../../../agent/network/configure.ts';
import { parseIpArguments } from '../../../../../agent/kernel-line/ip-argument.ts';
import type { NetworkState, NicState } from '../../../../../agent/network/network-state.ts';
import { fakeClock } from '../../../../helpers/fake-clock.ts';

test('every setting of a deployment can stand on the kernel line, and a value that is none is refused', () => {
  const line = {
    iscsiPort: '33260',
    donePort: '10001',
    allowInitiator: '192.0.2.7,conductor.test',
    chapFile: '/etc/razor-mk/chap',
    apiVersionPrefix: '',
    tftpToken: '1',
    tftpPort: '6969',
    tokenOverHttp: 'Yes',
    target: 'lio',
    diskAttempts: '5',
    wait: '600',
    errorWait: '0',
    then: 'poweroff',
  };
  assert.deepEqual(Object.keys(line).sort(), Object.keys(DEPLOY_DEFAULTS).sort());
  const words = new Map(Object.entries(line).map(([name, value]) => [kernelWord(name), value]));
  assert.deepEqual(settingsOf(words), {
    iscsiPort: 33_260,
    donePort: 10_001,
    allowInitiator: ['192.0.2.7', 'conductor.test'],
    chapFile: '/etc/razor-mk/chap',
    apiVersionPrefix: '',
    tftpToken: true,
    tftpPort: 6969,
    tokenOverHttp: true,
    target: 'lio',
    diskAttempts: 5,
    wait: 600,
    errorWait: 0,
    then: 'poweroff',
  });
  assert.deepEqual(settingsOf(parseParameters('deployment_id=1 then=hold')), {});
  for (const bad of [
    'wait=soon',
    'wait=0',
    'then=explode',
    'iscsi_port=70000',
    'allow_initiator=a;b',
    'chap_file=chap',
    'token_over_http=',
  ])
    assert.throws(() => settingsOf(parseParameters(`razor.deploy_${bad}`)), { code: 'RAZOR_MK_USAGE' }, bad);
});

const nic = (name: string, mac: string, addresses: readonly string[]): NicState => ({
  name,
  mac,
  addresses,
  index: 2,
  physical: true,
  up: true,
  carrier: true,
  driver: 'virtio_net',
});

function machine(...nics: NicState[]): NetworkState {
  return { nics, modules: new Set(), undriven: [], firmwareErrors: [] };
}

const TWO = machine(
  nic('eth0', '52:54:00:00:00:01', ['198.51.100.7']),
  nic('eth1', '52:54:00:00:00:02', ['fe80::1', 'fd00::2', '192.0.2.4']),
);

test('the disk is exported on the address of ip=, else of the NIC that BOOTIF names, else on the first', async () => {
  const find = (line: string, observe = () => TWO): Promise<string> =>
    findAddress({ parameters: deployParameters(parseParameters(line)), observe, clock: fakeClock() });
  assert.equal(await find('ip=192.0.2.9:192.0.2.1::255.255.255.0 BOOTIF=01-52-54-00-00-00-01'), '192.0.2.9');
  assert.equal(await find('BOOTIF=01-52-54-00-00-00-02'), '192.0.2.4');
  assert.equal(await find('BOOTIF=52:54:00:00:00:01'), '198.51.100.7');
  assert.equal(await find(''), '198.51.100.7');
});

test('a NIC or an address that comes late is found; one that does not come is an error in the original’s words', async () => {
  const clock = fakeClock();
  const parameters = deployParameters(parseParameters('BOOTIF=01-52-54-00-00-00-02'));
  let state = machine();
  const late = findAddress({ parameters, observe: () => state, clock });
  await clock.advance(5000);
  state = TWO;
  await clock.advance(5000);
  assert.equal(await late, '192.0.2.4');
  for (const [nics, message] of [
    [
      machine(nic('eth0', '52:54:00:00:00:01', ['192.0.2.1'])),
      'Could not find an interface that owns MAC: 52:54:00:00:00:02',
    ],
    [
      machine(nic('eth1', '52:54:00:00:00:02', ['169.254.1.1'])),
      'the interface with MAC 52:54:00:00:00:02 has no address',
    ],
  ] as const) {
    const never = findAddress({ parameters, observe: () => nics, clock });
    never.catch(() => undefined);
    await clock.advance(20_000);
    await assert.rejects(never, { code: 'RAZOR_MK_DEPLOY', message });
  }
});

test('PXELINUX’s ip= goes onto the NIC that BOOTIF names, not onto the first with a link', () => {
  const line = 'ip=192.0.2.9:192.0.2.1:192.0.2.254:255.255.255.0';
  const on = (words: string): readonly string[] =>
    planConfiguration(TWO, parseIpArguments(words)).setups.map(({ what }) => what);
  assert.deepEqual(on(`${line} BOOTIF=01-52-54-00-00-00-02`), ['192.0.2.9 on eth1']);
  assert.deepEqual(on(`${line} BOOTIF=52:54:00:00:00:02`), ['192.0.2.9 on eth1']);
  assert.deepEqual(on(line), ['192.0.2.9 on eth0']);
  assert.deepEqual(on(`${line} BOOTIF=01-52-54-00-00-00-99`), ['192.0.2.9 on eth0']);
});
