/** One download of an image: in pieces of a MiB, hashed as they pass. */
import { createHash } from 'node:crypto';
import { tellDropped } from '../../../platform/process/dropped-memory.ts';
import type { Algorithm } from '../checksums.ts';
import { MEBIBYTE } from './whole-disk.ts';

export interface ImageDownload {
  /** Bytes that the server announced. */
  readonly length: number | undefined;
  /** To be read to its end, or left with `return()`. A piece holds until the next; the last may be shorter. */
  readonly blocks: AsyncGenerator<Buffer, undefined>;
  /** Bytes that have come so far. */
  bytes(): number;
  /** Lower-case hex of the whole; once, when all has come. */
  digest(): string;
}

interface Source {
  readonly length: number | undefined;
  readonly body: AsyncIterable<Buffer>;
}

/** `progress` is told what has come after each piece was dealt with. */
export function createDownload(
  { body, length }: Source,
  algorithm: Algorithm,
  progress: (done: number, total: number | undefined) => void,
): ImageDownload {
  const hash = createHash(algorithm);
  let bytes = 0;
  async function* blocks(): AsyncGenerator<Buffer, undefined> {
    for await (const block of inMebibytes(body)) {
      hash.update(block);
      bytes += block.length;
      yield block;
      progress(bytes, length);
      tellDropped(block.length);
    }
    return undefined;
  }
  return { length, blocks: blocks(), bytes: () => bytes, digest: () => hash.digest('hex') };
}

/**
 * The same bytes in pieces of a MiB; the last may be shorter. All pieces lie in the same memory: each holds until the next is
 * asked for. (Thousands of buffers of a MiB would stay until the garbage collector finds that worth its while.)
 */
export async function* inMebibytes(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
  const whole = Buffer.allocUnsafeSlow(MEBIBYTE);
  let length = 0;
  for await (const piece of source) {
    for (let at = 0; at < piece.length;) {
      const copied = piece.copy(whole, length, at);
      length += copied;
      at += copied;
      if (length < MEBIBYTE) continue;
      yield whole;
      length = 0;
    }
  }
  if (length > 0) yield whole.subarray(0, length);
  return undefined;
}
