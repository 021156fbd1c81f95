/** Machines that no recording has: other processors, real firmware, things that go wrong. Only what the kernel shows of each, as its files. */
import { buildEntryPoint, buildTable, SERVER } from '../../helpers/smbios-table.ts';
import { type MadeUpMachine } from '../../helpers/memory-origin.ts';

type Files = Record<string, string | Uint8Array>;

const CPU = '/sys/devices/system/cpu';

function cpus(count: number, perPackage: number, more: (cpu: number) => Files = () => ({})): Files {
  const files: Files = { [`${CPU}/online`]: `0-${count - 1}\n`, [`${CPU}/present`]: `0-${count - 1}\n` };
  for (let cpu = 0; cpu < count; cpu++) {
    const at = `${CPU}/cpu${cpu}`;
    files[`${at}/topology/physical_package_id`] = `${Math.floor(cpu / perPackage)}\n`;
    files[`${at}/topology/core_id`] = `${cpu % perPackage}\n`;
    files[`${at}/topology/thread_siblings_list`] = `${cpu}\n`;
    Object.assign(files, more(cpu));
  }
  return files;
}

function nic(name: string, index: number, files: Files = {}, pci = `0000:0${index}:00.0`): Files {
  const device = `/sys/devices/pci0000:00/${pci}`;
  const net = `${device}/net/${name}`;
  return {
    [`/sys/class/net/${name}`]: `-> ${net}`,
    [`/sys/bus/pci/devices/${pci}`]: `-> ${device}`,
    [`${device}/class`]: '0x020000\n',
    [`${device}/vendor`]: '0x8086\n',
    [`${device}/device`]: '0x1572\n',
    [`${device}/revision`]: '0x02\n',
    [`${device}/numa_node`]: '0\n',
    [`${device}/sriov_totalvfs`]: '64\n',
    [`${device}/sriov_numvfs`]: '2\n',
    [`${device}/driver`]: '-> ../../../bus/pci/drivers/i40e',
    [`${device}/rom`]: '',
    [`${net}/device`]: '-> ../..',
    [`${net}/type`]: '1\n',
    [`${net}/ifindex`]: `${index}\n`,
    [`${net}/flags`]: '0x1003\n',
    [`${net}/addr_assign_type`]: '0\n',
    [`${net}/address`]: `02:11:22:33:44:0${index}\n`,
    [`${net}/carrier`]: '1\n',
    [`${net}/speed`]: '10000\n',
    [`${net}/duplex`]: 'full\n',
    [`${net}/mtu`]: '9000\n',
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`${net}/${path}`, text])),
  };
}

function smbios(): Files {
  const table = buildTable(SERVER);
  return {
    '/sys/firmware/dmi/tables/DMI': table,
    '/sys/firmware/dmi/tables/smbios_entry_point': buildEntryPoint(table.length),
    '/sys/class/dmi/id/sys_vendor': 'Example Machines\n',
    '/sys/class/dmi/id/product_name': 'PowerBox 740\n',
    '/sys/class/dmi/id/product_serial': 'EX740-0042\n',
    '/sys/class/dmi/id/product_uuid': '4c4c4544-0042-3510-8056-c4c04f4e5831\n',
    '/sys/class/dmi/id/board_vendor': 'Example Boards\n',
    '/sys/class/dmi/id/board_name': 'B740\n',
    '/sys/class/dmi/id/board_serial': '..B-0815..\n',
    '/sys/class/dmi/id/bios_vendor': 'Example Firmware\n',
    '/sys/class/dmi/id/bios_version': '2.12.2\n',
    '/sys/class/dmi/id/bios_date': '07/09/2023\n',
    '/sys/class/dmi/id/chassis_type': '23\n',
    '/sys/class/dmi/id/chassis_serial': 'EX740-0042\n',
    '/sys/class/dmi/id/chassis_asset_tag': 'RACK-7-U12\n',
  };
}

