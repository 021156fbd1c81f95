/**
 * Where each fact of the catalogue is read, and why a machine may not have it. The agent explains an absent fact with it,
 * and a server that has only values says where they came from. `N`, `IF` and `D` in a name stand for a number, an
 * interface and a disk (docs/facts.md#every-fact).
 */

export interface FactOrigin {
  /** The facts of this row: names, or patterns in which `*` stands for what differs from machine to machine. */
  readonly names: readonly string[];
  /** Files that are looked at, the first one first; words in parentheses for what is not a file. */
  readonly from: readonly string[];
  /** Why it may be absent, as a sentence without a full stop. */
  readonly absent: string;
}

const DMI = ['/sys/firmware/dmi/tables/DMI', '/sys/class/dmi/id'] as const;
const NET = '/sys/class/net';

const ORIGINS: readonly FactOrigin[] = [
  {
    names: [
      ...['architecture', 'hardwaremodel', 'hardwareisa'],
      ...['kernel', 'kernelrelease', 'kernelversion', 'kernelmajversion'],
    ],
    from: ['(uname)'],
    absent: 'the kernel did not say',
  },
  { names: ['hostname'], from: ['(host name)'], absent: 'the machine has no host name' },
  {
    names: ['domain', 'fqdn'],
    from: ['(host name)', '/etc/hosts', '/etc/resolv.conf'],
    absent: 'neither the host name nor /etc/hosts nor /etc/resolv.conf names a domain; DNS is not asked',
  },
  { names: ['interfaces'], from: [NET], absent: 'the machine has no network interface' },
  { names: ['macaddress', 'macaddress_*'], from: [NET], absent: 'no such interface, or it has no Ethernet address' },
  { names: ['mtu_*'], from: [NET], absent: 'there is no such interface' },
  {
    names: ['ipaddress', 'netmask', 'network_*', 'ipaddress_*', 'netmask_*'],
    from: ['(addresses of the kernel)'],
    absent: 'the interface has no IPv4 address: DHCP has not answered, or there is no such interface',
  },
  {
    names: ['ipaddress6', 'ipaddress6_*'],
    from: ['(addresses of the kernel)'],
    absent: 'the interface has no IPv6 address but link-local ones',
  },
  { names: ['vlans'], from: ['/proc/net/vlan/config'], absent: 'no VLAN is set up' },
  {
    names: ['processor*', 'processorcount'],
    from: ['/proc/cpuinfo'],
    absent: 'the machine has not so many processors',
  },
  {
    names: ['physicalprocessorcount'],
    from: ['/sys/devices/system/cpu', DMI[0]],
    absent: 'the kernel shows no topology, and the firmware’s table lists no processors',
  },
  {
    names: [
      ...['memorysize', 'memorysize_mb', 'memorytotal', 'memoryfree', 'memoryfree_mb'],
      ...['swapsize', 'swapsize_mb', 'swapfree', 'swapfree_mb'],
    ],
    from: ['/proc/meminfo'],
    absent: '/proc/meminfo does not have it',
  },
  { names: ['blockdevices'], from: ['/sys/block'], absent: 'the machine has no disk with a device behind it' },
  {
    names: ['blockdevice_*_size', 'blockdevice_*_vendor', 'blockdevice_*_model'],
    from: ['/sys/block'],
    absent: 'there is no such disk, or its driver does not say: virtio disks have neither vendor nor model',
  },
  {
    names: [
      ...['manufacturer', 'productname', 'serialnumber', 'uuid', 'type'],
      ...['boardmanufacturer', 'boardproductname', 'boardserialnumber'],
      ...['bios_vendor', 'bios_version', 'bios_release_date', 'mk_asset_tag', 'mk_cloud'],
    ],
    from: DMI,
    absent:
      'there is no SMBIOS table here, or the firmware left the field empty; /sys/class/dmi/id shows serials to root only',
  },
  { names: ['virtual', 'is_virtual'], from: ['(many places)'], absent: 'it is always there' },
  {
    names: ['operatingsystem', 'operatingsystemrelease', 'operatingsystemmajrelease', 'osfamily'],
    from: ['/etc/os-release'],
    absent: 'the distribution’s release file does not say: rolling releases have none',
  },
  {
    names: ['filesystems'],
    from: ['/proc/filesystems'],
    absent: 'the kernel lists no file system that needs a device',
  },
  {
    names: ['uptime', 'uptime_seconds', 'uptime_hours', 'uptime_days'],
    from: ['/proc/uptime'],
    absent: '/proc/uptime could not be read',
  },
  {
    names: ['selinux', 'selinux_*'],
    from: ['/sys/fs/selinux', '/etc/selinux/config'],
    absent: 'SELinux is not enabled',
  },
  { names: ['uniqueid'], from: ['/etc/hostid', '/etc/hosts'], absent: 'the host name has no address in /etc/hosts' },
  { names: ['id', 'timezone', 'path', 'ps'], from: ['(this process)'], absent: 'the process does not know it' },
  {
    names: ['mk_hw_cpu_count', 'mk_hw_cpu*'],
    from: ['/proc/cpuinfo', DMI[0]],
    absent: 'the machine has not so many processors, or the firmware’s table does not say',
  },
  {
    names: ['mk_hw_nic_count', 'mk_hw_nic*'],
    from: [NET, '/sys/bus/pci/devices'],
    absent: 'the machine has not so many network cards, or the card does not say',
  },
  {
    names: ['mk_hw_disk_count', 'mk_hw_disk*'],
    from: ['/sys/block'],
    absent: 'the machine has not so many disks, or the disk does not say',
  },
  {
    names: ['mk_hw_mem_size'],
    from: [DMI[0], '/proc/meminfo'],
    absent: 'neither the memory slots of the firmware’s table nor /proc/meminfo say it',
  },
  {
    names: ['mk_hw_mem*'],
    from: [DMI[0], '/proc/meminfo'],
    absent: 'the firmware’s table does not say: there is none here, or it has no such memory slot',
  },
  {
    names: ['mk_hw_bus_*', 'mk_hw_fw_*', 'mk_hw_*'],
    from: DMI,
    absent: 'the firmware’s table does not say: there is none here, or the field is empty',
  },
  {
    names: ['mk_bmc_address', 'mk_bmc_netmask', 'mk_bmc_gateway', 'mk_bmc_mac', 'mk_bmc_address_source'],
    from: ['(ipmitool lan print)'],
    absent: 'it is asked with --all only, and needs ipmitool and a management processor',
  },
  {
    names: ['mk_bmc_firmware', 'mk_bmc_manufacturer', 'mk_ipmi_*'],
    from: ['(ipmitool mc info)'],
    absent: 'it is asked with --all only, and needs ipmitool and a management processor',
  },
  { names: ['mk_bmc', 'mk_bmc_*'], from: [DMI[0], '/dev/ipmi0'], absent: 'the machine has no management processor' },
  {
    names: ['mk_boot_interface', 'mk_boot_mac'],
    from: ['/proc/cmdline', '/sys/firmware/efi/efivars'],
    absent: 'the kernel line has no BOOTIF=, and UEFI does not say that it booted from the network',
  },
  {
    names: ['mk_dimm_slots', 'mk_dimm_count', 'mk_dimm_error_correction', 'mk_dimm*'],
    from: [DMI[0]],
    absent: 'there is no SMBIOS table here, or it lists no such memory slot; empty slots have no fact',
  },
  {
    names: ['mk_disk_count', 'mk_disk_*'],
    from: ['/sys/block', '/dev/disk/by-path'],
    absent: 'there is no such disk, or it does not say',
  },
  {
    names: ['mk_driver_gap_count', 'mk_driver_gaps'],
    from: ['/sys/bus/pci/devices', '/sys/bus/usb/devices'],
    absent: 'every device that should have a driver has one',
  },
  {
    names: ['mk_firmware_missing'],
    from: ['(log of the kernel)'],
    absent: 'the kernel asked for no firmware file in vain',
  },
  {
    names: ['mk_firmware_mode', 'mk_secure_boot'],
    from: ['/sys/firmware/efi'],
    absent: 'the machine did not start by UEFI, or is no PC',
  },
  {
    names: ['mk_gpu_count', 'mk_gpu*', 'mk_accelerator*'],
    from: ['/sys/bus/pci/devices'],
    absent:
      'no such graphics card or accelerator; screens of virtual machines and of management processors do not count',
  },
  {
    names: ['mk_infiniband_count', 'mk_ib_*'],
    from: ['/sys/class/infiniband'],
    absent: 'the machine has no InfiniBand adapter',
  },
  { names: ['mk_kernel_cmdline'], from: ['/proc/cmdline'], absent: '/proc/cmdline could not be read' },
  {
    names: ['mk_lldp', 'mk_lldp_*'],
    from: ['(lldpctl, lldptool)'],
    absent: 'it is asked with --all only, and needs a running lldpd or lldpad',
  },
  {
    names: ['mk_nic_*_permanent_mac', 'mk_nic_*_firmware'],
    from: ['(ethtool)'],
    absent: 'it is asked with --all only, and needs ethtool',
  },
  {
    names: ['mk_nic_*'],
    from: [NET],
    absent: 'there is no such card, or its driver does not say: a card that is down has no speed',
  },
  {
    names: ['mk_numa_node_count', 'mk_numa_*'],
    from: ['/sys/devices/system/node'],
    absent: 'the kernel shows no such NUMA node',
  },
  {
    names: ['mk_pci_count', 'mk_pci_ids'],
    from: ['/sys/bus/pci/devices'],
    absent: 'the machine has no PCI bus, as small virtual machines',
  },
  { names: ['mk_usb_count', 'mk_usb_ids'], from: ['/sys/bus/usb/devices'], absent: 'the machine has no USB bus' },
  {
    names: ['mk_tpm', 'mk_tpm_version'],
    from: ['/sys/class/tpm', DMI[0]],
    absent: 'the machine has no TPM, or it is switched off in the firmware',
  },
  { names: ['razor_mk_errors'], from: ['(all probes)'], absent: 'no probe failed' },
];

/** The row of a fact: an exact name before a pattern, an earlier pattern before a later; undefined for no fact of ours. */
export function originOf(name: string): FactOrigin | undefined {
  return (
    ORIGINS.find((row) => row.names.includes(name)) ??
    ORIGINS.find((row) => row.names.some((each) => each.includes('*') && patternOf(each).test(name)))
  );
}

/** Every name of the catalogue that has nothing of one machine in it. */
export function catalogueNames(): readonly string[] {
  return ORIGINS.flatMap(({ names }) => names).filter((name) => !name.includes('*'));
}

function patternOf(name: string): RegExp {
  return new RegExp(`^${name.replaceAll('*', '[^ ]+')}$`);
}

/** Where a fact comes from in a few words; undefined for no fact of ours. */
export function originText(name: string): string | undefined {
  return originOf(name)?.from[0]?.replace(/^\((.*)\)$/, '$1');
}
