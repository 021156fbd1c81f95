/** A disk that is erased, held so that nobody else can take it meanwhile: every name of it is opened exclusively. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { errnoOf, messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { run } from '../../../platform/process/run.ts';
import type { Disk } from '../disks.ts';

export interface ClaimedDisk {
  readonly disk: Disk;
  /** All of `data` at `offset`. */
  write(offset: number, data: Uint8Array): Promise<void>;
  /** Throws where fewer bytes come. */
  read(offset: number, length: number): Promise<Buffer>;
  /** Everything is on the disk, and what is read next comes from there. Throws RAZOR_MK_COMMAND where the kernel keeps its copy. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens `disk` and its twins, the other names of the same disk. O_EXCL: the kernel refuses a block device that is mounted or part
 * of something. Throws RAZOR_MK_COMMAND.
 */
export async function claimDisk(disk: Disk, twins: readonly Disk[] = []): Promise<ClaimedDisk> {
  const handles: FileHandle[] = [];
  const close = async (): Promise<void> => void (await Promise.all(handles.map((handle) => handle.close())));
  try {
    for (const { path } of [disk, ...twins]) handles.push(await claim(path));
  } catch (error) {
    await close();
    throw error;
  }
  const [handle] = handles as [FileHandle];
  return {
    disk,
    close,
    async write(offset, data) {
      for (let done = 0; done < data.length;) {
        done += (await handle.write(data, done, data.length - done, offset + done)).bytesWritten;
      }
    },
    async read(offset, length) {
      const buffer = Buffer.alloc(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
        if (bytesRead === 0) throw new RazorMkError('RAZOR_MK_COMMAND', `the disk ends at ${offset + done}`);
        done += bytesRead;
      }
      return buffer;
    },
    async flush() {
      await handle.sync();
      // a regular file has no other copy than the kernel's
      if (!disk.path.startsWith('/dev/')) return;
      const { status, failure, stderr } = await run(['blockdev', '--flushbufs', disk.path]);
      if (status === 0) return;
      const said = failure ?? stderr.toString().trim().slice(-200);
      throw new RazorMkError('RAZOR_MK_COMMAND', `what is on the disk cannot be looked at: blockdev: ${said}`);
    },
  };
}

async function claim(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDWR | constants.O_EXCL);
  } catch (error) {
    const why = errnoOf(error) === 'EBUSY' ? `the kernel says that ${path} is in use` : messageOf(error);
    throw new RazorMkError('RAZOR_MK_COMMAND', why, { cause: error });
  }
}
