/**
 * A file that comes in once, as far as it can be looked back at: the last MiBs of it, in memory that is used round and round.
 * Data whose table comes only behind them are found there.
 */

/** A file of which parts can be read in any order. */
export interface PartReader {
  /** Bytes of the file; Infinity while its end is not known. */
  readonly size: number;
  /** Fewer bytes only where the file ends. What is returned holds until the next read, or until more of the file comes. */
  read(offset: number, length: number): Promise<Buffer>;
}

/** What is asked for has not come yet, or is not kept any more. */
export class OutOfSight extends Error {}

export interface LookBack extends PartReader {
  /** First byte that is kept, and the byte behind the last one that came. */
  readonly start: number;
  readonly end: number;
  readonly capacity: number;
  /** The next bytes of the file, at most as many as are kept. */
  append(block: Buffer): void;
  /** Nothing comes any more. */
  finish(): void;
}

/** Keeps the last `capacity` bytes. */
export function createLookBack(capacity: number): LookBack {
  const ring = Buffer.alloc(capacity);
  let end = 0;
  let finished = false;
  const start = (): number => Math.max(0, end - capacity);
  return {
    capacity,
    get start() {
      return start();
    },
    get end() {
      return end;
    },
    get size() {
      return finished ? end : Infinity;
    },
    append(block) {
      const at = end % capacity;
      const first = block.copy(ring, at);
      block.copy(ring, 0, first);
      end += block.length;
    },
    finish: () => void (finished = true),
    read(offset, length) {
      if (offset < start() || (!finished && offset + length > end)) throw new OutOfSight();
      const bytes = Math.max(0, Math.min(length, end - offset));
      const at = offset % capacity;
      const whole = ring.subarray(at, at + bytes);
      if (whole.length === bytes) return Promise.resolve(whole);
      return Promise.resolve(Buffer.concat([whole, ring.subarray(0, bytes - whole.length)]));
    },
  };
}
