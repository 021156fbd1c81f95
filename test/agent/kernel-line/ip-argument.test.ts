import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIpArguments } from '../../../agent/kernel-line/ip-argument.ts';
import { isNicName, prefixLengthOf } from '../../../agent/kernel-line/ip-fields.ts';
import { addRoutes, configureNetwork, planConfiguration } from '../../../agent/network/configure.ts';
import { vlanName } from '../../../agent/network/line-cards.ts';
import type { NetworkState } from '../../../agent/network/network-state.ts';
import { createLog } from '../../../platform/log/log.ts';
import { createSystem, type System } from '../../../platform/system.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';

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
  assert.deepEqual(one('ip=[2001:db8::7]::[2001:db8::1]:64::eth0:none:[2001:db8::53]'), {
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

test('IPv6 comes out as the kernel writes it, so that an address that is set is found again', () => {
  const parsed = one('ip=[2001:DB8:0:0::7]::[FE80::0:1]:64::eth0:none:[2001:db8::0:53]');
  assert.deepEqual(
    [parsed?.address, parsed?.gateway, parsed?.nameservers],
    ['2001:db8::7', 'fe80::1', ['2001:db8::53']],
  );
});

test('dracut’s fields behind the method: an MTU, a MAC with colons of its own, or DNS servers', () => {
  assert.deepEqual(parseIpArguments('ip=eth0:dhcp:1400:52:54:00:00:00:01').dhcpNics, ['eth0']);
  assert.match(parseIpArguments('ip=eth0:dhcp:1400:52:54:00:00:00:01').warnings.join(), /MAC .* is not set/);
  const mtu = one('ip=10.0.0.7::10.0.0.1:24:rack7:eth0:none:1400:52:54:00:00:00:01');
  assert.deepEqual([mtu?.mtu, mtu?.nameservers, mtu?.ntpServers], [1400, [], []]);
  assert.equal(one('ip=10.0.0.7::10.0.0.1:24:rack7:eth0:none:10.0.0.53')?.mtu, undefined);
});

test('a host name is taken from a form without an address, too', () => {
  assert.equal(parseIpArguments('ip=::::rack7:eth0:dhcp').hostname, 'rack7');
  assert.equal(parseIpArguments('ip=::::rack7::dhcp').hostname, 'rack7');
  assert.equal(parseIpArguments('ip=10.0.0.7::::rack8::off').hostname, 'rack8');
  assert.equal(parseIpArguments('ip=dhcp').hostname, undefined);
  assert.match(parseIpArguments('ip=::::bad_host;x::dhcp').warnings.join(), /host name/);
});

test('BOOTIF in PXELINUX’s and in iPXE’s writing; addresses without an interface go there, not to the first link', () => {
  for (const mac of ['01-52-54-00-00-00-02', '52:54:00:00:00:02', '01-52-54-00-00-00-02'.toUpperCase()]) {
    const wanted = parseIpArguments(`ip=10.0.0.7:::24 BOOTIF=${mac}`);
    assert.equal(wanted.booted, '52:54:00:00:00:02');
    const base = { physical: true, up: true, carrier: true, driver: 'e1000', addresses: [] };
    const nics = ['eth0', 'eth1'].map((name, index) => ({ ...base, name, index, mac: `52:54:00:00:00:0${index + 1}` }));
    const plan = planConfiguration({ nics, modules: new Set(), undriven: [], firmwareErrors: [] }, wanted);
    assert.deepEqual(
      plan.setups.map(({ what }) => what),
      ['10.0.0.7 on eth1'],
    );
  }
});

test('a VLAN of a NIC with a long name keeps its number', () => {
  assert.equal(vlanName('eth0', 100), 'eth0.100');
  assert.equal(vlanName('enp0s31f6np0', 4094), 'enp0s31f6n.4094');
  assert.ok(isNicName(vlanName('enp0s31f6np0', 4094)));
});

test('one thing of the kernel line that fails does not keep the others from being done, but what needs it', async () => {
  const ran: string[] = [];
  const log = createLog({});
  const dry = createSystem({ live: false, log });
  const system: System = {
    ...dry,
    run: async (what, argv, options) => {
      ran.push(argv.join(' '));
      const result = await dry.run(what, argv, options);
      const bad = argv.includes('vlan') || argv.includes('10.9.9.9');
      return bad ? { ...result, status: 2, stderr: Buffer.from('RTNETLINK answers: no') } : result;
    },
  };
  const base = { physical: true, up: true, carrier: true, driver: 'e1000', addresses: [], mac: '' };
  const nics = ['eth0', 'eth1'].map((name, index) => ({ ...base, name, index }));
  const line = 'razor.vlan=eth0.100 ip=10.0.0.7:::24::eth0.100 ip=10.1.0.7::10.9.9.9:24::eth1 ip=10.2.0.7:::24::eth0';
  const memory = { failures: [], count: 0, at: -Infinity };
  const state = { nics, modules: new Set<string>(), undriven: [], firmwareErrors: [] };
  const context = { system, log, clock: fakeClock() };
  const missing = await configureNetwork(state, parseIpArguments(line), context, memory);
  assert.match(missing.join('\n'), /^VLAN 100 on eth0 .*\n10\.1\.0\.7 on eth1 \(RTNETLINK/);
  assert.ok(!ran.some((argv) => argv.includes('10.0.0.7')), 'there is no VLAN to have that address');
  assert.ok(ran.includes('ip addr add 10.2.0.7/24 dev eth0'), ran.join('\n'));
});

test('routes of the kernel line are set by the card that they mean, and one that fails is said', async () => {
  const ran: string[] = [];
  const log = createLog({});
  const dry = createSystem({ live: false, log });
  const system: System = {
    ...dry,
    run: async (what, argv, options) => {
      ran.push(argv.join(' '));
      const result = await dry.run(what, argv, options);
      return argv.includes('10.0.0.9') ? { ...result, status: 2, stderr: Buffer.from('Error: no way') } : result;
    },
  };
  const base = { physical: true, up: true, carrier: true, driver: 'e1000', addresses: [], index: 1 };
  const nics = [{ ...base, name: 'eth0', mac: '52:54:00:00:00:02' }];
  const state = { nics, modules: new Set<string>(), undriven: [], firmwareErrors: [] };
  const line =
    'rd.route=10.8.0.0/16:10.0.0.1:52-54-00-00-00-02 rd.route=[2001:db8::/32]::eth0 rd.route=10.9.0.0/16:10.0.0.9';
  const failures = await addRoutes(state, parseIpArguments(line), { system, log, clock: fakeClock() });
  assert.deepEqual(ran, [
    'ip -4 route replace 10.8.0.0/16 via 10.0.0.1 dev eth0',
    'ip -6 route replace 2001:db8::/32 dev eth0',
    'ip -4 route replace 10.9.0.0/16 via 10.0.0.9',
  ]);
  assert.deepEqual(failures, ['the route to 10.9.0.0/16 (Error: no way)']);
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

test('several addresses are kept beside `off`, which is for the cards that nobody names', () => {
  const parsed = parseIpArguments('ip=off ip=10.0.0.1::::: ip=10.1.0.1:::255.255.0.0::eth1:none');
  assert.deepEqual(
    parsed.statics.map((s) => s.address),
    ['10.0.0.1', '10.1.0.1'],
  );
  assert.equal(parsed.off, true);
});

test('what is not understood is a warning, never a part of a command', () => {
  for (const bad of [
    'ip=10.0.0.300',
    'ip=10.0.0.1:::24::$(reboot):off',
    'ip=10.0.0.1:::24::../../etc:off',
    'ip=10.0.0.1:::24::waytoolonganame0:off',
    'razor.vlan=0',
    'razor.vlan=4095',
    'razor.vlan=eth0;x.5',
    'vlan=x;5:eth0',
    'vlan=vlan5:$(id)',
    'bond=;:eth0',
  ]) {
    const parsed = parseIpArguments(bad);
    assert.equal(parsed.warnings.length, 1, bad);
    assert.deepEqual([parsed.statics.length, parsed.vlans.length, parsed.groups.length], [0, 0, 0], bad);
  }
  const odd = parseIpArguments('ip=10.0.0.1:$(id):;x:$(id):a;b:eth0:$(id):$(id):;y:z:w').statics[0];
  assert.deepEqual(
    [odd?.gateway, odd?.server, odd?.hostname, odd?.nameservers, odd?.ntpServers, odd?.prefix],
    [undefined, undefined, undefined, [], [], 8],
  );
  assert.ok(isNicName('enp0s31f6') && isNicName('eth0.100'));
  assert.ok(!isNicName('-h') && !isNicName('a b') && !isNicName('a/b') && !isNicName('waytoolonganame0'));
});

test('netmasks in both writings, and none with a hole', () => {
  assert.deepEqual(
    ['255.255.255.0', '0.0.0.0', '24', '255.255.255.255'].map((m) => prefixLengthOf(m, true)),
    [24, 0, 24, 32],
  );
  assert.deepEqual(
    [prefixLengthOf('255.0.255.0', true), prefixLengthOf('33', true), prefixLengthOf('129', false)],
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
