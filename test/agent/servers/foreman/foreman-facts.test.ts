/** Our facts as Foreman takes them, judged by the stand-in that was written apart from the agent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { foremanFacts, type ForemanFacts } from '../../../../agent/servers/foreman/foreman-facts.ts';
import { readForemanParameters, type ForemanParameters } from '../../../../agent/servers/foreman/foreman-parameters.ts';
import type { StructuredFacts } from '../../../../facts/facts.ts';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { DEFAULT_SETTINGS, discover, Refusal, type DiscoveredHost } from '../../../helpers/foreman/rules.ts';

type Facts = Record<string, string>;

const EXTRAS = {
  serverUrl: 'https://foreman.example',
  release: 'razor-mk 0.1.0',
  kexec: undefined,
  leaseValue: (card: string, name: string): string => (card === 'eth0' ? (LEASE[name] ?? '') : ''),
};
/** As the image's DHCP script leaves it. */
const LEASE: Facts = {
  address: '192.0.2.10/24|10|192.0.2.1|',
  'host-name': 'rack7-u12',
  domain: 'example.test',
  dns: '192.0.2.53 192.0.2.54',
  'dhcp-server': '192.0.2.2',
};
const TWO: Facts = {
  interfaces: 'eth0,eth1,lo',
  macaddress_eth0: '52:54:00:AB:CD:01',
  macaddress_eth1: '52:54:00:AB:CD:02',
  ipaddress_eth0: '192.0.2.10',
  ipaddress_eth1: '198.51.100.7',
  netmask_eth0: '255.255.255.0',
  ipaddress_lo: '127.0.0.1',
};

function parameters(words: Facts = {}): ForemanParameters {
  return readForemanParameters((name) => words[name]);
}

function make(facts: Facts, words: Facts = {}, structured?: StructuredFacts): ForemanFacts {
  const interfaces = Object.entries(facts)
    .filter(([name]) => name.startsWith('macaddress_'))
    .map(([name, mac]) => ({ name: name.slice('macaddress_'.length), mac: mac.toLowerCase() }));
  const identity = { interfaces, uuid: undefined, serial: undefined, assetTag: undefined, note: undefined };
  return foremanFacts(
    { identity, facts, structured, firstCheckin: true, lastState: 'idle' },
    parameters(words),
    EXTRAS,
  );
}

function accepted(facts: Facts, words: Facts = {}, structured?: StructuredFacts): DiscoveredHost {
  return discover({ facts: make(facts, words, structured).facts }, DEFAULT_SETTINGS);
}

const code = (expected: string) => (error: unknown) => error instanceof RazorMkError && error.code === expected;

test('the boot card is that of BOOTIF, else of fdi.pxmac, else the firmware’s, else the first with a link and an address', () => {
  const boot = (words: Facts, more: Facts = {}): string => make({ ...TWO, ...more }, words).bootNic.mac;
  const [first, second] = ['52:54:00:ab:cd:01', '52:54:00:ab:cd:02'];
  assert.equal(boot({ BOOTIF: '01-52-54-00-ab-cd-02', 'fdi.pxmac': first }), second);
  assert.equal(boot({ BOOTIF: '52:54:00:AB:CD:02' }), second);
  assert.equal(boot({ 'fdi.pxmac': '52-54-00-ab-cd-02' }), second);
  assert.equal(boot({ BOOTIF: 'nonsense', 'fdi.pxmac': second }), second);
  assert.equal(boot({}, { mk_boot_mac: '52:54:00:AB:CD:02' }), second);
  assert.equal(boot({}), first);
  assert.equal(boot({}, { mk_nic_eth0_carrier: 'false', mk_nic_eth1_carrier: 'true' }), second);
  assert.deepEqual(parameters({ BOOTIF: 'nonsense' }).problems, ['BOOTIF: invalid MAC address "nonsense"']);
});

