/**
 * The structured view: what the groups read, with numbers as numbers. Made for `facts --inventory` and for servers that want an
 * inventory (Ironic, Foreman) rather than flat texts. Absent things are absent, never null.
 */
import { readBoot, type Boot } from '../groups/system/boot.ts';
import { armProcessor } from '../groups/compute/arm-processors.ts';
import { readCpus } from '../groups/compute/cpu.ts';
import { type InfinibandCard, readInfiniband, readTpm, type Tpm } from '../groups/devices/devices.ts';
import { type Dimm, readDimms } from '../groups/compute/dimms.ts';
import { type InventoryDisk, readDisks } from '../groups/devices/read-disks.ts';
import { readDmi } from '../groups/system/dmi.ts';
import { type Gaps, readGaps } from '../groups/devices/gaps.ts';
import { type Bmc, readBmc } from '../groups/system/management.ts';
import { type Mount, readMounts } from '../groups/system/mounts.ts';
import { readMeminfo } from '../groups/compute/memory.ts';
import { type NumaNode, readNuma } from '../groups/compute/numa.ts';
import { isAccelerator, isGpu, type PciDeviceDetails, readPciDetails } from '../groups/devices/pci.ts';
import { architectureOf, type Distro, readDistro, readOperatingSystem } from '../groups/system/release.ts';
import { isVirtual, readCloud, readVirtual } from '../groups/system/virtual.ts';
import { readUsb, type UsbDevice } from '../groups/devices/usb.ts';
import { type IdentityChoice, NO_CHOICE } from '../identity/identity-types.ts';
import { whyJunkText } from '../identity/junk-texts.ts';
import { usableUuid } from '../identity/junk-uuids.ts';
import { specified } from '../smbios/smbios.ts';
import type { Sources } from '../sources/sources.ts';
import {
  type InventoryInterface,
  type InventoryLoopback,
  readInterfaces,
  readLoopback,
} from './inventory-interface.ts';

export interface Inventory {
  readonly hostname: string;
  readonly system: {
    readonly manufacturer: string | undefined;
    readonly product: string | undefined;
    readonly version: string | undefined;
    readonly serial: string | undefined;
    readonly uuid: string | undefined;
    readonly family: string | undefined;
    readonly sku: string | undefined;
  };
  readonly board: {
    readonly manufacturer: string | undefined;
    readonly product: string | undefined;
    readonly serial: string | undefined;
  };
  readonly chassis: {
    readonly type: string | undefined;
    readonly serial: string | undefined;
    readonly assetTag: string | undefined;
  };
  readonly firmware: {
    readonly vendor: string | undefined;
    readonly version: string | undefined;
    readonly date: string | undefined;
    readonly mode: 'bios' | 'uefi' | undefined;
    readonly secureBoot: boolean | undefined;
  };
  readonly boot: Boot;
  readonly virtual: { readonly name: string; readonly isVirtual: boolean; readonly cloud: string | undefined };
  readonly os: {
    readonly name: string;
    readonly release: string | undefined;
    /** What /etc/os-release says, in its own names. */
    readonly distro: Distro | undefined;
    readonly kernel: string;
    readonly architecture: string;
  };
  readonly cpu: {
    /** As the kernel names it; of ARM's by the numbers of maker and part. */
    readonly model: string | undefined;
    /** uname -m. */
    readonly machine: string;
    /** Logical processors that are there. */
    readonly count: number;
    readonly sockets: number;
    readonly cores: number | undefined;
    /** MHz, the highest where several are known. */
    readonly frequencyMhz: number | undefined;
    readonly flags: readonly string[];
  };
  readonly memory: {
    /** Bytes that the kernel has. */
    readonly total: number;
    /** Bytes of the modules, where firmware lists them. */
    readonly physical: number | undefined;
    readonly swap: number;
    /** Bytes that programs can have: free, and what the kernel gives back (Facter 4's rule); undefined where it is not said. */
    readonly available: number | undefined;
    readonly swapFree: number;
    readonly slots: readonly Dimm[];
  };
  readonly mounts: readonly Mount[];
  readonly numa: readonly NumaNode[];
  readonly disks: readonly InventoryDisk[];
  readonly interfaces: readonly InventoryInterface[];
  /** The loopback interface, which is not among the others. */
  readonly loopback: InventoryLoopback | undefined;
  /** The interface of the IPv4 default route. */
  readonly defaultInterface: string | undefined;
  readonly pci: readonly PciDeviceDetails[];
  readonly usb: readonly UsbDevice[];
  readonly gpus: readonly PciDeviceDetails[];
  readonly accelerators: readonly PciDeviceDetails[];
  readonly infiniband: readonly InfinibandCard[];
  readonly bmc: Bmc | undefined;
  readonly tpm: Tpm | undefined;
  readonly gaps: Gaps;
}

