import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { collectFacts, openSources } from '../../../facts/facts.ts';
import { humanBytes, structuredFacts } from '../../../facts/structured/structured-facts.ts';
import { network6Of } from '../../../facts/groups/network/ipv6.ts';
import { COMPARED_FACTS, differencesToFacter } from '../../helpers/facter-view.ts';
import { madeUpSources } from '../../helpers/memory-origin.ts';

const addresses = {
  eth0: [
    { family: 'IPv4' as const, address: '10.0.2.15', netmask: '255.255.255.0', internal: false },
    { family: 'IPv6' as const, address: 'fe80::5054:ff:fe00:1', netmask: 'ffff:ffff:ffff:ffff::', internal: false },
    { family: 'IPv6' as const, address: '2001:db8:1::7', netmask: 'ffff:ffff:ffff::', internal: false },
  ],
};

const FILES = {
  '/etc/debian_version': '12.11\n',
  '/etc/os-release':
    'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n',
  '/proc/self/mounts':
    'proc /proc proc rw 0 0\ntmpfs /run tmpfs rw,nosuid 0 0\n/dev/loop0 /tmp/tcloop/a\\040b squashfs ro 0 0\nsrv:/x /mnt nfs rw 0 0\n',
  '/proc/net/if_inet6':
    'fe80000000000000505400fffe000001 02 40 20 80 eth0\n20010db8000100000000000000000007 02 40 00 42 eth0\n',
  '/proc/cpuinfo': 'processor : 0\nmodel name : Xeon\nflags : fpu\nprocessor : 1\nmodel name : Xeon\nflags : fpu\n',
  '/proc/meminfo':
    'MemTotal: 4096 kB\nMemFree: 1000 kB\nBuffers: 10 kB\nCached: 20 kB\nSReclaimable: 4 kB\nShmem: 10 kB\nSwapTotal: 1024 kB\nSwapFree: 512 kB\n',
  '/proc/uptime': '7260.5 1.0\n',
  '/proc/net/route': 'Iface\tDestination\tGateway\neth0\t00000000\t0202000A\n',
  '/sys/devices/system/cpu/cpu0/topology/physical_package_id': '0\n',
  '/sys/devices/system/cpu/cpu0/topology/thread_siblings_list': '0-1\n',
  '/sys/devices/system/cpu/cpu1/topology/physical_package_id': '0\n',
  '/sys/devices/system/cpu/cpu1/topology/thread_siblings_list': '0-1\n',
  '/sys/class/net/eth0/address': '52:54:00:00:00:01\n',
  '/sys/class/net/eth0/type': '1\n',
  '/sys/class/net/eth0/mtu': '1500\n',
  '/sys/class/net/eth0/flags': '0x1003\n',
  '/sys/class/net/eth0/operstate': 'up\n',
  '/sys/class/net/eth0/speed': '1000\n',
  '/sys/class/net/eth0/duplex': 'full\n',
  '/sys/class/net/eth0/device/': '',
  '/sys/class/dmi/id/sys_vendor': 'ACME\n',
  '/sys/class/dmi/id/product_name': 'Server 1\n',
  '/sys/class/dmi/id/product_serial': 'SN1X\n',
  '/sys/block/sda/size': '2097152\n',
  '/sys/block/sda/queue/rotational': '1\n',
  '/sys/block/sda/device/model': 'DISK\n',
};

const SPACE = {
  '/run': { size: 4096, free: 3072, available: 1024 },
  '/mnt': { size: 1, free: 1, available: 1 },
};
const HALF_FULL = {
  size_bytes: 4096,
  available_bytes: 1024,
  used_bytes: 1024,
  capacity: '50.00%',
  size: '4.00 KiB',
  available: '1.00 KiB',
  used: '1.00 KiB',
};
const NOT_ASKED = {
  size_bytes: 0,
  available_bytes: 0,
  used_bytes: 0,
  capacity: '100%',
  size: '0 bytes',
  available: '0 bytes',
  used: '0 bytes',
};

