/** Time, handed in: waits are monotonic, wall time is for people and for messages only. */
import { setTimeout as delay } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since some fixed moment; never jumps. */
  now(): number;
  /** Wall time, for logs and messages. */
  wall(): Date;
  /** Resolves after `ms` milliseconds, or rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** A number in [0, 1), for skew and jitter. */
  random(): number;
}

/** setTimeout fires at once above 2^31-1 ms, so longer waits are made of pieces. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  async sleep(ms, signal) {
    let left = Math.max(0, ms);
    do {
      const piece = Math.min(left, LONGEST_TIMER_MS);
      await delay(piece, undefined, signal ? { signal } : {});
      left -= piece;
    } while (left > 0);
  },
  random: () => Math.random(),
};
