/** PCI devices as lshw reads them from /sys/bus/pci/devices and their configuration space. */
import { type PciDevice, pciRevision, readPci } from '../../groups/devices/pci.ts';
import type { Sources } from '../../sources/sources.ts';
import { addCapability, addChild, configure, type HardwareNode, newNode } from '../lshw-node.ts';
import { classOf, nameOfClass } from './native-pci-classes.ts';
import type { PciIds } from '../pci-ids.ts';

const BASE = '/sys/bus/pci/devices';
const HOST_BRIDGE = 0x0600;
const PCI_BRIDGE = 0x0604;

/** What the names come from; lookups are recorded, so that a capture needs no list. */
export function pciNames(sources: Sources, open: () => PciIds | undefined): PciIds {
  const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0');
  return {
    vendor: (vendor) => sources.lookup(`pci:${hex(vendor, 4)}`, () => open()?.vendor(vendor)),
    device: (vendor, device) =>
      sources.lookup(`pci:${hex(vendor, 4)}:${hex(device, 4)}`, () => open()?.device(vendor, device)),
    className: (code, programming) =>
      sources.lookup(`pci:class:${hex(code, 4)}${programming === undefined ? '' : hex(programming, 2)}`, () =>
        open()?.className(code, programming),
      ),
  };
}

/** Adds every PCI device below its bridge, in the order of their addresses. */
export function addPci(core: HardwareNode, sources: Sources, names: PciIds): void {
  const buses = new Map<string, HardwareNode>();
  for (const device of readPci(sources)) {
    const match = /^([0-9a-f]+):([0-9a-f]+):([0-9a-f]+)\.([0-9a-f]+)$/i.exec(device.address);
    if (match === null) continue;
    const [domain = 0, bus = 0, slot = 0, unit = 0] = match.slice(1).map((part) => Number.parseInt(part, 16));
    const space = readSpace(sources, device);
    const node = space.printed ? pciDevice(space, names) : bareDevice(space);
    const ranges = space.printed ? rangesOf(sources, device) : [];
    if (space.printed) node.width = hasWideAddress(space, device, ranges) ? 64 : 32;
    node.busInfo = device.address.length === 12 ? `pci@${device.address}` : '';
    const host = space.class === HOST_BRIDGE;
    if (!host) node.physicalId = unit === 0 ? slot.toString(16) : `${slot.toString(16)}.${unit.toString(16)}`;
    if (host) buses.set(busHandle(domain, bus), node);
    else if (space.class === PCI_BRIDGE) buses.set(busHandle(domain, space.byte(0x19)), node);
    if (space.printed) addDriver(node, sources, device, ranges);
    addChild((host ? undefined : buses.get(busHandle(domain, bus))) ?? core, node);
  }
}

function busHandle(domain: number, bus: number): string {
  return `${domain.toString(16)}:${bus.toString(16)}`;
}

interface Space {
  readonly vendor: number;
  readonly device: number;
  /** Base class and subclass. */
  readonly class: number;
  readonly programming: number;
  readonly revision: number;
  /** Of a class that some `lshw -c` text shows. */
  readonly printed: boolean;
  /** 0 beyond what could be read. */
  byte(offset: number): number;
  word(offset: number): number;
}

/** Bytes of the configuration space that are worth reading, by base class: those with their capabilities are printed. */
const SPACE_TO_READ: Readonly<Record<number, number>> = { 0x02: 256, 0x05: 64, 0x0b: 64, 0x0c: 64 };

/**
 * The configuration space is read from the device itself, which takes a virtual machine some 20 µs for every four
 * bytes: only as much of it is read as will be printed. The identity is known to the kernel.
 */
function readSpace(sources: Sources, device: PciDevice): Space {
  const code = Number.parseInt(device.class, 16) || 0;
  const printed = code >> 16 in SPACE_TO_READ;
  const wanted = code >> 8 === PCI_BRIDGE ? 64 : (SPACE_TO_READ[code >> 16] ?? 0);
  const bytes = (wanted > 0 ? sources.bytes(`${BASE}/${device.address}/config`, wanted) : undefined) ?? Buffer.alloc(0);
  const byte = (offset: number): number => bytes[offset] ?? 0;
  const word = (offset: number): number => byte(offset) | (byte(offset + 1) << 8);
  return {
    vendor: Number.parseInt(device.vendor, 16),
    device: Number.parseInt(device.device, 16),
    class: code >> 8,
    programming: code & 0xff,
    revision: printed ? Number.parseInt(pciRevision(sources, device) ?? '', 16) || byte(0x08) : 0,
    printed,
    byte,
    word,
  };
}

function common(space: Space, names: PciIds): Partial<HardwareNode> {
  return {
    vendor: names.vendor(space.vendor) ?? '',
    product: names.device(space.vendor, space.device) ?? '',
    version: space.revision.toString(16).padStart(2, '0'),
    // status bit 5: 66 MHz capable
    clock: (space.word(0x06) & 0x20) === 0 ? 33_000_000 : 66_000_000,
  };
}

