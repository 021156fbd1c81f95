/**
 * Whether this is a virtual machine or a container, whose, and in which cloud; under Facter's names (kvm, xenhvm, gce …), and
 * virt-what's where Facter had none (qemu, bhyve, docker …).
 */
import { oncePer } from '../../sources/recording.ts';
import type { Sources } from '../../sources/sources.ts';
import { findContainer, type GuestKind } from './container.ts';
import { structuresOf } from '../../smbios/smbios.ts';
import { readDmi } from './dmi.ts';
import type { Group } from '../group.ts';

const CPUINFO = '/proc/cpuinfo';
const PRODUCT = '/sys/class/dmi/id/product_name';
const CLOCKS = '/sys/devices/system/clocksource/clocksource0/available_clocksource';

/** `vendor|product|board|BIOS vendor` of the firmware's record. The order matters: clouds run on hypervisors with records of their own. */
const PRODUCTS: readonly (readonly [RegExp, string])[] = [
  [/\|Google Compute Engine\|/, 'gce'],
  [/VMware/, 'vmware'],
  [/VirtualBox|innotek GmbH/, 'virtualbox'],
  [/^Microsoft Corporation\|Virtual Machine\|/, 'hyperv'],
  [/Parallels/, 'parallels'],
  [/BHYVE/i, 'bhyve'],
  [/RHEV Hypervisor/, 'rhev'],
  [/oVirt Node/, 'ovirt'],
  [/HVM domU/, 'xenhvm'],
  [/^Xen\|/, 'xenhvm'],
];

/** Firmware records of QEMU and of those who build on it. */
const QEMU =
  /QEMU|Bochs|\|KVM|OpenStack (Nova|Compute)|^Red Hat\|KVM|^DigitalOcean|^Hetzner\|vServer|^Nutanix\|AHV|^KubeVirt|SeaBIOS/i;

export const readVirtual = oncePer(
  (sources): GuestKind =>
    findContainer(sources) ?? findHypervisor(sources) ?? { name: 'physical', source: CPUINFO, raw: undefined },
);

function findHypervisor(sources: Sources): GuestKind | undefined {
  return (
    findXen(sources) ??
    byFirmware(sources) ??
    byPlatform(sources) ??
    byProcessor(sources) ??
    byVirtualMachineBit(sources)
  );
}

/** Xen: the host itself (dom0), paravirtual guests and hardware ones. Guests too have /dev/xen/evtchn today, which misled Facter. */
function findXen(sources: Sources): GuestKind | undefined {
  const made = (name: string, source: string, raw?: string): GuestKind => ({ name, source, raw });
  const hasXen = sources.exists('/proc/xen');
  const capabilities = hasXen ? sources.line('/proc/xen/capabilities') : undefined;
  if (capabilities?.includes('control_d')) return made('xen0', '/proc/xen/capabilities', capabilities);
  const type = sources.exists('/sys/hypervisor/type') ? sources.line('/sys/hypervisor/type') : undefined;
  const guest = type === undefined ? undefined : sources.line('/sys/hypervisor/guest_type');
  if (type === 'xen') return made(guest === 'PV' ? 'xenu' : 'xenhvm', '/sys/hypervisor/guest_type', guest);
  if (readDmi(sources).fields.get('product_name')?.value.includes('HVM domU')) return undefined;
  if (hasXen && (sources.exists('/proc/sys/xen') || sources.exists('/sys/bus/xen'))) {
    return made('xenu', '/proc/xen');
  }
  return undefined;
}