test('facts have Facter 4’s structure and types', async () => {
  const os = { hostname: 'n1.example.org', machine: 'x86_64', release: '6.1.0', addresses };
  const facts = structuredFacts(await collectFacts({ sources: madeUpSources({ files: FILES, os, space: SPACE }) }));
  const eth0 = {
    mac: '52:54:00:00:00:01',
    mtu: 1500,
    ip: '10.0.2.15',
    netmask: '255.255.255.0',
    network: '10.0.2.0',
    ip6: '2001:db8:1::7',
    netmask6: 'ffff:ffff:ffff::',
    network6: '2001:db8:1::',
    scope6: 'global',
  };
  const link = { physical: true, operational_state: 'up', speed: 1000, duplex: 'full' };
  const bindings6 = [
    {
      address: 'fe80::5054:ff:fe00:1',
      netmask: 'ffff:ffff:ffff:ffff::',
      network: 'fe80::',
      scope6: 'link',
      flags: ['permanent'],
    },
    {
      address: '2001:db8:1::7',
      netmask: 'ffff:ffff:ffff::',
      network: '2001:db8:1::',
      scope6: 'global',
      flags: ['noad', 'tentative'],
    },
  ];
  const bindings = [{ address: '10.0.2.15', netmask: '255.255.255.0', network: '10.0.2.0' }];
  assert.deepEqual(facts, {
    os: {
      architecture: 'amd64',
      hardware: 'x86_64',
      family: 'Debian',
      name: 'Debian',
      release: { full: '12.11', major: '12', minor: '11' },
      distro: {
        codename: 'bookworm',
        description: 'Debian GNU/Linux 12 (bookworm)',
        id: 'Debian',
        release: { full: '12.11', major: '12', minor: '11' },
      },
      selinux: { enabled: false },
    },
    processors: { count: 2, physicalcount: 1, models: ['Xeon', 'Xeon'], isa: 'unknown', cores: 1, threads: 2 },
    memory: {
      system: {
        total: '4.00 MiB',
        total_bytes: 4_194_304,
        available: '1.00 MiB',
        available_bytes: 1_048_576,
        used: '3.00 MiB',
        used_bytes: 3_145_728,
        capacity: '75.00%',
      },
      swap: {
        total: '1.00 MiB',
        total_bytes: 1_048_576,
        available: '512.00 KiB',
        available_bytes: 524_288,
        used: '512.00 KiB',
        used_bytes: 524_288,
        capacity: '50.00%',
      },
    },
    networking: {
      hostname: 'n1',
      domain: 'example.org',
      fqdn: 'n1.example.org',
      primary: 'eth0',
      ...eth0,
      interfaces: { eth0: { ...eth0, ...link, bindings, bindings6 } },
    },
    dmi: { manufacturer: 'ACME', product: { name: 'Server 1', serial_number: 'SN1X' } },
    disks: { sda: { size: '1.00 GiB', size_bytes: 1_073_741_824, model: 'DISK', type: 'hdd' } },
    mountpoints: {
      '/run': { device: 'tmpfs', filesystem: 'tmpfs', options: ['rw', 'nosuid'], ...HALF_FULL },
      '/tmp/tcloop/a b': { device: '/dev/loop0', filesystem: 'squashfs', options: ['ro'], ...NOT_ASKED },
      '/mnt': { device: 'srv:/x', filesystem: 'nfs', options: ['rw'], ...NOT_ASKED },
    },
    system_uptime: { seconds: 7260, hours: 2, days: 0, uptime: '2:01 hours' },
  });
});

test('what is not known is absent: a machine of which nothing can be read has next to no structured facts', async () => {
  const facts = structuredFacts(await collectFacts({ sources: madeUpSources({ files: {} }) }));
  assert.deepEqual(
    Object.keys(facts).sort(),
    ['networking', 'os', 'processors'].filter((name) => name in facts),
  );
  assert.doesNotMatch(JSON.stringify(facts), /null|NaN/);
});

test('sizes and networks are written as Facter writes them', () => {
  const sizes = [0, 512, 1023, 1024, 1_048_574, 1_073_737_728, 1_073_730_000, 25_276_514_304];
  assert.deepEqual(sizes.map(humanBytes), [
    ...['0 bytes', '512 bytes', '1023 bytes', '1.00 KiB'],
    // an optical drive without a medium, as a kernel shows it: 1023.996 MiB
    ...['1.00 MiB', '1.00 GiB', '1023.99 MiB', '23.54 GiB'],
  ]);
  assert.equal(network6Of('2001:db8::1:0:0:7', 'ffff:ffff:ffff:ffff:ffff::'), '2001:db8:0:0:1::');
  assert.equal(network6Of('::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), '::1');
  assert.equal(network6Of('fe80::1%eth0', 'ffff::'), 'fe80::');
  assert.equal(network6Of('no', 'ffff::'), undefined);
});

test('Facter 4 says the same of this machine', async (t) => {
  // asked now, not when the file is read: in a shared process that is minutes before
  const facter = spawnSync('facter', ['-j', ...COMPARED_FACTS], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (facter.stdout?.includes('"os"') !== true) return t.skip('Facter 4 is not installed');
  const set = await collectFacts({ sources: openSources() });
  assert.deepEqual(differencesToFacter(JSON.parse(facter.stdout), structuredFacts(set)), []);
  return undefined;
});
