import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planConfiguration } from '../../../agent/network/configure.ts';
import { isNicName, parseIpArguments, prefixOf } from '../../../agent/network/ip-argument.ts';
import type { NetworkState } from '../../../agent/network/state.ts';

const one = (cmdline: string) => parseIpArguments(cmdline).statics[0];

test('the kernel’s full form is understood, field by field', () => {
  assert.deepEqual(
    one('quiet ip=10.0.0.7:10.0.0.2:10.0.0.1:255.255.255.0:node7:eth1:off:10.0.0.53:10.0.0.54:10.0.0.123 x'),
    {
      nic: 'eth1',
      address: '10.0.0.7',
      prefix: 24,
      gateway: '10.0.0.1',
      server: '10.0.0.2',
      hostname: 'node7',
      nameservers: ['10.0.0.53', '10.0.0.54'],
      ntpServers: ['10.0.0.123'],
    },
  );
});

test('fields may be left out, as the kernel allows', () => {
  assert.deepEqual(
    [one('ip=10.0.0.7')?.prefix, one('ip=172.16.0.7')?.prefix, one('ip=192.168.0.7')?.prefix],
    [8, 16, 24],
  );
  const short = one('ip=192.168.5.7::192.168.5.1:255.255.255.128');
  assert.deepEqual(
    [short?.prefix, short?.gateway, short?.nic, short?.server],
    [25, '192.168.5.1', undefined, undefined],
  );
  assert.equal(one('ip=192.168.5.7::192.168.5.1:25::eth0:none')?.prefix, 25);
});

test('IPv6 in brackets, as dracut writes it', () => {
  assert.deepEqual(one('ip=[2001:db8::7]::[2001:db8::1]:64::eth0:none nameserver=[2001:db8::53]'), {
    nic: 'eth0',
    address: '2001:db8::7',
    prefix: 64,
    gateway: '2001:db8::1',
    server: undefined,
    hostname: undefined,
    nameservers: ['2001:db8::53'],
    ntpServers: [],
  });
});

test('every word for automatic and for nothing is known', () => {
  for (const word of ['dhcp', 'on', 'any', 'both', 'bootp', 'rarp', 'dhcp6', 'auto6', 'ibft']) {
    const parsed = parseIpArguments(`ip=${word}`);
    assert.deepEqual([parsed.off, parsed.statics.length, parsed.warnings.length], [false, 0, 0], word);
  }
  for (const word of ['off', 'none', '']) assert.equal(parseIpArguments(`ip=${word}`).off, true, word);
  assert.deepEqual(parseIpArguments('ip=eth0:dhcp ip=eth1:dhcp').dhcpNics, ['eth0', 'eth1']);
  assert.deepEqual(parseIpArguments('ip=:::::eth2:dhcp').dhcpNics, ['eth2']);
  assert.equal(parseIpArguments('ip=::::::off').off, true);
});

test('several addresses are kept, and one of them keeps `off` from meaning anything', () => {
  const parsed = parseIpArguments('ip=off ip=10.0.0.1::::: ip=10.1.0.1:::255.255.0.0::eth1:none');
  assert.deepEqual(
    parsed.statics.map((s) => s.address),
    ['10.0.0.1', '10.1.0.1'],
  );
  assert.equal(parsed.off, false);
});

test('what is not understood is a warning, never a part of a command', () => {
  for (const bad of [
    'ip=10.0.0.300',
    'ip=10.0.0.1::999.0.0.1',
    'ip=10.0.0.1:::255.0.255.0',
    'ip=10.0.0.1:::24::$(reboot):off',
    'ip=10.0.0.1:::24::../../etc:off',
    'ip=10.0.0.1:::24:bad_host;x:eth0:off',
    'ip=10.0.0.1:::99',
    'razor.vlan=0',
    'razor.vlan=4095',
    'razor.vlan=eth0;x.5',
  ]) {
    const parsed = parseIpArguments(bad);
    assert.equal(parsed.warnings.length, 1, bad);
    assert.deepEqual([parsed.statics.length, parsed.vlans.length], [0, 0], bad);
  }
  assert.ok(isNicName('enp0s31f6') && isNicName('eth0.100'));
  assert.ok(!isNicName('-h') && !isNicName('a b') && !isNicName('a/b') && !isNicName('waytoolonganame0'));
});

test('netmasks in both writings, and none with a hole', () => {
  assert.deepEqual(
    ['255.255.255.0', '0.0.0.0', '24', '255.255.255.255'].map((m) => prefixOf(m, true)),
    [24, 0, 24, 32],
  );
  assert.deepEqual(
    [prefixOf('255.0.255.0', true), prefixOf('33', true), prefixOf('129', false)],
    [undefined, undefined, undefined],
  );
});

test('a VLAN is made on the NIC that was named, or on the first with a link, and gets the address', () => {
  const base = { index: 2, mac: '52:54:00:00:00:01', physical: true, up: true, driver: 'e1000', addresses: [] };
  const state: NetworkState = {
    nics: [
      { ...base, name: 'eth0', carrier: false },
      { ...base, name: 'eth1', carrier: true },
    ],
    modules: new Set(),
    undriven: [],
    firmwareErrors: [],
  };
  const plan = planConfiguration(state, parseIpArguments('ip=10.0.0.7::10.0.0.1:24 razor.vlan=100'));
  assert.deepEqual(
    plan.setups.flatMap(({ steps }) => steps.map((step) => step.join(' '))),
    [
      'link set dev eth1 up',
      'link add link eth1 name eth1.100 type vlan id 100',
      'link set dev eth1.100 up',
      'link set dev eth1.100 up',
      'addr add 10.0.0.7/24 dev eth1.100',
      'route add default via 10.0.0.1 dev eth1.100',
    ],
  );
  const absent = planConfiguration(state, parseIpArguments('ip=10.0.0.7:::24::eth9:off razor.vlan=eth8.5'));
  assert.deepEqual([absent.setups, absent.missing], [[], ['the NIC eth8 of VLAN 5', 'the NIC eth9 for 10.0.0.7']]);
});