function byFirmware(sources: Sources): GuestKind | undefined {
  const { fields } = readDmi(sources);
  const get = (name: string): string => fields.get(name)?.value ?? '';
  const record = [get('sys_vendor'), get('product_name'), get('board_vendor'), get('bios_vendor')].join('|');
  const source = fields.get('product_name')?.source ?? PRODUCT;
  const found = PRODUCTS.find(([pattern]) => pattern.test(record));
  if (found) return { name: found[1], source, raw: record };
  // coreboot machines have SeaBIOS too: the name of a BIOS alone counts only where something says that this is a guest
  const hardware = [get('sys_vendor'), get('product_name'), get('board_vendor')].join('|');
  const guest = QEMU.test(hardware) || hasHypervisorFlag(sources) || hasVirtualMachineBit(sources);
  if (QEMU.test(record) && guest) return { name: qemuOrKvm(sources, record), source, raw: record };
  // EC2's own: with a hypervisor under it Nitro (which is KVM), without one a bare-metal instance
  if (/^Amazon EC2\|/.test(record) && hasHypervisorFlag(sources)) return { name: 'kvm', source, raw: record };
  return undefined;
}

/**
 * QEMU without KVM says so by the clocks that the kernel found, and on ARM and RISC-V by its product name, which is otherwise
 * "KVM Virtual Machine" (hw/arm/virt.c); where it says nothing, Facter's word stands: kvm.
 */
function qemuOrKvm(sources: Sources, record = ''): string {
  if (record.includes('|QEMU Virtual Machine|')) return 'qemu';
  const clocks = sources.line(CLOCKS);
  const x86 = hasHypervisorFlag(sources);
  return x86 && clocks !== undefined && !clocks.includes('kvm-clock') ? 'qemu' : 'kvm';
}

/** SMBIOS type 0: "the table describes a virtual machine" (7.1.2.2, bit 4). */
function hasVirtualMachineBit(sources: Sources): boolean {
  const [bios] = structuresOf(readDmi(sources).structures, 'bios');
  return bios !== undefined && (bios.extended[1] & 0x10) !== 0;
}

/** A guest by its firmware's own word, of a hypervisor that nothing names. */
function byVirtualMachineBit(sources: Sources): GuestKind | undefined {
  if (!hasVirtualMachineBit(sources)) return undefined;
  return { name: 'kvm', source: '/sys/firmware/dmi/tables/DMI', raw: 'SMBIOS: virtual machine' };
}

/** Machines that are no PCs: mainframes, POWER, and what a device tree says. */
function byPlatform(sources: Sources): GuestKind | undefined {
  const cpuinfo = sources.text(CPUINFO, 16 * 1024 * 1024) ?? '';
  if (sources.os().machine.startsWith('s390') || /^vendor_id\s*:\s*IBM\/S390/m.test(cpuinfo)) {
    const program = /^VM00 Control Program:\s*(\S+)/m.exec(sources.text('/proc/sysinfo') ?? '')?.[1];
    return program?.startsWith('KVM')
      ? { name: 'kvm', source: '/proc/sysinfo', raw: program }
      : { name: 'zlinux', source: CPUINFO, raw: program ?? 'IBM/S390' };
  }
  if (/emulated by qemu/.test(cpuinfo)) return { name: 'kvm', source: CPUINFO, raw: 'emulated by qemu' };
  const tree = '/proc/device-tree';
  if (sources.exists(tree)) {
    const found = byDeviceTree(sources, tree);
    if (found !== undefined) return found;
  }
  if (sources.exists('/proc/ppc64/lparcfg') && /pSeries/.test(cpuinfo)) {
    return { name: 'powervm', source: '/proc/ppc64/lparcfg', raw: undefined };
  }
  return undefined;
}

function byDeviceTree(sources: Sources, tree: string): GuestKind | undefined {
  const hypervisor = sources.line(`${tree}/hypervisor/compatible`)?.replaceAll('\0', ' ').trim();
  if (hypervisor?.includes('kvm')) return { name: 'kvm', source: `${tree}/hypervisor/compatible`, raw: hypervisor };
  if (hypervisor?.includes('xen')) return { name: 'xenhvm', source: `${tree}/hypervisor/compatible`, raw: hypervisor };
  if (sources.line(`${tree}/compatible`)?.includes('linux,dummy-virt')) {
    return { name: 'qemu', source: `${tree}/compatible`, raw: 'linux,dummy-virt' };
  }
  const partition = sources.line(`${tree}/ibm,partition-name`);
  if (partition !== undefined) return { name: 'powervm', source: `${tree}/ibm,partition-name`, raw: partition };
  return undefined;
}

