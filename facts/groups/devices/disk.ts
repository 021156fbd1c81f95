/** Disks: every /sys/block entry that is a device (no loop, RAM or mapped ones). Facter's facts, and what a policy wants beyond. */
import type { Sources } from '../../sources/sources.ts';
import { oncePer } from '../../sources/recording.ts';
import type { Group } from '../group.ts';
import { pciAddressIn } from './pci.ts';

const BLOCK = '/sys/block';
const BY_PATH = '/dev/disk/by-path';

export interface Disk {
  readonly name: string;
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
  /** `/dev/disk/by-path/…`, where udev made one. */
  readonly byPath: string | undefined;
  /** Host, channel, target, LUN of a SCSI disk: `0:0:0:0`. */
  readonly hctl: string | undefined;
  readonly logicalSector: number | undefined;
  readonly physicalSector: number | undefined;
  readonly pciAddress: string | undefined;
  readonly driver: string | undefined;
  /** Not cdrom and not a floppy: something to install on. */
  readonly fixed: boolean;
}

const NO_DEVICE = /^(loop|ram|zram|dm-|md|nbd|zd)\d/;
const MOST = 4096;

function diskNames(sources: Sources): string[] {
  return sources
    .list(BLOCK)
    .filter((name) => !NO_DEVICE.test(name))
    .slice(0, MOST);
}

export const readDisks = oncePer((sources): readonly Disk[] => {
  const paths = byPathNames(sources);
  return diskNames(sources)
    .filter((name) => sources.exists(`${BLOCK}/${name}/device`))
    .map((name) => readDisk(sources, name, paths.get(name)));
});

function readDisk(sources: Sources, name: string, byPath: string | undefined): Disk {
  const base = `${BLOCK}/${name}`;
  const device = `${base}/device`;
  const entries = new Set(sources.list(device));
  const inDevice = (file: string): string | undefined =>
    entries.has(file) ? sources.line(`${device}/${file}`) : undefined;
  const where = sources.link(base) ?? '';
  const target = sources.linkName(device);
  const type = inDevice('type');
  return {
    name,
    size: (sources.int(`${base}/size`) ?? 0) * 512,
    vendor: inDevice('vendor'),
    model: inDevice('model') ?? inDevice('name'),
    serial: serialOf(sources, base, entries),
    ...worldWideName(inDevice('wwid') ?? sources.line(`${base}/wwid`)),
    transport: transportOf(name, where, target),
    rotational: flag(sources.line(`${base}/queue/rotational`)),
    removable: sources.line(`${base}/removable`) === '1',
    readOnly: sources.line(`${base}/ro`) === '1',
    firmware: inDevice('firmware_rev') ?? inDevice('rev') ?? inDevice('fwrev'),
    byPath,
    hctl: target !== undefined && /^\d+:\d+:\d+:\d+$/.test(target) ? target : undefined,
    logicalSector: sources.int(`${base}/queue/logical_block_size`),
    physicalSector: sources.int(`${base}/queue/physical_block_size`),
    pciAddress: pciAddressIn(where),
    driver: entries.has('driver') ? sources.linkName(`${device}/driver`) : undefined,
    fixed: !/^(sr|fd)\d/.test(name) && type !== '5',
  };
}

function flag(text: string | undefined): boolean | undefined {
  return text === '1' ? true : text === '0' ? false : undefined;
}

/** NVMe and MMC have a file, virtio asks the host (slow), SCSI and ATA keep vital product data page 80h. */
function serialOf(sources: Sources, base: string, entries: ReadonlySet<string>): string | undefined {
  if (entries.has('serial')) return sources.line(`${base}/device/serial`);
  if (entries.has('vpd_pg80')) return pageText(sources.bytes(`${base}/device/vpd_pg80`));
  return sources.line(`${base}/serial`);
}

/** SPC-4, 7.8.15: four bytes of header, then the serial number in ASCII. */
export function pageText(page: Uint8Array | undefined): string | undefined {
  if (!page || page.length < 5 || page[1] !== 0x80) return undefined;
  const text = Buffer.from(page.subarray(4, 4 + (((page[2] ?? 0) << 8) | (page[3] ?? 0)))).toString('latin1');
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u00ff]/g, '').trim() || undefined;
}

/** udev's split of a name: 16 digits, and what a vendor hangs on. */
export function worldWideName(wwid: string | undefined): Pick<Disk, 'wwn' | 'wwnWithExtension' | 'wwnVendorExtension'> {
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

/** From where the disk hangs in /sys/devices, as lsblk calls it. */
function transportOf(name: string, where: string, target: string | undefined): string | undefined {
  if (name.startsWith('nvme')) return 'nvme';
  if (name.startsWith('mmcblk')) return 'mmc';
  if (/\/usb\d/.test(where)) return 'usb';
  if (/\/virtio\d+\/(block|host)/.test(where)) return 'virtio';
  if (/\/ata\d+\//.test(where)) return 'sata';
  if (/\/rport-/.test(where)) return 'fc';
  if (/\/session\d+\//.test(where)) return 'iscsi';
  if (/\/(end_device|sas_device|expander)-/.test(where)) return 'sas';
  if (/\/vbd-/.test(where) || name.startsWith('xvd')) return 'xen';
  if (/VMBUS|vmbus/.test(where)) return 'vmbus';
  return target !== undefined && /^\d+:\d+:\d+:\d+$/.test(target) ? 'scsi' : undefined;
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

export const diskGroup: Group = {
  name: 'disk',
  slow: (sources) =>
    diskNames(sources)
      .filter((name) => /^vd[a-z]/.test(name))
      .map((name) => `${BLOCK}/${name}/serial`),
  collect({ sources, add }) {
    const disks = readDisks(sources);
    add('blockdevices', disks.map((disk) => disk.name).join(','), BLOCK);
    for (const disk of disks) {
      const base = `${BLOCK}/${disk.name}`;
      add(`blockdevice_${disk.name}_size`, disk.size, `${base}/size`, {
        raw: `${disk.size / 512} sectors of 512 bytes`,
      });
      add(`blockdevice_${disk.name}_vendor`, disk.vendor, `${base}/device/vendor`);
      add(`blockdevice_${disk.name}_model`, disk.model, `${base}/device/model`);
    }
    const fixed = disks.filter((disk) => disk.fixed);
    add('mk_disk_count', fixed.length, BLOCK);
    for (const disk of fixed) {
      const base = `${BLOCK}/${disk.name}`;
      const name = `mk_disk_${disk.name}`;
      add(`${name}_serial`, disk.serial, `${base}/device/serial`);
      add(`${name}_wwn`, disk.wwn, `${base}/device/wwid`);
      add(`${name}_transport`, disk.transport, base);
      add(`${name}_rotational`, disk.rotational, `${base}/queue/rotational`);
      add(`${name}_firmware`, disk.firmware, `${base}/device/firmware_rev`);
      add(`${name}_path`, disk.byPath, BY_PATH);
      add(`${name}_pci`, disk.pciAddress, base);
    }
  },
};