/** A bridge, or a device of a class that is never printed: it only has its place in the tree. */
function bareDevice(space: Space): HardwareNode {
  const host = space.class === HOST_BRIDGE;
  return newNode(host ? 'pci' : nameOfClass(space.class), classOf(space.class), { claimed: true });
}

function pciDevice(space: Space, names: PciIds): HardwareNode {
  const hardwareClass = classOf(space.class);
  const id = nameOfClass(space.class);
  const description = names.className(space.class) ?? '';
  const node = newNode(id, hardwareClass, { ...common(space, names), description });
  addSpaceCapabilities(node, space);
  configure(node, 'latency', space.byte(0x0d));
  if (space.byte(0x3f) !== 0) configure(node, 'maxlatency', space.byte(0x3f));
  if (space.byte(0x3e) !== 0) configure(node, 'mingnt', space.byte(0x3e));
  const exact = names.className(space.class, space.programming) ?? '';
  if (exact !== '' && exact !== description) addCapability(node, exact);
  const command = space.word(0x04);
  if ((command & 0x04) !== 0) addCapability(node, 'bus master');
  if ((command & 0x20) !== 0) addCapability(node, 'vga palette');
  if ((space.word(0x06) & 0x10) !== 0) addCapability(node, 'cap list');
  return node;
}

/** include/linux/ioport.h: a 64-bit address. */
const WIDE = 0x100000n;

/**
 * Some base address register is a 64-bit one, as the kernel found it. A virtual function has no registers of its own: it answers
 * at its addresses though neither ports nor memory are switched on.
 */
function hasWideAddress(space: Space, { driver }: PciDevice, ranges: readonly AddressRange[]): boolean {
  if (driver !== undefined && (space.word(0x04) & 3) === 0) return false;
  return ranges.slice(0, 6).some(({ flags }) => (flags & WIDE) !== 0n);
}

interface AddressRange {
  readonly start: bigint;
  readonly end: bigint;
  readonly flags: bigint;
}

/** Base addresses, then the ROM's and a bridge's windows. */
function rangesOf(sources: Sources, { address }: PciDevice): AddressRange[] {
  return (sources.text(`${BASE}/${address}/resource`) ?? '').split('\n').flatMap((line) => {
    const match = /^0x([0-9a-f]{1,16}) 0x([0-9a-f]{1,16}) 0x([0-9a-f]{1,16})$/i.exec(line.trim());
    if (match === null) return [];
    const [start = 0n, end = 0n, flags = 0n] = match.slice(1).map((part) => BigInt(`0x${part}`));
    return { start, end, flags };
  });
}

/** Capability ids of PCI Local Bus 3.0, appendix H, under lshw's names. */
const CAPABILITIES: Readonly<Record<number, string>> = {
  0x01: 'pm',
  0x02: 'agp',
  0x03: 'vpd',
  0x04: 'slotid',
  0x05: 'msi',
  0x06: 'hotswap',
  0x07: 'pcix',
  0x08: 'ht',
  0x0a: 'debug',
  0x0b: 'ccrc',
  0x0e: 'agp8x',
  0x10: 'pciexpress',
  0x11: 'msix',
};

function addSpaceCapabilities(node: HardwareNode, space: Space): void {
  let at = space.byte(0x34) & ~3;
  for (let count = 0; at !== 0 && count < 48; count += 1) {
    const id = space.byte(at);
    if (id === 0 || id === 0xff) return;
    const name = CAPABILITIES[id];
    if (name !== undefined) addCapability(node, name);
    const flags = space.word(at + 2);
    if (id === 0x02) addCapability(node, `agp-${(flags >> 4) & 0x0f}.${flags & 0x0f}`);
    if (id === 0x04) node.slot = `${flags & 0x1f}, chassis ${flags >> 8}`;
    at = space.byte(at + 1) & ~3;
  }
}

/** The driver that has claimed the device, and with it the interrupt; the address ranges in any case. */
function addDriver(node: HardwareNode, sources: Sources, device: PciDevice, ranges: readonly AddressRange[]): void {
  const path = `${BASE}/${device.address}`;
  if (device.driver !== undefined) {
    configure(node, 'driver', device.driver);
    if (sources.exists(`${path}/rom`)) addCapability(node, 'rom');
    const irq = sources.int(`${path}/irq`);
    if (irq !== undefined && irq >= 0) node.resources.push(`irq:${irq}`);
    node.claimed = true;
  }
  for (const { start, end, flags } of ranges) {
    // include/linux/ioport.h: 0x100 is ports, 0x200 is memory; 0x1000 was "prefetchable" once, and is what lshw asks for
    const range = `${start.toString(16)}-${end.toString(16)}`;
    if ((flags & 0x101n) !== 0n) {
      node.resources.push(`ioport:${start.toString(16)}${start === end ? '' : `(size=${end - start + 1n})`}`);
    } else if ((flags & 0x200n) !== 0n) {
      node.resources.push(`memory:${range}${(flags & 0x1000n) === 0n ? '' : '(prefetchable)'}`);
    }
  }
}
