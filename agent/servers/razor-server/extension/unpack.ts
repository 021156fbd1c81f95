/**
 * Unpacking of an archive that came over the network and whose content will run as root: regular files and directories
 * only, no name that leaves the directory, bounded in number, in size and in depth.
 */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import type { Entry } from 'yauzl';
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';

export interface UnpackLimits {
  readonly entries: number;
  readonly entryBytes: number;
  readonly totalBytes: number;
}

const UNPACK_LIMITS: UnpackLimits = {
  entries: 2000,
  entryBytes: 16 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
};

const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const DEPTH = 16;

/**
 * Unpacks a zip into an empty directory. Execute permission is kept, set-user-id bits are not. Throws RAZOR_MK_EXTENSION
 * at the first entry that breaks a rule; what was written until then stays, so hand it a directory to throw away.
 */
export async function unpackZip(zip: Buffer, directory: string, limits: UnpackLimits = UNPACK_LIMITS): Promise<number> {
  const { fromBufferPromise } = await import('yauzl');
  let count = 0;
  let total = 0;
  try {
    const archive = await fromBufferPromise(zip, { lazyEntries: true, strictFileNames: true });
    if (archive.entryCount > limits.entries) throw refused(`it has ${archive.entryCount} entries`);
    for await (const entry of archive.eachEntry()) {
      total += entry.uncompressedSize;
      checkEntry(entry, limits);
      if (total > limits.totalBytes) throw refused(`it unpacks to more than ${limits.totalBytes} bytes`);
      const path = join(directory, entry.fileName);
      if (entry.fileName.endsWith('/')) {
        await mkdir(path, { recursive: true });
        continue;
      }
      await mkdir(dirname(path), { recursive: true });
      await writeEntry(entry, await archive.openReadStreamPromise(entry), path);
      count++;
    }
    return count;
  } catch (error) {
    if (error instanceof RazorMkError) throw error;
    throw new RazorMkError('RAZOR_MK_EXTENSION', `the extension is not a usable zip: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Writes an entry. yauzl ends the stream with an error when it is longer than it says; the sum is looked at here. */
async function writeEntry(entry: Entry, stream: Readable, path: string): Promise<void> {
  const mode = 0o644 | ((entry.externalFileAttributes >>> 16) & 0o111);
  let sum = 0;
  await pipeline(
    stream,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        sum = crc32(chunk, sum);
        yield chunk;
      }
    },
    createWriteStream(path, { flags: 'wx', mode }),
  );
  if (sum !== entry.crc32) throw refused(`its entry ${shownName(entry)} is damaged (CRC-32)`);
}

function shownName({ fileName }: Entry): string {
  return JSON.stringify(fileName.slice(0, 100));
}

function refused(why: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_EXTENSION', `the extension is refused: ${why}`);
}

function checkEntry(entry: Entry, limits: UnpackLimits): void {
  const name = shownName(entry);
  const parts = entry.fileName.replace(/\/$/, '').split('/');
  const bad = parts.some((part) => part === '' || part === '.' || part === '..' || part.length > 200);
  // eslint-disable-next-line no-control-regex -- these are what must not be in a file name
  if (bad || parts.length > DEPTH || /[\u0000-\u001f\\]/.test(entry.fileName))
    throw refused(`its entry ${name} is not a plain path`);
  if (entry.isEncrypted()) throw refused(`its entry ${name} is encrypted`);
  if (entry.uncompressedSize > limits.entryBytes)
    throw refused(`its entry ${name} is ${entry.uncompressedSize} bytes long`);
  // the high half holds the Unix mode where a Unix program made the archive; 0 where none did
  const type = (entry.externalFileAttributes >>> 16) & FILE_TYPE;
  if (type !== 0 && type !== REGULAR && type !== DIRECTORY) throw refused(`its entry ${name} is not a regular file`);
}
