/** The machine's disks: one list for facts, inventory, deployment and erasing. */
import type { Sources } from '../../sources/sources.ts';
import { oncePer } from '../../sources/recording.ts';
import { pathNameOf } from './by-path.ts';
import { type DiskKind, diskKind, isBlockDevice, takesNoCommands, transportOf, whyUnfit } from './disk-kind.ts';
import { pciAddressIn } from './pci.ts';

const BLOCK = '/sys/block';
/** Where udev keeps names by place. */
export const BY_PATH = '/dev/disk/by-path';
const MOST = 4096;

/** One whole block device. Texts have no NULs, blanks around them or control characters. */
export interface InventoryDisk {
  /** As in /sys/block: `sda`, `nvme0n1`, `cciss!c0d0`. */
  readonly name: string;
  readonly kind: DiskKind;
  /** Why no system can be installed on it, in words; undefined for a disk that takes one. */
  readonly unfit: string | undefined;
  /** The first disk of the same world-wide name, where this is another path to it. */
  readonly pathTo: string | undefined;
  /** `access_state` of a SAN's path: `active/optimized`, `standby` … */
  readonly accessState: string | undefined;
  /** What the kernel says of a SCSI disk: `running`, `offline` … */
  readonly state: string | undefined;
  /** Bytes. */
  readonly size: number;
  readonly vendor: string | undefined;
  readonly model: string | undefined;
  readonly serial: string | undefined;
  /** `0x5000c500a1b2c3d4` (the NAA name's first 16 digits), or NVMe's `eui.…`. */
  readonly wwn: string | undefined;
  readonly wwnWithExtension: string | undefined;
  readonly wwnVendorExtension: string | undefined;
  /** sata, sas, nvme, virtio, usb, fc, iscsi, mmc, scsi … */
  readonly transport: string | undefined;
  readonly rotational: boolean | undefined;
  readonly removable: boolean;
  readonly readOnly: boolean;
  readonly firmware: string | undefined;
  /** `/dev/disk/by-path/…`: udev's, or what it would be. */
  readonly byPath: string | undefined;
  /** Host, channel, target, LUN of a SCSI disk: `0:0:0:0`. */
  readonly hctl: string | undefined;
  readonly logicalSector: number | undefined;
  readonly physicalSector: number | undefined;
  readonly pciAddress: string | undefined;
  readonly driver: string | undefined;
  /** A disk, fit or not: no drive for media, and nothing composed. */
  readonly fixed: boolean;
}

function blockNames(sources: Sources): string[] {
  return sources.list(BLOCK).filter(isBlockDevice).slice(0, MOST);
}

/** Files of the disks that the host of a virtual machine answers, in its own time: for `prefetch` before `readDisks`. */
export function slowDiskFiles(sources: Sources): string[] {
  return blockNames(sources)
    .filter((name) => /^vd[a-z]/.test(name))
    .map((name) => `${BLOCK}/${name}/serial`);
}

/**
 * Every whole block device in the kernel's order of names, composed ones too; no memory, no loops, no hidden NVMe paths.
 * Serial numbers of virtio disks are there after a prefetch of `slowDiskFiles`. Never throws.
 */
export const readBlockDevices = oncePer((sources) => readAll(sources, blockNames(sources)));

/** The same without composed devices: disks, drives and eMMC areas. */
export const readDisks = oncePer((sources) =>
  readAll(
    sources,
    blockNames(sources).filter(
      (name) => diskKind(name, sources.exists(`${BLOCK}/${name}/device`), undefined) !== 'composed',
    ),
  ),
);

function readAll(sources: Sources, names: readonly string[]): readonly InventoryDisk[] {
  const paths = byPathNames(sources);
  return withOtherPaths(names.map((name) => readDisk(sources, name, paths.get(name))));
}

function readDisk(sources: Sources, name: string, byPath: string | undefined): InventoryDisk {
  const base = `${BLOCK}/${name}`;
  const device = `${base}/device`;
  const entries = new Set(sources.list(device));
  const inDevice = (file: string): string | undefined =>
    entries.has(file) ? plain(sources.line(`${device}/${file}`)) : undefined;
  const where = sources.link(base) ?? '';
  const target = sources.linkName(device);
  const traits = {
    kind: diskKind(name, entries.size > 0 || sources.exists(device), inDevice('type')),
    size: (sources.int(`${base}/size`) ?? 0) * 512,
    vendor: inDevice('vendor'),
    model: inDevice('model') ?? inDevice('name'),
    transport: transportOf(name, where, target),
    removable: sources.line(`${base}/removable`) === '1',
    readOnly: sources.line(`${base}/ro`) === '1',
    accessState: inDevice('access_state'),
    state: /^sd/.test(name) ? inDevice('state') : undefined,
  };
  const zoned = mayHaveZones(name) ? sources.line(`${base}/queue/zoned`) : undefined;
  return {
    name,
    ...traits,
    unfit: whyUnfit({ ...traits, zoned }),
    pathTo: undefined,
    serial: serialOf(sources, base, entries),
    ...worldWideName(inDevice('wwid') ?? plain(sources.line(`${base}/wwid`))),
    rotational: flag(sources.line(`${base}/queue/rotational`)),
    firmware: inDevice('firmware_rev') ?? inDevice('rev') ?? inDevice('fwrev'),
    byPath: byPath ?? pathNameOf(sources, name, where),
    hctl: target !== undefined && /^\d+:\d+:\d+:\d+$/.test(target) ? target : undefined,
    logicalSector: sources.int(`${base}/queue/logical_block_size`),
    physicalSector: sources.int(`${base}/queue/physical_block_size`),
    pciAddress: pciAddressIn(where),
    driver: entries.has('driver') ? sources.linkName(`${device}/driver`) : undefined,
    fixed: traits.kind === 'disk',
  };
}

