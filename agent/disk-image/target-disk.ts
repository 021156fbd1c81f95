/** The disk that is written, opened so that nobody else has it: a block device, or a regular file that stands for one. */
import { constants } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { errnoOf, messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import type { System } from '../../platform/system.ts';
import type { Disk } from '../disks/disks.ts';

export interface DiskTarget {
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  /** All of `data` at `offset`; beyond the end of the disk it throws RAZOR_MK_DEPLOY_IMAGE. */
  write(offset: number, data: Uint8Array): Promise<void>;
  /** Fewer bytes only at the end of the disk; into memory that is given, or its own. */
  read(offset: number, length: number, into?: Buffer): Promise<Buffer>;
  /** On the disk, not only on its way. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a disk for writing. A block device is claimed (O_EXCL), which the kernel refuses for one that is mounted or part of
 * something, and only by a live system; a regular file changes nothing of the machine and is always written.
 * Throws RAZOR_MK_DEPLOY_DISK.
 */
export async function openDisk(disk: Disk, system: System): Promise<DiskTarget> {
  const refuse = (why: string, cause?: unknown): RazorMkError =>
    new RazorMkError('RAZOR_MK_DEPLOY_DISK', `${disk.path}: ${why}`, cause === undefined ? {} : { cause });
  if (disk.refused !== undefined) throw refuse(disk.refused);
  const entry = await stat(disk.path).catch((error: unknown) => {
    throw refuse(messageOf(error), error);
  });
  const device = entry.isBlockDevice();
  if (!device && !entry.isFile()) throw refuse('it is neither a disk nor a regular file');
  if (device) {
    const opened = await system.change(`write an image over all of ${disk.path}`, () => true);
    if (opened === undefined) throw refuse('this is a dry run, and a disk is written by --live only');
  }
  const flags = constants.O_RDWR | (device ? constants.O_EXCL : 0);
  const handle = await open(disk.path, flags).catch((error: unknown) => {
    throw refuse(errnoOf(error) === 'EBUSY' ? 'the kernel says that it is in use' : messageOf(error), error);
  });
  const sizeBytes = device ? disk.sizeBytes : entry.size;
  const sectorBytes = device ? await logicalSector(disk.name) : 512;
  return {
    sizeBytes,
    sectorBytes,
    async write(offset, data) {
      if (offset + data.length > sizeBytes) {
        throw new RazorMkError(
          'RAZOR_MK_DEPLOY_IMAGE',
          `${disk.path} has ${sizeBytes} bytes, and the image is longer than that`,
        );
      }
      for (let done = 0; done < data.length;) {
        const { bytesWritten } = await handle.write(data, done, data.length - done, offset + done);
        done += bytesWritten;
      }
    },
    async read(offset, length, into) {
      const buffer = into ?? Buffer.alloc(length);
      const { bytesRead } = await handle.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

async function logicalSector(name: string): Promise<number> {
  const path = `/sys/block/${name.replaceAll('/', '!')}/queue/logical_block_size`;
  const size = Number(await readFile(path, 'utf8').catch(() => '512'));
  return size >= 512 && size <= 65_536 ? size : 512;
}