function disk(name: string, size: number, files: Files = {}): Files {
  return {
    [`/sys/block/${name}`]: `-> /sys/devices/virtual/test/block/${name}`,
    [`/sys/class/block/${name}`]: `-> /sys/devices/virtual/test/block/${name}`,
    [`/sys/devices/virtual/test/block/${name}/size`]: `${size}\n`,
    [`/sys/devices/virtual/test/block/${name}/removable`]: '0\n',
    [`/sys/devices/virtual/test/block/${name}/ro`]: '0\n',
    [`/sys/devices/virtual/test/block/${name}/queue/logical_block_size`]: '512\n',
    [`/sys/devices/virtual/test/block/${name}/queue/physical_block_size`]: '4096\n',
    [`/sys/devices/virtual/test/block/${name}/queue/rotational`]: '1\n',
    ...Object.fromEntries(
      Object.entries(files).map(([path, text]) => [`/sys/devices/virtual/test/block/${name}/${path}`, text]),
    ),
  };
}

const MEMINFO =
  'MemTotal:       65536000 kB\nMemFree:        60000000 kB\nBuffers:             512 kB\nCached:          1048576 kB\nSReclaimable:       4096 kB\nShmem:              2048 kB\nSwapTotal:       1048576 kB\nSwapFree:         524288 kB\n';

/** The version of SELinux's policy and a mode in force, an RPM system of old, names of distributions by their release files. */
const REDHAT: Files = {
  '/etc/redhat-release': 'CentOS Linux release 7.9.2009 (Core)\n',
  '/etc/os-release':
    'NAME="CentOS Linux"\nVERSION="7 (Core)"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\nPRETTY_NAME="CentOS Linux 7 (Core)"\n',
  '/proc/self/mounts':
    'sysfs /sys sysfs rw 0 0\nselinuxfs /sys/fs/selinux selinuxfs rw 0 0\n/dev/sda2 / xfs rw,relatime 0 0\ntmpfs /run tmpfs rw,nosuid 0 0\n',
  '/proc/filesystems': 'nodev\tsysfs\nnodev\ttmpfs\n\txfs\n\text4\nnodev\tselinuxfs\n\tiso9660\n',
  '/proc/self/attr/current': 'system_u:system_r:init_t:s0\0',
  '/sys/fs/selinux/enforce': '1',
  '/sys/fs/selinux/policyvers': '31',
  '/etc/selinux/config': '# modes\nSELINUX=permissive\nSELINUXTYPE=targeted\n',
};

