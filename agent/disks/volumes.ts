/**
 * What a volume is and what it is called, read from its first sectors, because the microkernel has no udev that would make
 * /dev/disk/by-label, and its mount(8) does not load the module of a file system that it has to guess. FAT (fatgen103:
 * BS_VolLab), ISO 9660 (ECMA-119, 8.4), ext2 to ext4, XFS and Btrfs (the kernel's Documentation/filesystems).
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

const ISO_DESCRIPTOR = 16 * 2048;

export interface Volume {
  /** As mount(8) calls it. */
  readonly type: 'vfat' | 'iso9660' | 'ext4' | 'xfs' | 'btrfs';
  readonly label: string;
  /** Who prepared an ISO 9660 volume; empty otherwise. */
  readonly preparer: string;
}

/** The volume on a device or in a file; undefined where there is none that we know, or it cannot be read. */
export function readVolume(path: string): Volume | undefined {
  const start = readAt(path, 0, 2 * 1024);
  const fat = start && fatLabel(start);
  if (fat !== undefined) return { type: 'vfat', label: fat, preparer: '' };
  if (start?.toString('latin1', 0, 4) === 'XFSB') return { type: 'xfs', label: ascii(start, 108, 120), preparer: '' };
  if (start?.readUInt16LE(1024 + 56) === 0xef53)
    return { type: 'ext4', label: ascii(start, 1024 + 120, 1024 + 136), preparer: '' };
  const iso = readAt(path, ISO_DESCRIPTOR, 1024);
  if (iso?.toString('latin1', 1, 6) === 'CD001' && iso[0] === 1)
    return { type: 'iso9660', label: ascii(iso, 40, 72), preparer: ascii(iso, 446, 574) };
  const btrfs = readAt(path, 64 * 1024, 1024);
  return btrfs?.toString('latin1', 64, 72) === '_BHRfS_M'
    ? { type: 'btrfs', label: ascii(btrfs, 299, 555), preparer: '' }
    : undefined;
}

/** The partitions of a whole disk below `root`, as the kernel names them, by their number. */
export function partitionsOf(name: string, root = '/'): string[] {
  const entry = name.replaceAll('/', '!');
  const dir = join(root, 'sys/block', entry);
  const number = (part: string): number => Number(readText(join(dir, part, 'partition')));
  return list(dir)
    .filter((part) => number(part) > 0)
    .sort((a, b) => number(a) - number(b))
    .map((part) => part.replaceAll('!', '/'));
}

/** The first volume (disk or partition, as `/dev/sdb1`) with this label, without regard to case. */
export function findVolume(label: string, root = '/', disks = list(join(root, 'sys/block'))): string | undefined {
  for (const disk of disks.filter((name) => !/^(loop|ram|zram)\d/.test(name))) {
    const name = disk.replaceAll('!', '/');
    for (const volume of [name, ...partitionsOf(name, root)]) {
      if (readVolume(join(root, 'dev', volume))?.label.toLowerCase() === label.toLowerCase()) return `/dev/${volume}`;
    }
  }
  return undefined;
}

function fatLabel(boot: Buffer): string | undefined {
  if (boot[510] !== 0x55 || boot[511] !== 0xaa) return undefined;
  if (boot.toString('latin1', 82, 87) === 'FAT32') return ascii(boot, 71, 82);
  return boot.toString('latin1', 54, 57) === 'FAT' ? ascii(boot, 43, 54) : undefined;
}

function ascii(bytes: Buffer, from: number, to: number): string {
  return bytes
    .toString('latin1', from, to)
    .replaceAll(/[^ -~]/g, '')
    .trim();
}

function readAt(path: string, position: number, length: number): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const bytes = Buffer.alloc(length);
    return readSync(fd, bytes, 0, length, position) === length ? bytes : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
