/**
 * Reads that may never return: through the thread pool, with a time limit. A file whose read has not come back is not
 * asked again until it does, and with two such threads lost no further slow file is read, so that half of the pool
 * stays free for everybody else.
 */
import { open } from 'node:fs/promises';
import { constants } from 'node:fs';
import { errnoOf } from '../../platform/errors.ts';
import type { ReadOutcome } from './origin.ts';

export const SLOW_LIMIT_MS = 500;
const MOST_STUCK = 2;

/** How a slow file is read in the end; tests hand in their own. */
export type SlowRead = (path: string, limit: number) => Promise<Buffer>;

/** A reader with a memory of what hangs. */
export function createSlowReader(
  read: SlowRead = readWhole,
  limitMs: number = SLOW_LIMIT_MS,
): (path: string, limit: number) => Promise<ReadOutcome> {
  const stuck = new Set<string>();
  const lane = createLane(2);
  return async (path, limit) => {
    if (stuck.has(path) || stuck.size >= MOST_STUCK) return { code: 'TIMEOUT' };
    return await lane(
      () =>
        new Promise<ReadOutcome>((resolve) => {
          if (stuck.size >= MOST_STUCK) return resolve({ code: 'TIMEOUT' });
          const timer = setTimeout(() => {
            stuck.add(path);
            resolve({ code: 'TIMEOUT' });
          }, limitMs);
          read(path, limit).then(
            (bytes) => {
              clearTimeout(timer);
              stuck.delete(path);
              resolve({ bytes });
            },
            (error: unknown) => {
              clearTimeout(timer);
              stuck.delete(path);
              resolve({ code: errnoOf(error) ?? 'EIO' });
            },
          );
        }),
    );
  };
}

/** At most `width` at a time, in order. */
function createLane(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    // a place is handed on to the next in line, never freed in between
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

async function readWhole(path: string, limit: number): Promise<Buffer> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const buffer = Buffer.alloc(Math.min(limit, 65_536));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
