/** Who uses a disk now: mounts, swap, devices on top of it, whoever else has it open; and the medium that this system came from. */
import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../platform/errors/errors.ts';
import { partitionsOf, readVolume } from './volumes.ts';

/** Device names (without /dev/) that are mounted or swapped to, and as what. */
type UsedDevices = ReadonlyMap<string, string>;

/** Reads /proc/mounts and /proc/swaps below `root`. */
export function usedDevices(root: string): UsedDevices {
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

/** What uses a disk or one of its partitions, in words; undefined where nothing does. */
export function useOf(name: string, mapperName: string, used: UsedDevices, root: string): string | undefined {
  const dir = join(root, 'sys/block', name.replaceAll('/', '!'));
  const parts = partitionsOf(name, root);
  for (const each of [name, ...parts, ...(mapperName === '' ? [] : [`mapper/${mapperName}`])]) {
    const why = used.get(each);
    if (why !== undefined) return `${each} is ${why}`;
  }
  for (const each of ['', ...parts.map((part) => part.replaceAll('/', '!'))]) {
    const [holder] = directory(join(dir, each, 'holders'));
    if (holder !== undefined) return `${holder} uses it`;
  }
  return root === '/' && heldBySomebody(join('/dev', name)) ? 'the kernel says that it is in use' : undefined;
}

/** Opening a block device exclusively fails while anything else holds it (open(2), O_EXCL). */
function heldBySomebody(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_EXCL | constants.O_NONBLOCK));
    return false;
  } catch (error) {
    return errnoOf(error) === 'EBUSY';
  }
}

/** Label of the virtual floppy, since 2015. */
export const MEDIA_LABEL = 'ir-vfd-dev';
/** What the image builder writes into its ISO (tinycore/image/iso/iso.ts). */
const ISO_PREPARER = 'RAZOR-MK IMAGE BUILDER';

/** Whether this microkernel, or its parameters, may have come from the disk, in words. */
export function bootMedium(name: string, root: string): string | undefined {
  for (const each of [name, ...partitionsOf(name, root)]) {
    const volume = readVolume(join(root, 'dev', each));
    if (volume?.label.toLowerCase() === MEDIA_LABEL) return 'it is the virtual media with the parameters';
    if (volume?.preparer === ISO_PREPARER) return 'it holds the microkernel that boots from it';
  }
  return undefined;
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
