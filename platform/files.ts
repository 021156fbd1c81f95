/** Files: capped reads, and replacement that is whole or not at all. */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  open,
  openSync,
  read,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, messageOf, RazorMkError } from './errors/errors.ts';
import { ownMark } from './leftovers.ts';

/** What is asked for first; most files end in it. */
const FIRST_BYTES = 16 * 1024;

/**
 * The first `limit` bytes of a file, or undefined where it does not exist (or a part of its path is no directory).
 * Any other failure throws RAZOR_MK_FILE_UNREADABLE. Memory goes by what the file has, not by the limit.
 */
export async function readCapped(path: string, limit: number): Promise<Buffer | undefined> {
  let fd: number | undefined;
  try {
    // callbacks: the promises of Node's file system bring half of its library with them
    fd = await called<number>((done) => open(path, 'r', done));
    let buffer = Buffer.alloc(Math.min(limit, FIRST_BYTES));
    let length = 0;
    while (length < limit) {
      if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(limit, 2 * length));
      const [into, start] = [buffer, length];
      const bytesRead = await called<number>((done) => read(fd ?? -1, into, start, into.length - start, null, done));
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The result of a function that calls back with an error or a result. */
async function called<T>(start: (done: (error: Error | null, result: T) => void) => void): Promise<T> {
  return await new Promise((resolve, reject) => {
    start((error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

/**
 * Replaces `path` by `content`: written beside, fsynced, renamed, directory fsynced. After a crash at any moment the
 * old or the new content is there, never a part. Synchronous, so that a signal handler may call it.
 * Throws RAZOR_MK_FILE_UNWRITABLE.
 */
export function replaceFile(path: string, content: string | Uint8Array, mode = 0o644): void {
  const beside = `${path}.${ownMark()}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const fd = openSync(beside, 'wx', mode);
    try {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      let written = 0;
      while (written < bytes.length) written += writeSync(fd, bytes, written);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(beside, path);
    syncDirectory(dirname(path));
  } catch (error) {
    rmSync(beside, { force: true });
    throw new RazorMkError('RAZOR_MK_FILE_UNWRITABLE', `cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Whether there is a directory at `path`. */
export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Whether there is a regular file at `path`. */
export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Whether a file may be run by this process. A missing one may not. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