/** The processor says that a hypervisor is under it, but no firmware says whose. */
function byProcessor(sources: Sources): GuestKind | undefined {
  const cpuinfo = sources.text(CPUINFO, 16 * 1024 * 1024) ?? '';
  if (cpuinfo.includes('QEMU Virtual CPU'))
    return { name: qemuOrKvm(sources), source: CPUINFO, raw: 'QEMU Virtual CPU' };
  if (!hasHypervisorFlag(sources)) return undefined;
  const table = sources.bytes('/sys/firmware/acpi/tables/FACP', 4096)?.toString('latin1') ?? '';
  if (table.slice(10, 16).startsWith('FIRECK')) {
    return { name: 'firecracker', source: '/sys/firmware/acpi/tables/FACP', raw: table.slice(10, 24) };
  }
  const clocks = sources.line(CLOCKS) ?? '';
  const made = (name: string): GuestKind => ({ name, source: CLOCKS, raw: clocks });
  if (/hyperv_clocksource/.test(clocks)) return made('hyperv');
  if (/\bxen\b/.test(clocks)) return made('xenhvm');
  if (clocks.includes('kvm-clock')) return made(isFirecracker(sources) ? 'firecracker' : 'kvm');
  return { name: 'kvm', source: CPUINFO, raw: 'flags: hypervisor' };
}

/** Firecracker before its ACPI tables: KVM with neither firmware nor PCI, only virtio-mmio, and its own words on the kernel line. */
function isFirecracker(sources: Sources): boolean {
  return (
    / pci=off\b.*virtio_mmio\.device=/.test(` ${sources.text('/proc/cmdline') ?? ''}`) && !readDmi(sources).present
  );
}

function hasHypervisorFlag(sources: Sources): boolean {
  return /^flags\s*:.*\bhypervisor\b/m.test(sources.text(CPUINFO, 16 * 1024 * 1024) ?? '');
}

/** The cloud that the firmware's record names; undefined elsewhere. */
export function readCloud(sources: Sources): GuestKind | undefined {
  const { fields } = readDmi(sources);
  const found = (name: string, field: string): GuestKind => ({
    name,
    source: fields.get(field)?.source ?? PRODUCT,
    raw: fields.get(field)?.value,
  });
  const get = (name: string): string => fields.get(name)?.value ?? '';
  if (get('sys_vendor') === 'Amazon EC2' || /amazon/i.test(get('bios_version')) || get('bios_vendor') === 'Amazon EC2')
    return found('ec2', 'bios_version');
  if (get('product_name') === 'Google Compute Engine') return found('gce', 'product_name');
  // documented by Microsoft: the same asset tag on every Azure machine
  if (get('chassis_asset_tag') === '7783-7084-3265-9085-8269-3286-77') return found('azure', 'chassis_asset_tag');
  if (/^OpenStack/.test(get('product_name')) || /^OpenStack/.test(get('sys_vendor')))
    return found('openstack', 'product_name');
  if (get('sys_vendor') === 'DigitalOcean') return found('digitalocean', 'sys_vendor');
  if (get('sys_vendor') === 'Hetzner') return found('hetzner', 'sys_vendor');
  return undefined;
}

/** Names of machines that are no guests, as Facter lists them. */
const NOT_VIRTUAL = new Set(['physical', 'xen0', 'vmware_server', 'vmware_workstation', 'openvzhn', 'vserver_host']);

/** Whether `virtual` names a guest or a container: everything but hosts and physical machines. */
export function isVirtual(name: string): boolean {
  return !NOT_VIRTUAL.has(name);
}

export const virtualGroup: Group = {
  name: 'virtual',
  collect({ sources, add }) {
    const { name, source, raw } = readVirtual(sources);
    add('virtual', name, source, { raw });
    add('is_virtual', isVirtual(name), source, { raw: name });
    const cloud = readCloud(sources);
    if (cloud) add('mk_cloud', cloud.name, cloud.source, { raw: cloud.raw });
  },
};
