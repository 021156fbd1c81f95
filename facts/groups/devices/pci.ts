/** PCI devices from /sys/bus/pci: ids, class, driver. */
import { oncePer } from '../../sources/recording.ts';
import type { Sources } from '../../sources/sources.ts';
import type { Group } from '../group.ts';

const PCI = '/sys/bus/pci/devices';

export interface PciDevice {
  /** `0000:3b:00.0` */
  readonly address: string;
  /** Four hex digits, lower case. */
  readonly vendor: string;
  readonly device: string;
  readonly subsystemVendor: string | undefined;
  readonly subsystemDevice: string | undefined;
  /** Six hex digits: base class, subclass, programming interface. */
  readonly class: string;
  readonly driver: string | undefined;
  readonly modalias: string | undefined;
}

/** What costs a read each, and no flat fact needs. */
export interface PciDeviceDetails extends PciDevice {
  readonly revision: string | undefined;
  /** Undefined where the machine has no such nodes, or says -1. */
  readonly numaNode: number | undefined;
}

/** The last PCI address in a path of /sys/devices: the device that something hangs on. */
export function pciAddressIn(path: string | undefined): string | undefined {
  return [...(path ?? '').matchAll(/\/([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?=\/)/g)].at(-1)?.[1];
}

/** All devices, by address; at most 8,192. One read each for nearly everything: the kernel's uevent file. */
export const readPci = oncePer((sources): readonly PciDevice[] =>
  sources
    .list(PCI)
    .slice(0, 8192)
    .map((address) => readDevice(sources, address))
    .filter((device) => device !== undefined),
);

function readDevice(sources: Sources, address: string): PciDevice | undefined {
  const base = `${PCI}/${address}`;
  const uevent = new Map<string, string>();
  for (const line of (sources.text(`${base}/uevent`) ?? '').split('\n', 100)) {
    const at = line.indexOf('=');
    if (at > 0) uevent.set(line.slice(0, at), line.slice(at + 1));
  }
  const [vendor, device] = pair(uevent.get('PCI_ID')) ?? [hex(sources, base, 'vendor'), hex(sources, base, 'device')];
  const code = uevent.get('PCI_CLASS') ?? sources.line(`${base}/class`)?.slice(2);
  if (vendor === undefined || device === undefined || code === undefined) return undefined;
  const [subsystemVendor, subsystemDevice] = pair(uevent.get('PCI_SUBSYS_ID')) ?? [
    hex(sources, base, 'subsystem_vendor'),
    hex(sources, base, 'subsystem_device'),
  ];
  return {
    address,
    vendor,
    device,
    subsystemVendor,
    subsystemDevice,
    class: code.toLowerCase().padStart(6, '0'),
    driver: uevent.get('DRIVER') ?? (uevent.size === 0 ? sources.linkName(`${base}/driver`) : undefined),
    modalias: uevent.get('MODALIAS') ?? (uevent.size === 0 ? sources.line(`${base}/modalias`) : undefined),
  };
}

/** Two hex digits; kernels before 4.10 do not say. */
export function pciRevision(sources: Sources, { address }: PciDevice): string | undefined {
  return sources.line(`${PCI}/${address}/revision`)?.slice(2).toLowerCase();
}

/** All devices with their details, for the inventory. */
export const readPciDetails = oncePer((sources): readonly PciDeviceDetails[] =>
  readPci(sources).map((device) => {
    const node = sources.int(`${PCI}/${device.address}/numa_node`);
    return {
      ...device,
      revision: pciRevision(sources, device),
      numaNode: node !== undefined && node >= 0 ? node : undefined,
    };
  }),
);

function pair(text: string | undefined): [string, string] | undefined {
  const match = /^([0-9A-Fa-f]{1,4}):([0-9A-Fa-f]{1,4})$/.exec(text ?? '');
  if (!match) return undefined;
  return [(match[1] as string).toLowerCase().padStart(4, '0'), (match[2] as string).toLowerCase().padStart(4, '0')];
}

function hex(sources: Sources, base: string, file: string): string | undefined {
  return /^0x([0-9a-fA-F]{4})/.exec(sources.line(`${base}/${file}`) ?? '')?.[1]?.toLowerCase();
}

/** Makers whose screens are those of management processors: Matrox and ASPEED. */
const SCREEN_VENDORS = new Set(['102b', '1a03']);
/** Screens of management processors, and of virtual machines (pci.ids). */
const SCREENS = new Set([
  ...['1002:515e', '1002:5969', '18ca:0020', '19e5:1711'], // ES1000 twice, XGI Volari Z7, HiSilicon Hi1710
  ...['1234:1111', '1af4:1050', '1b36:0100', '1013:00b8'], // QEMU's: standard, virtio, QXL, Cirrus
  ...['15ad:0405', '80ee:beef', '1414:5353', '1ab8:4005'], // VMware, VirtualBox, Hyper-V, Parallels
]);

/** Whose device it is that QEMU emulates under another maker's name, as its ATI screen: a card that is handed on has its own. */
const EMULATED = '1af4';

/** A display (class 03) that computes: no screen of a management processor or of a virtual machine. */
export function isGpu(device: PciDevice): boolean {
  if (!device.class.startsWith('03') || SCREEN_VENDORS.has(device.vendor)) return false;
  if (device.subsystemVendor === EMULATED) return false;
  return !SCREENS.has(`${device.vendor}:${device.device}`);
}

/** Processing accelerators (class 12), co-processors (0b40), and graphics cards without a screen (0302). */
export function isAccelerator(device: PciDevice): boolean {
  return /^(12|0b40)/.test(device.class) || (device.class.startsWith('0302') && isGpu(device));
}

export const pciGroup: Group = {
  name: 'pci',
  collect({ sources, add }) {
    const devices = readPci(sources);
    if (!sources.exists(PCI)) return;
    add('mk_pci_count', devices.length, PCI);
    const ids = new Set(devices.map((one) => `${one.vendor}:${one.device}`));
    add('mk_pci_ids', [...ids].sort().join(','), `${PCI}/*/uevent`);
    for (const [kind, found] of [
      ['gpu', devices.filter(isGpu)],
      ['accelerator', devices.filter(isAccelerator)],
    ] as const) {
      add(`mk_${kind}_count`, found.length, `${PCI}/*/uevent`);
      for (const [i, one] of found.slice(0, 64).entries()) {
        add(`mk_${kind}${i}_id`, `${one.vendor}:${one.device}`, `${PCI}/${one.address}/uevent`);
        add(`mk_${kind}${i}_address`, one.address, PCI);
        add(`mk_${kind}${i}_driver`, one.driver, `${PCI}/${one.address}/uevent`);
      }
    }
  },
};