/** The inventory of what a gathering has read. Costs next to nothing after one; speeds and carriers are there only then. */
export function readInventory(sources: Sources, choice: IdentityChoice = NO_CHOICE): Inventory {
  const { fields } = readDmi(sources);
  const get = (name: string): string | undefined => specified(fields.get(name)?.value);
  const boot = readBoot(sources);
  const virtual = readVirtual(sources);
  const system = readOperatingSystem(sources);
  const os = sources.os();
  const memory = readMeminfo(sources).values;
  const slots = readDimms(sources);
  const pci = readPciDetails(sources);
  const physical = slots.reduce((sum, dimm) => sum + (dimm.size ?? 0), 0);
  return {
    hostname: os.hostname,
    ...firmwareRecord(sources),
    firmware: {
      vendor: get('bios_vendor'),
      version: get('bios_version'),
      date: get('bios_date'),
      mode: boot.mode,
      secureBoot: boot.secureBoot,
    },
    boot,
    virtual: { name: virtual.name, isVirtual: isVirtual(virtual.name), cloud: readCloud(sources)?.name },
    os: {
      name: system.name,
      release: system.release ?? os.release,
      distro: readDistro(sources),
      kernel: os.release,
      architecture: architectureOf(os.machine, system.name),
    },
    cpu: cpu(sources),
    memory: {
      total: (memory.get('MemTotal') ?? 0) * 1024,
      physical: physical > 0 ? physical : undefined,
      swap: (memory.get('SwapTotal') ?? 0) * 1024,
      available: available(memory),
      swapFree: (memory.get('SwapFree') ?? 0) * 1024,
      slots,
    },
    mounts: readMounts(sources),
    numa: readNuma(sources),
    disks: readDisks(sources),
    interfaces: readInterfaces(sources, choice),
    loopback: readLoopback(sources),
    defaultInterface: defaultInterface(sources),
    pci,
    usb: readUsb(sources),
    gpus: pci.filter(isGpu),
    accelerators: pci.filter(isAccelerator),
    infiniband: readInfiniband(sources),
    bmc: readBmc(sources),
    tpm: readTpm(sources),
    gaps: readGaps(sources),
  };
}

/** What the firmware says of machine, board and chassis; numbers that firmware left unset are absent. */
function firmwareRecord(sources: Sources): Pick<Inventory, 'system' | 'board' | 'chassis'> {
  const { fields } = readDmi(sources);
  const get = (name: string): string | undefined => specified(fields.get(name)?.value);
  const own = (name: string): string | undefined => {
    const value = get(name);
    return value === undefined || whyJunkText(value) !== undefined ? undefined : value;
  };
  return {
    system: {
      manufacturer: get('sys_vendor'),
      product: get('product_name'),
      version: get('product_version'),
      serial: own('product_serial'),
      uuid: usableUuid(get('product_uuid')),
      family: get('product_family'),
      sku: get('product_sku'),
    },
    board: { manufacturer: get('board_vendor'), product: get('board_name'), serial: own('board_serial') },
    chassis: { type: get('chassis_type'), serial: own('chassis_serial'), assetTag: own('chassis_asset_tag') },
  };
}

function available(memory: ReadonlyMap<string, number>): number | undefined {
  const said = memory.get('MemAvailable');
  if (said !== undefined) return said * 1024;
  const free = memory.get('MemFree');
  if (free === undefined) return undefined;
  const get = (name: string): number => memory.get(name) ?? 0;
  return (free + get('Buffers') + get('Cached') + get('SReclaimable') - get('Shmem')) * 1024;
}

/** Of /proc/net/route: the destination is all zeros. The lowest metric is the first line. */
function defaultInterface(sources: Sources): string | undefined {
  return /^(\S{1,15})\t00000000\t/m.exec(sources.text('/proc/net/route') ?? '')?.[1];
}

function cpu(sources: Sources): Inventory['cpu'] {
  const cpus = readCpus(sources);
  const [first] = cpus.info.values();
  const most = sources.int('/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq');
  const now = Number(first?.get('cpu MHz') ?? NaN);
  return {
    model: armProcessor(first?.get('CPU implementer'), first?.get('CPU part')) ?? [...cpus.models.values()][0]?.trim(),
    machine: sources.os().machine,
    count: cpus.count,
    sockets: cpus.sockets,
    cores: cpus.cores,
    frequencyMhz: most !== undefined ? most / 1000 : Number.isFinite(now) ? now : undefined,
    flags: (first?.get('flags') ?? first?.get('Features') ?? '').split(/\s+/).filter(Boolean),
  };
}
