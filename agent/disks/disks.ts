/** The machine's whole disks, as facts read them (one list for facts, inventory, deployment and erasing), and why one must not be touched. */
import { join } from 'node:path';
import {
  openSources,
  readBlockDevices,
  slowDiskFiles,
  ZONES_IN_ORDER,
  type InventoryDisk,
  type Sources,
} from '../../facts/facts.ts';
import { bootMedium, usedDevices, useOf } from './disk-use.ts';

export interface Disk {
  /** As in /dev, without that prefix: `sda`, `nvme0n1`, `cciss/c0d0`. */
  readonly name: string;
  /** `/dev/sda`, or the regular file that stands for a disk. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly model: string;
  readonly vendor: string;
  readonly serial: string;
  readonly wwn: string;
  readonly wwnWithExtension: string;
  readonly wwnVendorExtension: string;
  readonly rotational: boolean;
  /** `0:0:0:0` of SCSI disks. */
  readonly hctl: string;
  /** `/dev/disk/by-path/…`, as udev would call it. */
  readonly byPath: string;
  /** `mpatha` of /dev/mapper/mpatha, for device-mapper disks. */
  readonly mapperName?: string;
  /** Put together from others, or lent by the network: chosen by its name only. */
  readonly composed?: boolean;
  /** It can be taken out: chosen by a hint only, and never erased. */
  readonly removable?: boolean;
  /** Why it must not be written, in words; undefined for a free disk. */
  readonly refused: string | undefined;
  /**
   * Of a refused disk, what an erasing of the whole machine may pass over: a medium that is no part of it, a read-only disk,
   * another path to a disk that is in the list, a disk that the server wants left alone. A disk that is in use is none of these.
   * `zones`: a disk that takes no system for its zones alone, and is erased.
   */
  readonly spared?: 'medium' | 'read-only' | 'path' | 'skip-list' | 'zones' | undefined;
}

/** How the disks are listed; a file may stand for them. */
export type ListDisks = () => readonly Disk[] | Promise<readonly Disk[]>;

/** Every whole disk below `root` (`/`; tests give a recorded tree), in the kernel's order of names; no drives for media. */
export async function listDisks(root = '/'): Promise<Disk[]> {
  const sources = openSources({ root });
  await sources.prefetch(slowDiskFiles(sources));
  const used = usedDevices(root);
  const devices = readBlockDevices(sources).filter(({ kind }) => kind !== 'optical' && kind !== 'floppy');
  const uses = devices.map((device) => {
    const mapperName = mapperOf(sources, device);
    return { device, mapperName, use: useOf(pathName(device), mapperName, used, root) };
  });
  return uses.map(({ device, mapperName, use }) => {
    const twin = uses.find((other) => other.use !== undefined && isTwin(device, other.device));
    const shared = twin && `${pathName(twin.device)}, the same disk by its world-wide name, is in use`;
    return asDisk(device, { mapperName, use: use ?? shared, medium: bootMedium(pathName(device), root) });
  });
}

/** One disk under two names (a namespace on two controllers without multipathing): what is true of one is true of the other. */
function isTwin(one: InventoryDisk, other: InventoryDisk): boolean {
  const { wwnWithExtension, kind } = one;
  if (wwnWithExtension === undefined || kind === 'composed' || other.kind === 'composed') return false;
  return one !== other && wwnWithExtension === other.wwnWithExtension;
}

interface Findings {
  readonly mapperName: string;
  readonly use: string | undefined;
  readonly medium: string | undefined;
}

function asDisk(device: InventoryDisk, { mapperName, use, medium }: Findings): Disk {
  const name = pathName(device);
  const composed = device.kind === 'composed';
  const unfit = composed ? whyComposedUnfit(device) : device.unfit;
  return {
    name,
    path: join('/dev', name),
    sizeBytes: device.size,
    model: device.model ?? '',
    vendor: (device.vendor ?? '').replace(/^0x[0-9a-f]{4}$/i, ''),
    serial: device.serial ?? '',
    wwn: device.wwn ?? '',
    wwnWithExtension: device.wwnWithExtension ?? '',
    wwnVendorExtension: device.wwnVendorExtension ?? '',
    rotational: device.rotational ?? false,
    hctl: device.hctl ?? '',
    byPath: device.byPath ?? '',
    mapperName: mapperName || undefined,
    composed,
    removable: device.removable,
    refused: medium ?? use ?? unfit,
    spared: medium === undefined ? (use === undefined ? sparedAs(device, unfit) : undefined) : 'medium',
  };
}

function whyComposedUnfit({ size, readOnly }: InventoryDisk): string | undefined {
  return size === 0 ? 'its size is 0' : readOnly ? 'read-only' : undefined;
}

function sparedAs(device: InventoryDisk, unfit: string | undefined): Disk['spared'] {
  if (device.pathTo !== undefined) return 'path';
  if (unfit === undefined || /^its path is/.test(unfit)) return undefined;
  if (unfit === ZONES_IN_ORDER) return 'zones';
  return device.readOnly && device.size > 0 && device.kind === 'disk' && unfit === 'read-only' ? 'read-only' : 'medium';
}

/** As in /dev: a slash in a name is an exclamation mark in /sys. */
function pathName({ name }: InventoryDisk): string {
  return name.replaceAll('!', '/');
}

function mapperOf(sources: Sources, { name }: InventoryDisk): string {
  return sources.line(`/sys/block/${name}/dm/name`) ?? '';
}