test('Foreman takes the machine under the boot card’s address, with all interfaces and the columns of its list', () => {
  const more = {
    physicalprocessorcount: '2',
    memorysize_mb: '3951.21',
    blockdevice_sda_size: '1073741824',
    blockdevice_sdb_size: '2147483648',
    productname: 'PowerEdge',
  };
  const host = accepted({ ...TWO, ...more }, { BOOTIF: '01-52-54-00-ab-cd-02' });
  assert.equal(host.name, 'mac525400abcd02');
  assert.equal(host.ip, '198.51.100.7');
  assert.deepEqual(
    host.interfaces.map(({ identifier, mac }) => [identifier, mac]),
    [
      ['eth0', '52:54:00:ab:cd:01'],
      ['eth1', '52:54:00:ab:cd:02'],
    ],
  );
  const columns = { cpuCount: 2, memory: 3952, diskCount: 2, disksSize: 3072, model: 'PowerEdge' };
  assert.deepEqual(host.columns, { ...columns, disksTotal: 0 });
  assert.equal(host.facts['discovery_bootip'], '198.51.100.7');
});

test('a boot card without an address is said here and not sent to be refused there', () => {
  const { ipaddress_eth1: _gone, ...without } = TWO;
  assert.throws(() => make(without, { BOOTIF: '01-52-54-00-ab-cd-02' }), code('RAZOR_MK_BOOT_NIC'));
  assert.throws(() => make(TWO, { BOOTIF: '01-52-54-00-ab-cd-99' }), /no interface has this address/);
  assert.throws(() => make({ interfaces: 'lo' }), code('RAZOR_MK_NO_IDENTITY'));
  assert.equal(accepted({ ...without, ipaddress6_eth1: 'fd00::7' }, { BOOTIF: '01-52-54-00-ab-cd-02' }).ip, 'fd00::7');
});

test('families beyond a hundred keep the boot card and the sizes of disks instead of being dropped whole', () => {
  const many: Facts = { ...TWO };
  const names = Array.from({ length: 150 }, (_, index) => `ens${index}`);
  many['interfaces'] = [...names, 'eth0', 'eth1', 'lo'].join(',');
  for (const [index, name] of names.entries()) {
    many[`macaddress_${name}`] = `02:00:00:00:00:${index.toString(16).padStart(2, '0')}`;
    many[`mtu_${name}`] = '1500';
  }
  for (let disk = 0; disk < 60; disk++) {
    many[`blockdevice_sd${disk}_vendor`] = 'ATA';
    many[`blockdevice_sd${disk}_model`] = 'X';
    many[`blockdevice_sd${disk}_size`] = '1048576';
  }
  const words = { BOOTIF: '01-52-54-00-ab-cd-02' };
  const raw = discover({ facts: { ...many, discovery_bootif: '52:54:00:ab:cd:02' } }, DEFAULT_SETTINGS);
  assert.equal(raw.columns.diskCount, 0, 'the rule that this is about');
  const host = accepted(many, words);
  assert.equal(host.columns.diskCount, 60);
  assert.equal(host.facts['macaddress_eth1'], '52:54:00:ab:cd:02');
  assert.equal(host.facts['foreman::dropped_subtree_facts'], undefined);
  assert.equal(make(many, words).notes.length, 3);
});

test('Facter 3 and later is not named, because Foreman would look for another structure; Facter 1 is', () => {
  assert.equal(make({ ...TWO, facterversion: '3.14.0' }).facts['facterversion'], undefined);
  assert.equal(make({ ...TWO, facterversion: '1.7.5' }).facts['facterversion'], '1.7.5');
  const tree = { ...TWO, facterversion: '4.2.1', discovery_bootif: '52:54:00:ab:cd:01' };
  assert.throws(() => discover({ facts: tree }, DEFAULT_SETTINGS), Refusal, 'the rule that this is about');
});

test('names that Foreman drops are not sent, every value is text that its database takes', () => {
  const odd = { ...TWO, uptime_seconds: '5', kernelrelease: '6.1', memoryfree: '1', note: 'a\0b\ud800', empty: '' };
  const { facts } = make(odd);
  for (const name of ['uptime_seconds', 'kernelrelease', 'memoryfree', 'empty']) assert.equal(facts[name], undefined);
  assert.equal(facts['note'], 'ab\ufffd');
  assert.ok(Object.values(facts).every((value) => typeof value === 'string'));
  const stored = accepted(odd).facts;
  assert.deepEqual(Object.keys(facts).sort(), Object.keys(stored).sort(), 'nothing is sent that is not kept');
});

test('interfaces with capital letters keep their addresses, because Foreman writes their names small', () => {
  const facts = { interfaces: 'ETH0', macaddress_ETH0: '52:54:00:AB:CD:01', ipaddress_ETH0: '192.0.2.1' };
  assert.equal(accepted(facts).ip, '192.0.2.1');
});

