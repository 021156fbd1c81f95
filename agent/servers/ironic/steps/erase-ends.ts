/** Zeros over both ends of each partition of a disk, then of the disk, where tables and marks lie; and a look at the result. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { claimDisk, type ClaimedDisk } from '../../../disks/erase/claimed-disk.ts';
import type { Disk } from '../../../disks/disks.ts';

/** RAID, LVM and file systems keep their marks within the first and the last mebibyte of what they are on. */
const MARK_BYTES = 2 ** 20;

interface Range {
  /** Bytes. */
  readonly start: number;
  readonly size: number;
}

/**
 * Does it, and says what was done; `twins` are other names of the disk. Throws the system's errors, and RAZOR_MK_COMMAND where the disk
 * is in use, or other bytes are read than were written.
 */
export async function eraseEnds(disk: Disk, twins: readonly Disk[] = []): Promise<string> {
  const parts = await partitionsOf(disk);
  const claimed = await claimDisk(disk, twins);
  try {
    const ends = [...parts, { start: 0, size: disk.sizeBytes }].flatMap(endsOf);
    for (const { start, size } of ends) await claimed.write(start, Buffer.alloc(size));
    await claimed.flush();
    for (const end of ends) {
      if (await isZero(claimed, end)) continue;
      throw new RazorMkError('RAZOR_MK_COMMAND', `the disk does not hold the zeros that were written at ${end.start}`);
    }
  } finally {
    await claimed.close();
  }
  return parts.length === 0 ? 'erased' : `erased, with ${parts.length} partitions`;
}

function endsOf({ start, size }: Range): Range[] {
  const length = Math.min(MARK_BYTES, size);
  return [
    { start, size: length },
    { start: start + size - length, size: length },
  ];
}

async function isZero(disk: ClaimedDisk, { start, size }: Range): Promise<boolean> {
  return (await disk.read(start, size)).equals(Buffer.alloc(size));
}

/** From the kernel's own view of the disk; sysfs counts in sectors of 512 whatever the disk's are. */
async function partitionsOf({ name }: Disk): Promise<readonly Range[]> {
  const dir = `/sys/block/${name.replaceAll('/', '!')}`;
  const entries = await readdir(dir).catch(() => []);
  const found: Range[] = [];
  for (const entry of entries) {
    const number = async (file: string): Promise<number> =>
      Number(await readFile(join(dir, entry, file), 'utf8').catch(() => NaN)) * 512;
    const [partition, start, size] = [await number('partition'), await number('start'), await number('size')];
    if (partition > 0 && start >= 0 && size > 0) found.push({ start, size });
  }
  return found;
}
