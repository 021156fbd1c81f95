/** A part of a disk that must read as zeros, whatever it held: written where it is not so already. */
import type { DiskTarget } from '../target-disk.ts';

const STEP = 1024 * 1024;
/** So many steps are written without a look after one that was not zeros: on a disk that was used, reading only costs. */
const BLIND_STEPS = 16;
const ZEROS = Buffer.alloc(STEP);

/** Makes the bytes from one place to another zeros. */
export type ZeroFill = (from: number, to: number) => Promise<void>;

/** For a disk: a new or trimmed one is only read, and a sparse file stays sparse. The memory for that is used again and again. */
export function createZeroFill(target: DiskTarget, signal?: AbortSignal): ZeroFill {
  const seen = Buffer.allocUnsafeSlow(STEP);
  let blind = 0;
  return async (from, to) => {
    for (let at = from; at < to;) {
      signal?.throwIfAborted();
      const zeros = ZEROS.subarray(0, Math.min(to - at, STEP - (at % STEP)));
      if (blind > 0 || !(await target.read(at, zeros.length, seen)).equals(zeros)) {
        blind = blind > 0 ? blind - 1 : BLIND_STEPS;
        await target.write(at, zeros);
      }
      at += zeros.length;
    }
  };
}
