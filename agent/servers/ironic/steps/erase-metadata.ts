/**
 * Takes a disk's partition tables and the marks of its file systems away, so that nothing of the last tenant boots or is
 * assembled. Only where the operator allowed it, only disks that nothing uses, and never what can be pulled out.
 */
import { constants } from 'node:fs';
import { open, readdir, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';
import type { Disk } from '../../../disks/disks.ts';
import { changed } from '../live.ts';
import type { CommandContext, IronicStep } from '../ironic-options.ts';

/** RAID, LVM and file systems keep their marks within the first and the last mebibyte of what they are on. */
const MARK_BYTES = 2 ** 20;

export const eraseMetadata: IronicStep = {
  name: 'erase_devices_metadata',
  kinds: ['clean', 'service'],
  priority: 0,
  interface: 'deploy',
  abortable: true,
  run: async (_step, _params, context) => {
    if (!context.settings.allowErase) {
      throw new RazorMkError('RAZOR_MK_COMMAND', 'erasing is not allowed on this node: nothing was erased', {
        remedy: 'Give razor.allow_erase=1 on the kernel line of nodes whose disks may be erased.',
      });
    }
    return await eraseAll(context);
  },
};

async function eraseAll(context: CommandContext): Promise<Readonly<Record<string, string>>> {
  const told: Record<string, string> = {};
  const failed: string[] = [];
  for (const disk of await context.listDisks()) {
    const skipped = disk.refused ?? (await removable(disk)) ?? composed(disk);
    if (skipped !== undefined) {
      told[disk.path] = `left as it is: ${skipped}`;
      continue;
    }
    try {
      context.progress(`erasing the metadata of ${disk.path}`);
      told[disk.path] = await changed(
        context.system,
        `erase the partition tables and file system marks of ${disk.path}`,
        () => erase(disk),
      );
      if (disk.path.startsWith('/dev/')) {
        await context.system.run(`read the partitions of ${disk.path} again`, ['blockdev', '--rereadpt', disk.path]);
      }
    } catch (error) {
      failed.push(`${disk.path}: ${messageOf(error)}`);
    }
  }
  for (const [path, what] of Object.entries(told)) context.log.info(`${path}: ${what}`);
  if (failed.length === 0) return told;
  throw new RazorMkError('RAZOR_MK_COMMAND', `not every disk could be erased: ${failed.join('; ')}`);
}

function composed({ name }: Disk): string | undefined {
  return /^(dm-|md)/.test(name) ? 'it is composed of others' : undefined;
}

async function removable({ name }: Disk): Promise<string | undefined> {
  const flag = await readFile(`/sys/block/${name.replaceAll('/', '!')}/removable`, 'utf8').catch(() => '0');
  return flag.trim() === '1' ? 'it can be taken out' : undefined;
}

/** Zeros over both ends of each partition, then of the disk. O_EXCL: the kernel refuses a block device that something holds. */
async function erase(disk: Disk): Promise<string> {
  const parts = await partitionsOf(disk);
  const handle = await open(disk.path, constants.O_WRONLY | constants.O_EXCL);
  try {
    for (const { start, size } of parts) await zeroEnds(handle, start, size);
    await zeroEnds(handle, 0, disk.sizeBytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return parts.length === 0 ? 'erased' : `erased, with ${parts.length} partitions`;
}

async function zeroEnds(handle: FileHandle, start: number, size: number): Promise<void> {
  const zeros = Buffer.alloc(Math.min(MARK_BYTES, size));
  for (const at of [start, start + size - zeros.length]) {
    let done = 0;
    while (done < zeros.length) {
      done += (await handle.write(zeros, done, zeros.length - done, at + done)).bytesWritten;
    }
  }
}

/** Bytes, from the kernel's own view of the disk; sysfs counts in sectors of 512 whatever the disk's are. */
async function partitionsOf({ name }: Disk): Promise<readonly { start: number; size: number }[]> {
  const dir = `/sys/block/${name.replaceAll('/', '!')}`;
  const entries = await readdir(dir).catch(() => []);
  const found: { start: number; size: number }[] = [];
  for (const entry of entries) {
    const number = async (file: string): Promise<number> =>
      Number(await readFile(join(dir, entry, file), 'utf8').catch(() => NaN)) * 512;
    const [partition, start, size] = [await number('partition'), await number('start'), await number('size')];
    if (partition > 0 && start >= 0 && size > 0) found.push({ start, size });
  }
  return found;
}