test('a boot card whose name Foreman passes over is warned of, with the remedy', () => {
  const facts = { interfaces: 'enp1s0v3', macaddress_enp1s0v3: '52:54:00:AB:CD:01', ipaddress_enp1s0v3: '192.0.2.1' };
  assert.match(make(facts).notes.join(), /passes over interfaces named like enp1s0v3/);
  assert.throws(() => accepted(facts), /all NICs filtered out/);
});

test('structured facts stand beside the flat ones, under the names that searches and rules use', () => {
  const structured = {
    dmi: { product: { name: 'PowerEdge', serial_number: 'a\0b' } },
    disks: { sda: { size_bytes: 1_073_741_824 } },
    system_uptime: { seconds: 5 },
  };
  const host = accepted(TWO, {}, structured);
  assert.equal(host.facts['dmi::product::name'], 'PowerEdge');
  assert.equal(host.facts['dmi::product::serial_number'], 'ab');
  assert.equal(host.facts['disks::sda::size_bytes'], '1073741824');
  assert.equal(host.ip, '192.0.2.10', 'interfaces are read from the flat facts as before');
  assert.equal(make(TWO, {}, structured).facts['system_uptime'], undefined, 'a name that Foreman drops');
});

test('the API of old images is not asked for: the version told is one whose API is ours', () => {
  assert.ok(Number.parseInt(String(make(TWO).facts['discovery_version']), 10) >= 3);
});

test('facts of the boot menu are sent, up to the first gap; wrong numbers have their defaults', () => {
  const words = { 'fdi.pxfactname1': 'site', 'fdi.pxfactvalue1': 'B', 'fdi.pxfactname3': 'x', 'fdi.pxfactvalue3': 'y' };
  const { facts } = make(TWO, words);
  assert.equal(facts['site'], 'B');
  assert.equal(facts['x'], undefined);
  const odd = parameters({ 'fdi.uploadsleep': '3', 'fdi.cachefacts': 'two', 'proxy.type': 'satellite' });
  assert.deepEqual([odd.extraUploads, odd.type], [0, 'foreman']);
  assert.equal(odd.problems.length, 3);
  assert.equal(parameters({ 'proxy.type': 'PROXY', 'fdi.uploadsleep': '60' }).type, 'proxy');
});

test('whatever the machine, Foreman keeps all that is sent when the boot card has an address', () => {
  const nic = fc.record({ name: fc.stringMatching(/^(eth|ens|enp)[0-9]{1,3}$/), ip: fc.boolean() });
  const other = fc.dictionary(fc.string({ maxLength: 30 }), fc.string({ maxLength: 50 }), { maxKeys: 30 });
  fc.assert(
    fc.property(
      fc.uniqueArray(nic, { selector: ({ name }) => name, minLength: 1, maxLength: 130 }),
      other,
      (nics, more) => {
        const facts: Facts = { ...more, interfaces: nics.map(({ name }) => name).join(',') };
        for (const [index, { name, ip }] of nics.entries()) {
          facts[`macaddress_${name}`] = `02:00:00:00:00:${index.toString(16).padStart(2, '0')}`;
          if (ip || index === nics.length - 1) facts[`ipaddress_${name}`] = `10.0.0.${index}`;
        }
        const boot = (nics.length - 1).toString(16).padStart(2, '0');
        const made = make(facts, { BOOTIF: `01-02-00-00-00-00-${boot}` });
        const host = discover(JSON.parse(JSON.stringify({ facts: made.facts })), DEFAULT_SETTINGS);
        assert.equal(host.mac, `02:00:00:00:00:${boot}`);
        assert.equal(host.facts['foreman::dropped_subtree_facts'], undefined);
      },
    ),
    { numRuns: 60 },
  );
});

