/**
 * Bytes that are read in pieces, so that what a stranger packed does not decide how much memory is used: a buffer, a part of an
 * open file, or what was unpacked, which goes to an unlinked temporary file beyond a few MiB.
 */
import { randomBytes, createHash } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RazorMkError } from '../../../platform/errors/errors.ts';

export interface StoredBytes {
  readonly length: number;
  /** Whether `at` gives a view of memory that is there anyway. */
  readonly inMemory: boolean;
  /** The bytes from `offset` on, fewer where they end before. */
  at(offset: number, length: number): Buffer;
}

/** A buffer as it is. */
export function bytesInMemory(buffer: Buffer): StoredBytes {
  return { length: buffer.length, inMemory: true, at: (offset, length) => buffer.subarray(offset, offset + length) };
}

/** A part of something larger. */
export function bytesFrom(whole: StoredBytes, start: number, length = whole.length - start): StoredBytes {
  if (start === 0 && length === whole.length) return whole;
  const end = start + length;
  return {
    length,
    inMemory: whole.inMemory,
    at: (offset, count) => whole.at(start + offset, Math.max(0, Math.min(count, end - start - offset))),
  };
}

/** Headers are small and lie close together: one read serves many. */
const WINDOW = 64 * 1024;

/** The bytes `start` to `start + length` of an open file. The caller closes it. */
export function bytesOfFile(fd: number, start: number, length: number): StoredBytes {
  const window: { from: number; bytes: Buffer } = { from: 0, bytes: Buffer.alloc(0) };
  const read = (offset: number, count: number): Buffer => {
    const buffer = Buffer.allocUnsafe(count);
    let done = 0;
    while (done < count) {
      const got = readSync(fd, buffer, done, count - done, start + offset + done);
      if (got === 0) break;
      done += got;
    }
    return buffer.subarray(0, done);
  };
  return {
    length,
    inMemory: false,
    at(offset, wanted) {
      const count = Math.max(0, Math.min(wanted, length - offset));
      if (count === 0 || count > WINDOW / 2) return read(offset, count);
      if (offset < window.from || offset + count > window.from + window.bytes.length) {
        window.from = offset;
        window.bytes = read(offset, Math.min(WINDOW, length - offset));
      }
      return window.bytes.subarray(offset - window.from, offset - window.from + count);
    },
  };
}

const PIECE = 1024 * 1024;

/** All bytes from `offset` on, in pieces of 1 MiB. */
export function* piecesOf(bytes: StoredBytes, offset = 0): Generator<Buffer> {
  for (let at = offset; at < bytes.length; at += PIECE) yield bytes.at(at, PIECE);
}

/** The digest of all bytes, in hexadecimal digits. */
export function digestOf(bytes: StoredBytes, algorithm: string): string {
  const hash = createHash(algorithm);
  for (const piece of piecesOf(bytes)) hash.update(piece);
  return hash.digest('hex');
}

/** What is unpacked stays in memory up to here. */
const IN_MEMORY = 16 * 1024 * 1024;

/** A file without a name is closed when nobody can read it any more. */
const unnamed = new FinalizationRegistry<number>((fd) => closeSync(fd));

export interface Spool {
  /** Throws RAZOR_MK_ARCHIVE beyond the limit, what writing throws where the disk is full. */
  add(piece: Buffer): void;
  /** What was added. Nothing may be added afterwards. */
  done(): StoredBytes;
  /** Gives up what was added; nothing after `done`. */
  drop(): void;
}

/** Takes bytes whose number is not known before, at most `limit` of them. */
export function openSpool(limit: number): Spool {
  let pieces: Buffer[] = [];
  let length = 0;
  let fd: number | undefined;
  const flush = (): void => {
    if (fd === undefined) {
      const path = join(tmpdir(), `razor-mk-image-${randomBytes(8).toString('hex')}`);
      fd = openSync(path, 'wx+', 0o600);
      rmSync(path);
    }
    for (const piece of pieces) {
      for (let done = 0; done < piece.length;) done += writeSync(fd, piece, done);
    }
    pieces = [];
  };
  const drop = (): void => {
    pieces = [];
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  return {
    add(piece) {
      length += piece.length;
      if (length > limit) {
        throw new RazorMkError('RAZOR_MK_ARCHIVE', `it unpacks to more than ${limit / 1024 / 1024} MiB`);
      }
      pieces.push(piece);
      if (fd !== undefined || length > IN_MEMORY) flush();
    },
    done() {
      if (fd === undefined) return bytesInMemory(Buffer.concat(pieces, length));
      const bytes = bytesOfFile(fd, 0, length);
      unnamed.register(bytes, fd);
      fd = undefined; // from here on it belongs to those who read
      return bytes;
    },
    drop,
  };
}
