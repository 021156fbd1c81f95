/** When the next turn is. Decides only: the agent sleeps, and so do the simulated ones of the lab's herd. */
import { backoffDelay, nextTurnDelay, nodePhase } from './timing.ts';

export interface Intervals {
  readonly intervalMs: number;
  readonly skewMs: number;
  readonly backoffCapMs: number;
  /** The longest that Retry-After may keep us away. */
  readonly retryAfterCapMs: number;
}

export interface Wait {
  readonly ms: number;
  /** Why, for people. */
  readonly reason: string;
}

export interface Schedule {
  /** Before the very first turn: a random part of the skew. */
  first(pace: Intervals, random: () => number): Wait;
  /** After a turn that went well. */
  afterSuccess(pace: Intervals, now: number, lastStart: number): Wait;
  /** After one that failed. `retryAfterMs` is what the server asked for. */
  afterFailure(pace: Intervals, random: () => number, retryAfterMs: number | undefined): Wait;
  /** Failed turns in a row. */
  readonly failures: number;
}

/** Waits after errors start with at most this. */
const BACKOFF_BASE_MS = 1000;
const BACKOFF_FLOOR_MS = 200;

/** A schedule for one node. Its place in the interval comes from its id. */
export function createSchedule(nodeId: () => string | undefined): Schedule {
  let failures = 0;
  let place: { readonly key: string; readonly ms: number } | undefined;

  /** The node's place in the interval, reckoned once. */
  function phase(intervalMs: number): { phaseMs?: number } {
    const id = nodeId();
    if (id === undefined) return {};
    const key = `${intervalMs} ${id}`;
    if (place?.key !== key) place = { key, ms: nodePhase(id, intervalMs) };
    return { phaseMs: place.ms };
  }

  return {
    get failures() {
      return failures;
    },
    first: (pace, random) => ({
      ms: random() * pace.skewMs,
      reason: 'a random part of the skew before the first turn',
    }),
    afterSuccess(pace, now, lastStart) {
      failures = 0;
      const ms = nextTurnDelay({ now, lastStart, intervalMs: pace.intervalMs, ...phase(pace.intervalMs) });
      return { ms, reason: 'the next turn' };
    },
    afterFailure(pace, random, retryAfterMs) {
      const attempt = failures++;
      const capMs = Math.max(BACKOFF_FLOOR_MS, Math.min(pace.backoffCapMs, Math.max(pace.intervalMs, 1000)));
      const ms = backoffDelay(attempt, { baseMs: BACKOFF_BASE_MS, capMs, floorMs: BACKOFF_FLOOR_MS, random });
      if (retryAfterMs === undefined)
        return { ms, reason: `after ${failures} failed turn${failures === 1 ? '' : 's'}` };
      const asked = Math.min(retryAfterMs, pace.retryAfterCapMs);
      // some noise on top, so that everybody who was told the same does not come back at once
      return { ms: asked + ms, reason: `the server asked to be left alone for ${Math.round(asked / 1000)} s` };
    },
  };
}
