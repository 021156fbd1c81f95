/** PCI class codes (PCI Code and ID Assignment, 1.11) under lshw's classes and node names. */
import { type HardwareClass } from '../lshw-node.ts';

const BASE_CLASSES: Readonly<Record<number, HardwareClass>> = {
  0x01: 'storage',
  0x02: 'network',
  0x03: 'display',
  0x04: 'multimedia',
  0x05: 'memory',
  0x06: 'bridge',
  0x07: 'communication',
  0x09: 'input',
  0x0b: 'processor',
  0x0c: 'bus',
};

const BASE_NAMES: Readonly<Record<number, string>> = {
  0x01: 'storage',
  0x02: 'network',
  0x03: 'display',
  0x04: 'multimedia',
  0x05: 'memory',
  0x06: 'bridge',
  0x07: 'communication',
  0x08: 'generic',
  0x09: 'input',
  0x0a: 'docking',
  0x0b: 'processor',
  0x0c: 'serial',
};

const NAMES: Readonly<Record<number, string>> = {
  0x0001: 'display',
  0x0100: 'scsi',
  0x0101: 'ide',
  0x0104: 'raid',
  0x0106: 'sata',
  0x0107: 'sas',
  0x0108: 'nvme',
  0x0600: 'host',
  0x0601: 'isa',
  0x0602: 'eisa',
  0x0603: 'mc',
  0x0604: 'pci',
  0x0605: 'pcmcia',
  0x0606: 'nubus',
  0x0607: 'pcmcia',
  0x0c00: 'firewire',
  0x0c03: 'usb',
  0x0c04: 'fiber',
};

/** lshw's class for a base class and subclass (0x0200). */
export function classOf(code: number): HardwareClass {
  return BASE_CLASSES[code >> 8] ?? 'generic';
}

/** The name of the node: `network`, `nvme`, `usb`. */
export function nameOfClass(code: number): string {
  return NAMES[code] ?? BASE_NAMES[code >> 8] ?? 'generic';
}
