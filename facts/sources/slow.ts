/**
 * Reads that may never return: through the thread pool, with a time limit. A file whose read has not come back is not
 * asked again until it does, and with two such threads lost no further slow file is read, so that half of the pool
 * stays free for everybody else.
 */
import { close, constants, open, read as readFrom } from 'node:fs';
import { errnoOf } from '../../platform/errors/errors.ts';
import type { ReadOutcome } from './origin.ts';

const SLOW_LIMIT_MS = 500;
/** Of the four that the pool has. A read that hangs keeps its thread until it comes back. */
const THREADS = 2;

/** How a slow file is read in the end; tests hand in their own. */
type SlowRead = (path: string, limit: number) => Promise<Buffer>;

/** A reader with a memory of what hangs. */
export function createSlowReader(
  read: SlowRead = readWhole,
  limitMs: number = SLOW_LIMIT_MS,
): (path: string, limit: number) => Promise<ReadOutcome> {
  const stuck = new Set<string>();
  const queue: { start: () => void; fail: () => void }[] = [];
  let threads = 0;

  return (path, limit) =>
    new Promise<ReadOutcome>((resolve) => {
      const fail = (): void => resolve({ code: 'TIMEOUT' });
      const start = (): void => {
        threads += 1;
        const timer = setTimeout(() => {
          stuck.add(path);
          fail();
          if (stuck.size >= THREADS) for (const waiting of queue.splice(0)) waiting.fail();
        }, limitMs);
        const settle = (outcome: ReadOutcome): void => {
          clearTimeout(timer);
          stuck.delete(path);
          resolve(outcome);
          threads -= 1;
          queue.shift()?.start();
        };
        read(path, limit).then(
          (bytes) => settle({ bytes }),
          (error: unknown) => settle({ code: errnoOf(error) ?? 'EIO' }),
        );
      };
      if (stuck.has(path) || stuck.size >= THREADS) fail();
      else if (threads < THREADS) start();
      else queue.push({ start, fail });
    });
}

/** Callbacks rather than promises: two ways through the thread pool in place of three, and nobody waits for the closing. */
function readWhole(path: string, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    open(path, constants.O_RDONLY | constants.O_NONBLOCK, (failure, fd) => {
      if (failure) return reject(failure);
      // an attribute of sysfs is never longer than a page
      const buffer = Buffer.allocUnsafe(Math.min(limit, 4096));
      readFrom(fd, buffer, 0, buffer.length, null, (error, bytesRead) => {
        close(fd);
        if (error) reject(error);
        else resolve(buffer.subarray(0, bytesRead));
      });
    });
  });
}
