/**
 * What the kernel says about the network, read through a root directory: /sys/class/net (Documentation/ABI/testing/
 * sysfs-class-net), /proc/modules and the PCI devices without a driver. Addresses come from getifaddrs, handed in.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import { isListener } from '../../facts/groups/network/nics.ts';
import { readKernelLog } from '../../facts/sources/kernel-log.ts';

export interface NicState {
  readonly name: string;
  readonly index: number;
  /** Lower case with colons. */
  readonly mac: string;
  /** Has a device behind it: not a bridge, bond, VLAN or tunnel. */
  readonly physical: boolean;
  /** IFF_UP: the administrator's switch. Carrier cannot be known without it. */
  readonly up: boolean;
  readonly carrier: boolean;
  readonly driver: string | undefined;
  readonly addresses: readonly string[];
}

export interface NetworkState {
  /** Ethernet interfaces (ARPHRD_ETHER) in kernel index order, the loopback left out. */
  readonly nics: readonly NicState[];
  /** Names of loaded kernel modules. */
  readonly modules: ReadonlySet<string>;
  /** PCI network controllers (class 02) that no driver took: `0000:02:00.0 14e4:1639`. */
  readonly undriven: readonly string[];
  /** Lines of the kernel log about firmware that could not be loaded, newest last; empty where it cannot be read. */
  readonly firmwareErrors: readonly string[];
}

interface ObserveOptions {
  readonly root?: string;
  /** Addresses by interface; of this machine by default. libuv lists interfaces that are up and running only. */
  readonly addresses?: () => Readonly<Record<string, readonly string[]>>;
  /** The kernel log, oldest first. */
  readonly kernelLog?: () => readonly string[];
}

const ARPHRD_ETHER = '1';
const IFF_UP = 1;

/** Reads the state. Never throws: what is not there is absent. */
export function observeNetwork(options: ObserveOptions = {}): NetworkState {
  const root = options.root ?? '/';
  const addresses = (options.addresses ?? systemAddresses)();
  const base = join(root, 'sys/class/net');
  const nics = list(base)
    .filter((name) => !isListener(name))
    .map((name) => readNic(base, name, addresses[name] ?? []))
    .filter((nic) => nic !== undefined)
    .sort((a, b) => a.index - b.index);
  const modules = text(join(root, 'proc/modules')) ?? '';
  return {
    nics,
    modules: new Set(
      modules
        .split('\n')
        .map((line) => line.split(' ')[0] ?? '')
        .filter((name) => name !== ''),
    ),
    undriven: undrivenNics(root),
    firmwareErrors: firmwareErrors(options.kernelLog?.() ?? []),
  };
}

/** The state of this machine, with what its kernel log says of firmware. Never throws. */
export function observeMachine(): NetworkState {
  return observeNetwork({
    kernelLog: () => {
      const { bytes } = readKernelLog(); // none for others than root, or in a container
      return bytes?.toString('latin1').split('\n') ?? [];
    },
  });
}

/** Addresses of this machine by interface, without prefix lengths. */
function systemAddresses(): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    found[name] = (entries ?? []).map((entry) => entry.address);
  }
  return found;
}

function readNic(base: string, name: string, addresses: readonly string[]): NicState | undefined {
  const at = join(base, name);
  if (text(join(at, 'type')) !== ARPHRD_ETHER) return undefined;
  const physical = link(join(at, 'device')) !== undefined;
  // a container has virtual interfaces only; they count as NICs there (assess.ts chooses)
  return {
    name,
    index: Number(text(join(at, 'ifindex')) ?? 0),
    mac: (text(join(at, 'address')) ?? '').toLowerCase(),
    physical,
    up: (Number(text(join(at, 'flags')) ?? 0) & IFF_UP) !== 0,
    carrier: text(join(at, 'carrier')) === '1', // EINVAL while the interface is down: absent
    driver: driverOf(join(at, 'device/driver')),
    addresses,
  };
}

function driverOf(path: string): string | undefined {
  const target = link(path);
  return target === undefined ? undefined : basename(target);
}

function undrivenNics(root: string): string[] {
  const base = join(root, 'sys/bus/pci/devices');
  return list(base)
    .filter((address) => (text(join(base, address, 'class')) ?? '').startsWith('0x02'))
    .filter((address) => link(join(base, address, 'driver')) === undefined)
    .map((address) => {
      const id = ['vendor', 'device'].map((file) => (text(join(base, address, file)) ?? '').replace(/^0x/, ''));
      return `${address} ${id.join(':')}`;
    });
}

/** Kernel log lines of drivers/base/firmware_loader and of drivers that miss a file. */
export function firmwareErrors(lines: readonly string[]): string[] {
  return lines
    .filter((line) =>
      /direct firmware load for \S+ failed|failed to load firmware|can't load firmware file/i.test(line),
    )
    .map((line) =>
      line
        .replace(/^<\d+>/, '')
        .replace(/^\[\s*[\d.]+\]\s*/, '')
        .slice(0, 200),
    )
    .slice(-20);
}

function list(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function link(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
