/**
 * A herd: many agents with the real schedule (platform/time/schedule.ts) and no machine behind them. On a virtual clock a
 * hundred thousand of them live through a cold start of all at once and an outage of the server in a few seconds.
 */
import { createSchedule, type Intervals, type Schedule } from '../../platform/time/schedule.ts';
import { createTimeQueue } from './queue.ts';

export interface HerdOptions {
  readonly nodes: number;
  /** Makes a run repeatable. */
  readonly seed: number;
  readonly pace: Intervals;
  /** The server is away from then to then, in milliseconds since the start. */
  readonly outage: { readonly fromMs: number; readonly toMs: number };
  readonly endMs: number;
  /** From the start of a turn to its end. */
  readonly turnMs: number;
}

export interface HerdResult {
  /** Requests that reached the server, in each second since the start. Those in the outage are `failed`. */
  readonly answered: readonly number[];
  readonly failed: readonly number[];
}

export interface Spread {
  readonly peak: number;
  readonly mean: number;
  readonly ratio: number;
}

/** Numbers in [0, 1) from a seed (mulberry32; for tests and simulations only). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The hardware id of a simulated node: a MAC of the range for local use, spread by the seed. */
export function herdId(index: number, seed: number): string {
  const high = (0x5e00 + (seed & 0xff)).toString(16);
  return `02${high}${index.toString(16).padStart(6, '0')}`.toUpperCase();
}

/** Runs the herd on a virtual clock. Every node is powered on at 0. */
export function runHerd({ nodes, seed, pace, outage, endMs, turnMs }: HerdOptions): HerdResult {
  const random = seeded(seed);
  const seconds = Math.ceil(endMs / 1000);
  const answered = new Array<number>(seconds).fill(0);
  const failed = new Array<number>(seconds).fill(0);
  const queue = createTimeQueue();
  const schedules: Schedule[] = [];
  for (let who = 0; who < nodes; who++) {
    const id = herdId(who, seed);
    const schedule = createSchedule(() => id);
    schedules.push(schedule);
    queue.push(schedule.first(pace, random).ms, who);
  }
  for (let turn = queue.pop(); turn !== undefined && turn.at < endMs; turn = queue.pop()) {
    const { at, who } = turn;
    const schedule = schedules[who] as Schedule;
    const away = at >= outage.fromMs && at < outage.toMs;
    const counts = away ? failed : answered;
    const second = Math.floor(at / 1000);
    counts[second] = (counts[second] ?? 0) + 1;
    const now = at + turnMs;
    const wait = away ? schedule.afterFailure(pace, random, undefined) : schedule.afterSuccess(pace, now, at);
    queue.push(now + wait.ms, who);
  }
  return { answered, failed };
}

/** Peak and mean of the seconds from `from` on, `length` of them. */
export function spreadOf(perSecond: readonly number[], from: number, length: number): Spread {
  const part = perSecond.slice(from, from + length);
  const peak = Math.max(...part);
  const mean = part.reduce((sum, count) => sum + count, 0) / part.length;
  return { peak, mean, ratio: peak / mean };
}
