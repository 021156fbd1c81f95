/**
 * The driver gap report: devices that no driver has claimed although a machine of this kind wants one, and firmware that
 * the kernel asked for in vain. Missing drivers are what users of boot images complain about most.
 */
import { KERNEL_LOG } from '../../sources/filesystem.ts';
import { oncePer } from '../../sources/recording.ts';
import type { Group } from '../group.ts';
import { readPci } from './pci.ts';
import { readUsbInterfaces } from './usb.ts';

interface DriverGap {
  /** `0000:03:00.0`, `1-1:1.0` */
  readonly address: string;
  readonly bus: 'pci' | 'usb';
  /** `8086:1572` for PCI. */
  readonly id: string | undefined;
  readonly kind: string;
  readonly modalias: string | undefined;
}

export interface Gaps {
  readonly devices: readonly DriverGap[];
  /** Names of files, as the kernel asked for them. */
  readonly firmware: readonly string[];
}

/** Base class and subclass of devices that do something for a node. Bridges, memory controllers, sensors need no driver. */
const WANTED: readonly (readonly [RegExp, string])[] = [
  [/^02/, 'network'],
  [/^0c06/, 'infiniband'],
  [/^01/, 'storage'],
  [/^0c04/, 'fibre channel'],
  [/^0c03/, 'usb controller'],
  [/^0c07/, 'ipmi'],
  // a plain VGA screen (0300) works without a driver, and small images have none for it
  [/^030[1-9]|^038/, 'display'],
  [/^12/, 'accelerator'],
  [/^0b40/, 'co-processor'],
  [/^10/, 'encryption'],
  [/^ff/, 'unclassified'],
];

/** Interface classes of USB devices that no kernel driver has to claim: vendor-specific ones and firmware updates. */
const USB_IGNORED = /ic(FE|FF|DC|11)/;

export const readGaps = oncePer((sources): Gaps => {
  const devices: DriverGap[] = [];
  for (const one of readPci(sources)) {
    const kind = one.driver === undefined ? WANTED.find(([pattern]) => pattern.test(one.class))?.[1] : undefined;
    if (kind === undefined) continue;
    devices.push({ address: one.address, bus: 'pci', id: `${one.vendor}:${one.device}`, kind, modalias: one.modalias });
  }
  for (const one of readUsbInterfaces(sources)) {
    if (one.driver !== undefined || one.modalias === undefined || USB_IGNORED.test(one.modalias)) continue;
    const match = /^usb:v([0-9A-F]{4})p([0-9A-F]{4})/.exec(one.modalias);
    const id = match ? `${match[1] as string}:${match[2] as string}`.toLowerCase() : undefined;
    devices.push({ address: one.path, bus: 'usb', id, kind: 'usb function', modalias: one.modalias });
  }
  return { devices, firmware: missingFirmware(sources.text(KERNEL_LOG) ?? '') };
});

/** The files in `Direct firmware load for X failed with error -2` and its kin; each once, at most 100. */
export function missingFirmware(log: string): string[] {
  const names = new Set<string>();
  const patterns = [
    /Direct firmware load for (\S{1,200}) failed with error/g,
    /[Ff]ailed to load firmware (?:file |image )?"?([\w./+-]{3,200})"?/g,
    /firmware:? (?:file )?"?([\w./+-]{3,200}\.(?:bin|fw|ucode|dat))"? (?:not found|missing)/gi,
    /firmware: failed to load (\S{1,200})/g,
  ];
  for (const pattern of patterns) {
    for (const match of log.matchAll(pattern)) if (names.size < 100) names.add(match[1] as string);
  }
  return [...names].sort();
}

export const gapGroup: Group = {
  name: 'driver-gaps',
  collect({ sources, add }) {
    const { devices, firmware } = readGaps(sources);
    const where = ['/sys/bus/pci/devices/*/uevent', '/sys/bus/usb/devices'];
    if (sources.exists('/sys/bus')) add('mk_driver_gap_count', devices.length, where);
    const texts = devices.slice(0, 100).map((one) => `${one.kind} ${one.id ?? ''} at ${one.address}`);
    add('mk_driver_gaps', texts.join('; '), where);
    add('mk_firmware_missing', firmware.join(','), KERNEL_LOG);
  },
};
