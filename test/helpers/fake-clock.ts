/** A clock that moves only when a test says so. */
import { EventEmitter, once } from 'node:events';
import type { Clock } from '../../platform/time/clock.ts';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export interface FakeClock extends Clock {
  /** Moves time forward and wakes, in order, whoever slept until then. */
  advance(ms: number): Promise<void>;
  /** The durations that were slept for, in order. */
  readonly slept: readonly number[];
  /** How many sleep now. */
  readonly sleeping: number;
  /** Resolves when somebody sleeps; rejects after 20 s of real time. */
  whenAsleep(): Promise<void>;
}

/** `random` is handed out in turn, the last one for ever. */
export function fakeClock(random: readonly number[] = [0]): FakeClock {
  let now = 0;
  let draws = 0;
  let sleepers: Sleeper[] = [];
  const slept: number[] = [];
  const fellAsleep = new EventEmitter();
  return {
    slept,
    get sleeping() {
      return sleepers.length;
    },
    now: () => now,
    wall: () => new Date(1_795_000_000_000 + now),
    random: () => random[Math.min(draws++, random.length - 1)] ?? 0,
    sleep(ms, signal) {
      slept.push(ms);
      return new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason as Error);
        const sleeper = { at: now + ms, wake: resolve };
        signal?.addEventListener(
          'abort',
          () => {
            sleepers = sleepers.filter((other) => other !== sleeper);
            reject(signal.reason as Error);
          },
          { once: true },
        );
        sleepers.push(sleeper);
        fellAsleep.emit('sleep');
      });
    },
    async whenAsleep() {
      if (sleepers.length === 0) await once(fellAsleep, 'sleep', { signal: AbortSignal.timeout(20_000) });
    },
    async advance(ms) {
      const target = now + ms;
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        const next = sleepers.filter((s) => s.at <= target).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        sleepers = sleepers.filter((s) => s !== next);
        now = Math.max(now, next.at);
        next.wake();
      }
      now = target;
    },
  };
}
