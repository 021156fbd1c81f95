/**
 * Parts of a file on a server that was downloaded once before: the digest of each MiB was kept, so that what comes the second
 * time is known to be the same. Parts that are near each other come by one request.
 */
import { createHash } from 'node:crypto';
import { inMebibytes } from '../whole-disk/download.ts';
import { MEBIBYTE, refuseImage } from '../whole-disk/whole-disk.ts';
import type { PartReader } from './look-back.ts';

/** Asks for `length` bytes from `from` on, or for all that follow. */
export type OpenRange = (from: number, length?: number) => Promise<AsyncIterable<Buffer>>;

/** Digests of a file that comes in pieces. */
export interface Sums {
  add(block: Buffer): void;
  /** Whether these bytes are the file's `index`th MiB. */
  matches(index: number, bytes: Buffer): boolean;
}

/** Of SHA-256; for whoever would pass off other bytes as good as the whole. */
const SUM_BYTES = 16;
/** MiBs that are read and dropped rather than asked for anew. */
const SKIPPED = 8;
/** MiBs that are kept: tables and data lie apart, and are read in turn. */
const KEPT = 4;

/** Sixteen bytes for each MiB, of whatever pieces it is added in. */
export function createSums(): Sums {
  const sums: Buffer[] = [];
  let hash = createHash('sha256');
  let length = 0;
  const seal = (): void => {
    if (length === 0) return;
    sums.push(hash.digest().subarray(0, SUM_BYTES));
    hash = createHash('sha256');
    length = 0;
  };
  return {
    add(block) {
      for (let at = 0; at < block.length;) {
        const part = block.subarray(at, at + MEBIBYTE - length);
        hash.update(part);
        length += part.length;
        at += part.length;
        if (length === MEBIBYTE) seal();
      }
    },
    matches(index, bytes) {
      seal(); // the last one is shorter
      return sums[index]?.equals(sumOf(bytes)) === true;
    },
  };
}

function sumOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest().subarray(0, SUM_BYTES);
}

/** Reads the file of `size` bytes again. Throws RAZOR_MK_DEPLOY_IMAGE where other bytes come, and what `open` throws. */
export function createRangeReader(
  open: OpenRange,
  size: number,
  sums: Sums,
): PartReader & { readonly close: () => Promise<void> } {
  const kept = new Map<number, Buffer>();
  let running: { readonly mebibytes: AsyncGenerator<Buffer, undefined>; next: number } | undefined;

  async function close(): Promise<void> {
    await running?.mebibytes.return(undefined);
    running = undefined;
  }

  async function mebibyte(index: number): Promise<Buffer> {
    const known = kept.get(index);
    if (known !== undefined) return known;
    if (running !== undefined && (index < running.next || index > running.next + SKIPPED)) await close();
    running ??= { mebibytes: inMebibytes(await open(index * MEBIBYTE)), next: index };
    for (;;) {
      const { value = Buffer.alloc(0) } = await running.mebibytes.next();
      const at = running.next++;
      if (!sums.matches(at, value)) {
        throw refuseImage('the image is not the same when it is downloaded again; the disk was made unbootable');
      }
      if (at < index) continue;
      kept.set(index, Buffer.from(value));
      const [oldest] = kept.keys();
      if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
      return mebibyte(index);
    }
  }

  return {
    size,
    close,
    async read(offset, length) {
      const end = Math.min(offset + length, size);
      const parts: Buffer[] = [];
      for (let at = offset; at < end;) {
        const from = at % MEBIBYTE;
        const part = (await mebibyte(Math.floor(at / MEBIBYTE))).subarray(from, from + end - at);
        parts.push(part);
        at += part.length;
      }
      return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    },
  };
}