// *discovery_hostname* of a site is often nmprimary_dhcp4_option_host_name: without it hosts were called by their MAC
test('facts that Foreman’s own image adds are there under its names: EFI, management processor, lease, neighbours', () => {
  const { facts } = make({
    ...TWO,
    mk_firmware_mode: 'uefi',
    mk_bmc: 'true',
    mk_bmc_address: '198.51.100.20',
    mk_bmc_mac: '52:54:00:AB:CD:0F',
    mk_bmc_netmask: '255.255.255.0',
    mk_bmc_gateway: '198.51.100.1',
    mk_bmc_address_source: 'DHCP Address',
    mk_lldp_eth0_protocol: 'lldp',
    mk_lldp_eth0_system: 'switch7',
    mk_lldp_eth0_chassis: '52:54:00:FF:00:01',
    mk_lldp_eth0_port: 'ge-0/0/12',
    mk_lldp_eth0_vlan: '42',
    mk_lldp_eth0_mtu: '9216',
    mk_lldp_eth0_address: '198.51.100.7',
    mk_lldp_eth1_protocol: 'cdp',
    mk_lldp_eth1_port: 'Gi1/0/2',
  });
  const own = Object.entries(facts).filter(([name]) => /^(efi|ipmi_|nmprimary_|lldp_)/.test(name));
  assert.deepEqual(Object.fromEntries(own), {
    efi: 'true',
    ipmi_enabled: 'true',
    ipmi_ipaddress: '198.51.100.20',
    ipmi_macaddress: '52:54:00:ab:cd:0f',
    ipmi_subnet_mask: '255.255.255.0',
    ipmi_gateway: '198.51.100.1',
    ipmi_ipaddress_source: 'DHCP Address',
    lldp_neighbor_chassisid_eth0: '52:54:00:ff:00:01',
    lldp_neighbor_mngaddr_ipv4_eth0: '198.51.100.7',
    lldp_neighbor_sysname_eth0: 'switch7',
    lldp_neighbor_portid_eth0: 'ge-0/0/12',
    lldp_neighbor_pvid_eth0: '42',
    lldp_neighbor_mtu_eth0: '9216',
    nmprimary_connection_id: 'primary',
    nmprimary_connection_interface_name: 'eth0',
    nmprimary_general_devices: 'eth0',
    nmprimary_ip4_address: '192.0.2.10/24',
    nmprimary_ip4_gateway: '192.0.2.1',
    nmprimary_dhcp4_option_ip_address: '192.0.2.10',
    nmprimary_dhcp4_option_subnet_mask: '255.255.255.0',
    nmprimary_dhcp4_option_routers: '192.0.2.1',
    nmprimary_dhcp4_option_host_name: 'rack7-u12',
    nmprimary_dhcp4_option_domain_name: 'example.test',
    nmprimary_dhcp4_option_fqdn: 'rack7-u12.example.test',
    nmprimary_dhcp4_option_domain_name_servers: '192.0.2.53 192.0.2.54',
    nmprimary_dhcp4_option_dhcp_server_identifier: '192.0.2.2',
  });
  const plain = make({ ...TWO, mk_bmc: 'false', mk_firmware_mode: 'bios' }, { BOOTIF: '01-52-54-00-ab-cd-02' }).facts;
  assert.deepEqual(
    Object.keys(plain).filter((name) => /^(ipmi_|lldp_|nmprimary_dhcp)/.test(name)),
    [],
    'nothing is made up',
  );
  assert.equal(plain['efi'], 'false');
});

test('interfaces without a device and without an address become no cards of the host; a bond or a VLAN with one does', () => {
  const more: Facts = {
    interfaces: 'bond0,eth0,eth1,eth2,ifb0,ifb1,lo',
    macaddress_bond0: '52:54:00:AB:CD:01',
    ipaddress_bond0: '203.0.113.4',
    macaddress_eth2: '52:54:00:AB:CD:03',
    mk_nic_eth2_driver: 'e1000e',
    mtu_ifb0: '1500',
  };
  const report = {
    identity: {
      interfaces: [{ name: 'eth0', mac: '52:54:00:ab:cd:01' }],
      uuid: undefined,
      serial: undefined,
      assetTag: undefined,
      note: undefined,
    },
    facts: { ...TWO, ...more, macaddress_ifb0: '3E:00:00:00:00:01', macaddress_ifb1: '3E:00:00:00:00:02' },
    firstCheckin: true,
    lastState: 'idle',
  };
  const { facts } = foremanFacts(report, parameters(), EXTRAS);
  assert.equal(facts['interfaces'], 'bond0,eth0,eth1,eth2,lo');
  assert.deepEqual(
    Object.keys(facts).filter((name) => name.includes('ifb')),
    [],
  );
  const host = discover({ facts }, DEFAULT_SETTINGS);
  assert.deepEqual(
    host.interfaces.map(({ identifier }) => identifier),
    ['bond0', 'eth0', 'eth1', 'eth2'],
  );
});
