/** The machine's whole disks, as the kernel's sysfs tells them, and why one must not be touched. */
import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../platform/errors/errors.ts';
import { partitionsOf, readVolume } from './volumes.ts';

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
  /** `/dev/disk/by-path/…`, where udev made one. */
  readonly byPath: string;
  /** `mpatha` of /dev/mapper/mpatha, for device-mapper disks. */
  readonly mapperName?: string;
  /** Why it must not be written, in words; undefined for a free disk. */
  readonly refused: string | undefined;
}

/** Devices that are no whole disks of the machine. dm and md are kept: they may be named, and are never chosen by a hint. */
const NEVER = /^(loop|ram|zram|sr|fd|nbd|mtdblock)\d*/;
/** Put together from others: only by name. */
export const COMPOSED = /^(dm-|md)/;

/** Every whole disk below `root` (`/`; tests give a recorded tree), in the kernel's order of names. */
export function listDisks(root = '/'): Disk[] {
  const block = join(root, 'sys/block');
  const busy = usedDevices(root);
  const byPath = linksByTarget(join(root, 'dev/disk/by-path'));
  return directory(block)
    .filter((entry) => !NEVER.test(entry))
    .map((entry) => readDisk(join(block, entry), entry, busy, byPath))
    .filter((disk) => disk !== undefined)
    .map((disk) => ({
      ...disk,
      refused: disk.refused ?? bootMedium(root, disk) ?? (root === '/' ? held(disk) : undefined),
    }));
}

/** The medium that this microkernel may have been booted from: its own ISO on a disk, or what a BMC lends. */
function bootMedium(root: string, disk: Disk): string | undefined {
  if (/virtual (media|floppy|cd|disk)/i.test(`${disk.vendor} ${disk.model}`)) return 'it is virtual media of the BMC';
  for (const name of [disk.name, ...partitionsOf(disk.name, root)]) {
    const volume = readVolume(join(root, 'dev', name));
    if (volume?.label.toLowerCase() === MEDIA_LABEL) return 'it is the virtual media with the parameters';
    if (volume?.preparer === ISO_PREPARER) return 'it holds the microkernel that boots from it';
  }
  return undefined;
}

/** Label of the virtual floppy, since 2015. */
export const MEDIA_LABEL = 'ir-vfd-dev';
/** What the image builder writes into its ISO (tinycore/image/iso/iso.ts). */
const ISO_PREPARER = 'RAZOR-MK IMAGE BUILDER';

/** The kernel's own word: opening a block device exclusively fails while anything else holds it (open(2), O_EXCL). */
function held(disk: Disk): string | undefined {
  try {
    closeSync(openSync(disk.path, constants.O_RDONLY | constants.O_EXCL | constants.O_NONBLOCK));
    return undefined;
  } catch (error) {
    return errnoOf(error) === 'EBUSY' ? 'the kernel says that it is in use' : undefined;
  }
}

function readDisk(
  dir: string,
  entry: string,
  busy: ReadonlyMap<string, string>,
  byPath: ReadonlyMap<string, string>,
): Disk | undefined {
  const attribute = (name: string): string => text(join(dir, name));
  if (attribute('device/type') === '5') return undefined; // a CD drive, whatever its name
  const name = entry.replaceAll('!', '/');
  const sizeBytes = Number(attribute('size') || 0) * 512;
  const rawWwn = attribute('wwid') || attribute('device/wwid');
  const mapperName = attribute('dm/name');
  const wwn = /^(?:naa|eui)\.([0-9a-f]+)$/i.exec(rawWwn)?.[1] ?? '';
  // udev, and with it every inventory, has the names of NVMe as the kernel writes them
  const nvme = entry.startsWith('nvme') && /^(eui|nvme|uuid)\.\S+$/.test(rawWwn) ? rawWwn : undefined;
  return {
    name,
    path: join('/dev', name),
    sizeBytes,
    model: attribute('device/model'),
    vendor: attribute('device/vendor').replace(/^0x[0-9a-f]{4}$/i, ''),
    serial: attribute('device/serial') || attribute('serial') || pageSerial(join(dir, 'device/vpd_pg80')),
    wwn: nvme ?? (wwn === '' ? '' : `0x${wwn.slice(0, 16)}`.toLowerCase()),
    wwnWithExtension: nvme ?? (wwn === '' ? '' : `0x${wwn}`.toLowerCase()),
    wwnVendorExtension: nvme === undefined && wwn.length > 16 ? `0x${wwn.slice(16)}`.toLowerCase() : '',
    rotational: attribute('queue/rotational') === '1',
    hctl: hctlOf(dir),
    byPath: byPath.get(name) ?? '',
    ...(mapperName !== '' && { mapperName }),
    refused: refusal(dir, entry, sizeBytes, busy, mapperName),
  };
}

function refusal(
  dir: string,
  entry: string,
  sizeBytes: number,
  busy: ReadonlyMap<string, string>,
  mapperName: string,
): string | undefined {
  if (sizeBytes === 0) return 'its size is 0';
  if (text(join(dir, 'ro')) === '1') return 'it is read-only';
  const parts = directory(dir).filter((name) => text(join(dir, name, 'partition')) !== '');
  for (const name of [entry, ...parts, ...(mapperName === '' ? [] : [`mapper/${mapperName}`])]) {
    const why = busy.get(name.replaceAll('!', '/'));
    if (why !== undefined) return `${name} is ${why}`;
  }
  for (const holders of [join(dir, 'holders'), ...parts.map((part) => join(dir, part, 'holders'))]) {
    const [holder] = directory(holders);
    if (holder !== undefined) return `${holder} uses it`;
  }
  return undefined;
}

/** Device names (without /dev/) that are mounted or swapped to. */
function usedDevices(root: string): Map<string, string> {
  const used = new Map<string, string>();
  for (const line of text(join(root, 'proc/mounts')).split('\n')) {
    const [device = '', place = ''] = line.split(' ');
    if (device.startsWith('/dev/')) used.set(device.slice(5), `mounted on ${place}`);
  }
  for (const line of text(join(root, 'proc/swaps')).split('\n').slice(1)) {
    const [device = ''] = line.split(/\s/);
    if (device.startsWith('/dev/')) used.set(device.slice(5), 'used for swap');
  }
  return used;
}

/** The serial number of SCSI's page 0x80: four bytes of header, then text. */
function pageSerial(path: string): string {
  try {
    return readFileSync(path)
      .subarray(4)
      .toString('latin1')
      .replaceAll(/[^ -~]/g, '')
      .trim();
  } catch {
    return '';
  }
}

function hctlOf(dir: string): string {
  try {
    const target = readlinkSync(join(dir, 'device')).split('/').at(-1) ?? '';
    return /^\d+:\d+:\d+:\d+$/.test(target) ? target : '';
  } catch {
    return '';
  }
}

/** Links of a directory by the device name that they lead to. */
function linksByTarget(dir: string): Map<string, string> {
  const links = new Map<string, string>();
  for (const name of directory(dir)) {
    try {
      const target = readlinkSync(join(dir, name)).split('/').at(-1);
      if (target !== undefined) links.set(target, `/dev/disk/${dir.split('/').at(-1) ?? ''}/${name}`);
    } catch {
      // no link
    }
  }
  return links;
}

function directory(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