/** SCSI, ATA and NVMe have standards for it; the others are not asked. */
function mayHaveZones(name: string): boolean {
  return /^(sd|nvme)/.test(name);
}

/** One LUN of a SAN shows as a disk for each path: the first path that takes commands stands for it. */
function withOtherPaths(disks: readonly InventoryDisk[]): InventoryDisk[] {
  const first = new Map<string, InventoryDisk>();
  for (const disk of disks) {
    const key = pathKey(disk);
    const before = first.get(key);
    const better = before !== undefined && takesNoCommands(before) && !takesNoCommands(disk);
    if (before === undefined || better) first.set(key, disk);
  }
  return disks.map((disk) => {
    const main = first.get(pathKey(disk)) ?? disk;
    if (main === disk) return disk;
    return { ...disk, pathTo: main.name, unfit: disk.unfit ?? `another path to ${main.name}` };
  });
}

/** What two paths to one LUN have in common. Local disks share nothing with anything. */
function pathKey({ name, kind, wwnWithExtension, hctl, serial, size }: InventoryDisk): string {
  if (kind !== 'disk' || wwnWithExtension === undefined || hctl === undefined) return name;
  return JSON.stringify([wwnWithExtension, serial, size]);
}

/** Firmware pads texts with NULs and blanks; PostgreSQL refuses the former in JSON. */
function plain(text: string | undefined): string | undefined {
  // eslint-disable-next-line no-control-regex
  return text?.replaceAll(/[\u0000-\u001f\u007f]/g, '').trim() || undefined;
}

function flag(text: string | undefined): boolean | undefined {
  return text === '1' ? true : text === '0' ? false : undefined;
}

/** NVMe and MMC have a file, virtio asks the host (slow), SCSI and ATA keep vital product data page 80h. */
function serialOf(sources: Sources, base: string, entries: ReadonlySet<string>): string | undefined {
  if (entries.has('serial')) return plain(sources.line(`${base}/device/serial`));
  if (entries.has('vpd_pg80')) return pageText(sources.bytes(`${base}/device/vpd_pg80`));
  return plain(sources.line(`${base}/serial`));
}

/** Vital product data page 80h (SPC-4, 7.8.15): four bytes of header, then the serial number in ASCII. */
export function pageText(page: Uint8Array | undefined): string | undefined {
  if (!page || page.length < 5 || page[1] !== 0x80) return undefined;
  const text = Buffer.from(page.subarray(4, 4 + (((page[2] ?? 0) << 8) | (page[3] ?? 0)))).toString('latin1');
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u00ff]/g, '').trim() || undefined;
}

/** udev's split of a name: 16 digits, and what a vendor hangs on. */
export function worldWideName(
  wwid: string | undefined,
): Pick<InventoryDisk, 'wwn' | 'wwnWithExtension' | 'wwnVendorExtension'> {
  const naa = /^naa\.([0-9a-fA-F]{16})([0-9a-fA-F]{16})?$/.exec(wwid ?? '');
  if (naa) {
    const [, first, extension] = naa;
    return {
      wwn: `0x${(first as string).toLowerCase()}`,
      wwnWithExtension: `0x${(first as string).toLowerCase()}${extension?.toLowerCase() ?? ''}`,
      wwnVendorExtension: extension === undefined ? undefined : `0x${extension.toLowerCase()}`,
    };
  }
  const name = wwid !== undefined && /^(eui|nvme|uuid)\.\S+$/.test(wwid) ? wwid : undefined;
  return { wwn: name, wwnWithExtension: name, wwnVendorExtension: undefined };
}

/** by-path names of whole disks, by kernel name; the first in order where there are several. */
function byPathNames(sources: Sources): Map<string, string> {
  const names = new Map<string, string>();
  for (const name of sources.list(BY_PATH).slice(0, 20_000)) {
    if (/-part\d+$/.test(name)) continue;
    const disk = sources.linkName(`${BY_PATH}/${name}`);
    if (disk !== undefined && !names.has(disk)) names.set(disk, `${BY_PATH}/${name}`);
  }
  return names;
}