const MACHINES: Readonly<Record<string, MadeUpMachine>> = {
  'arm64-cpuinfo': {
    os: { machine: 'aarch64', release: '6.1.0-18-arm64', hostname: 'arm', version: '#1 SMP Debian 6.1.76-1' },
    files: {
      ...cpus(4, 2, (cpu) => ({
        [`${CPU}/cpu${cpu}/cpufreq/cpuinfo_max_freq`]: '2600000\n',
        [`${CPU}/cpu${cpu}/cpufreq/scaling_cur_freq`]: `${1_000_000 + cpu * 100_000}\n`,
        [`${CPU}/cpu${cpu}/cache/index0/level`]: '1\n',
        [`${CPU}/cpu${cpu}/cache/index0/type`]: 'Data\n',
        [`${CPU}/cpu${cpu}/cache/index0/size`]: '64K\n',
        [`${CPU}/cpu${cpu}/cache/index0/shared_cpu_map`]: `${(1 << cpu).toString(16)}\n`,
        [`${CPU}/cpu${cpu}/cache/index2/level`]: '2\n',
        [`${CPU}/cpu${cpu}/cache/index2/type`]: 'Unified\n',
        [`${CPU}/cpu${cpu}/cache/index2/size`]: '1024K\n',
        [`${CPU}/cpu${cpu}/cache/index2/shared_cpu_map`]: `${cpu < 2 ? '3' : 'c'}\n`,
      })),
      '/proc/cpuinfo': [0, 1, 2, 3]
        .map(
          (n) =>
            `processor\t: ${n}\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd evtstrm aes${n === 3 ? ' sve' : ''}\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x3\nCPU part\t: 0xd0c\nCPU revision\t: 1\n\n`,
        )
        .join(''),
      '/proc/meminfo': MEMINFO,
      '/proc/device-tree/model': 'Example Arm Board\0',
      ...nic('eth0', 2),
    },
  },
  'arm64-other-maker': {
    os: { machine: 'aarch64', release: '5.10.0' },
    files: {
      ...smbios(),
      '/proc/cpuinfo':
        'processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x48\nCPU variant\t: 0x1\nCPU part\t: 0xd01\nCPU revision\t: 0\n',
    },
  },
  'armv7-board': {
    os: { machine: 'armv7l' },
    files: {
      '/proc/cpuinfo':
        'processor\t: 0\nmodel name\t: ARMv7 Processor rev 4 (v7l)\nFeatures\t: half thumb neon\nCPU implementer\t: 0x7f\n\nprocessor\t: 1\nmodel name\t: ARMv7 Processor rev 4 (v7l)\nFeatures\t: half thumb neon lpae\n\nHardware\t: BCM2709\nSerial\t\t: 00000000abcdef01\n',
    },
  },
  'ppc64-power': {
    os: { machine: 'ppc64le', release: '4.18.0' },
    files: {
      ...cpus(2, 1),
      '/sys/kernel/cpu_byteorder': 'little\n',
      '/proc/cpuinfo':
        'processor\t: 0\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 3800.000000MHz\nrevision\t: 2.2 (pvr 004e 1202)\n\nprocessor\t: 1\ncpu\t\t: POWER9, altivec supported\nclock\t\t: not known\nrevision\t: 2.3\n\ntimebase\t: 512000000\nplatform\t: PowerNV\n',
    },
  },
  's390x-guest': {
    os: { machine: 's390x' },
    files: {
      '/proc/cpuinfo':
        'vendor_id       : IBM/S390\n# processors    : 2\nbogomips per cpu: 3033.00\nfeatures\t: esan3 zarch stfle\nprocessor 0: version = FF,  identification = 0133E8,  machine = 2964\nprocessor 1: version = FF,  identification = 0133E8,  machine = 2964\n',
    },
  },
  'x86-server': {
    os: {
      machine: 'x86_64',
      release: '3.10.0-1160.el7.x86_64',
      hostname: 'node7.example.org',
      version: '#1 SMP Mon Oct 19 16:18:59 UTC 2020',
      timezone: 'UTC',
      user: 'root',
      path: '/usr/bin:/bin',
      addresses: {
        ens1: [
          { family: 'IPv4', address: '192.0.2.7', netmask: '255.255.255.0', internal: false },
          { family: 'IPv6', address: '2001:db8::7', netmask: 'ffff:ffff:ffff:ffff::', internal: false },
        ],
        'ens1:1': [{ family: 'IPv4', address: '192.0.2.8', netmask: '255.255.255.255', internal: false }],
        lo: [{ family: 'IPv4', address: '127.0.0.1', netmask: '255.0.0.0', internal: true }],
      },
    },
    programs: {
      'ethtool -P ens1': 'Permanent address: 02:11:22:33:44:0a\n',
      'ethtool -P ens2': 'Permanent address: 00:00:00:00:00:00\n',
    },
    space: { '/': { size: 10_737_418_240, free: 5_368_709_120, available: 4_294_967_296 } },
    files: {
      ...smbios(),
      ...REDHAT,
      ...cpus(4, 2),
      '/proc/cpuinfo': [0, 1, 2, 3]
        .map(
          (n) =>
            `processor\t: ${n}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: Intel(R) Xeon(R) Gold 5118 CPU @ 2.30GHz\nstepping\t: 4\nmicrocode\t: 0x2006906\ncpu MHz\t\t: 2300.000\ncache size\t: 16896 KB\nphysical id\t: ${n >> 1}\nsiblings\t: 2\ncore id\t\t: ${n & 1}\ncpu cores\t: 2\nfpu\t\t: yes\nwp\t\t: yes\nflags\t\t: fpu vme lm vmx sse sse2 ht\nbogomips\t: 4600.00\n\n`,
        )
        .join(''),
      '/proc/meminfo': MEMINFO,
      '/proc/uptime': '90061.20 1.0\n',
      '/proc/loadavg': '0.50 0.25 0.10 1/234 5678\n',
      '/proc/cmdline': 'BOOT_IMAGE=kernel BOOTIF=01-02-11-22-33-44-02 console=ttyS0\n',
      '/proc/net/route':
        'Iface\tDestination\tGateway\tFlags\nens1\t00000000\t010200C0\t0003\nens1\t000200C0\t00000000\t0001\n',
      '/proc/net/arp':
        'IP address HW type Flags HW address Mask Device\n192.0.2.1 0x1 0x2 02:aa:bb:cc:dd:01 * ens1\n192.0.2.9 0x1 0x0 00:00:00:00:00:00 * ens1\n',
      '/proc/net/if_inet6': '20010db8000000000000000000000007 02 40 00 80 ens1\n',
      '/etc/resolv.conf': 'search example.org\nnameserver 192.0.2.53\n',
      ...nic('ens1', 2),
      ...nic('ens2', 3, {
        carrier: '0\n',
        speed: '-1\n',
        duplex: 'unknown\n',
        flags: '0x1002\n',
        addr_assign_type: '1\n',
      }),
      ...nic('wlan0', 4, { 'wireless/status': '0x0\n', 'phy80211/name': 'phy0\n', operstate: 'down\n' }),
      ...nic('ib0', 5, { type: '32\n', address: '80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0a:bc:de\n' }),
      '/sys/class/net/lo/type': '772\n',
      '/sys/class/net/lo/ifindex': '1\n',
      '/sys/class/net/lo/address': '00:00:00:00:00:00\n',
      ...disk('sda', 976_773_168, {
        'device/vendor': 'ATA     \n',
        'device/model': 'ST500NM0011     \n',
        'device/rev': 'SN02\n',
        'device/vpd_pg80': Buffer.from('\0\x80\0\x08Z1M0ABCD', 'latin1'),
        'device/wwid': 'naa.5000c500a1b2c3d4\n',
        'sda1/partition': '1\n',
        'sda1/start': '2048\n',
        'sda1/size': '1048576\n',
      }),
      ...disk('nvme0n1', 1_953_525_168, {
        'device/model': 'Example NVMe 1TB\n',
        'device/serial': 'NV-0001\n',
        'device/firmware_rev': '1.2\n',
        'queue/rotational': '0\n',
        wwid: 'eui.0025385b71b00f17\n',
      }),
      ...disk('sr0', 2_097_151, { removable: '1\n', 'device/type': '5\n', 'device/model': 'DVD-ROM\n' }),
      ...disk('loop0', 2048),
      '/sys/class/infiniband/mlx5_0/board_id': 'MT_0000000010\n',
      '/sys/class/infiniband/mlx5_0/fw_ver': '16.35.1012\n',
      '/sys/class/infiniband/mlx5_0/node_guid': '0002:c903:000a:bcde\n',
      '/sys/class/infiniband/mlx5_0/ports/1/state': '4: ACTIVE\n',
      '/sys/class/infiniband/mlx5_0/ports/1/rate': '100 Gb/sec (4X EDR)\n',
      '/sys/class/tpm/tpm0/tpm_version_major': '2\n',
      '/sys/devices/system/node/node0/cpulist': '0-1\n',
      '/sys/devices/system/node/node1/cpulist': '2-3\n',
      '/sys/devices/system/node/node0/meminfo': 'Node 0 MemTotal: 32768000 kB\n',
      '/sys/devices/system/node/node1/meminfo': 'Node 1 MemTotal: 32768000 kB\n',
      '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c': Buffer.from([6, 0, 0, 0, 1]),
      '/sys/bus/usb/devices/1-1/idVendor': '046b\n',
      '/sys/bus/usb/devices/1-1/idProduct': 'ff01\n',
      '/sys/bus/usb/devices/1-1/bDeviceClass': '00\n',
      '/sys/bus/usb/devices/1-1/manufacturer': 'American Megatrends\n',
      '/sys/bus/usb/devices/1-1/product': 'Virtual Hub\n',
      '/sys/bus/usb/devices/1-1/serial': 'serial\n',
    },
  },
  'nothing-known': { files: {}, os: { hostname: 'bare' } },
  'filled-with-fillers': {
    os: { machine: 'x86_64' },
    files: {
      '/sys/class/dmi/id/sys_vendor': 'To Be Filled By O.E.M.\n',
      '/sys/class/dmi/id/product_name': 'System Product Name\n',
      '/sys/class/dmi/id/product_serial': 'Default string\n',
      '/sys/class/dmi/id/product_uuid': '03000200-0400-0500-0006-000700080009\n',
      '/sys/class/dmi/id/board_serial': '0123456789\n',
      '/sys/class/dmi/id/chassis_asset_tag': 'No Asset Tag\n',
      '/sys/class/dmi/id/bios_version': '\n',
      ...nic('eth0', 2, { address: '00:00:00:00:00:00\n' }),
      ...nic('eth1', 3, { address: '02:42:ac:11:00:02\n', addr_assign_type: '1\n' }),
    },
  },
};

/** The machines, by name. */
export const MADE_UP_MACHINES: ReadonlyMap<string, MadeUpMachine> = new Map(Object.entries(MACHINES));
