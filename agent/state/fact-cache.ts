/** Facts, gathered when they are needed and not more often: a turn at every second must not read /sys every second. */
import type { FactSet } from '../../facts/fact-types.ts';
import type { Clock } from '../../platform/time/clock.ts';

export interface FactCache {
  /** Facts that are at most `maxAgeMs` old. */
  get(maxAgeMs: number): Promise<{ readonly set: FactSet; readonly fresh: boolean }>;
  /** The next get gathers anew. */
  expire(): void;
  /** What was gathered last. */
  readonly last: FactSet | undefined;
}

/** `collect` never throws (facts/collect-facts.ts). Two calls at the same time share one gathering. */
export function createFactCache(collect: () => Promise<FactSet>, clock: Clock): FactCache {
  let last: { set: FactSet; at: number } | undefined;
  let running: Promise<FactSet> | undefined;
  return {
    get last() {
      return last?.set;
    },
    expire() {
      if (last !== undefined) last = { ...last, at: -Infinity };
    },
    async get(maxAgeMs) {
      if (last !== undefined && clock.now() - last.at <= maxAgeMs) return { set: last.set, fresh: false };
      running ??= collect().finally(() => (running = undefined));
      const set = await running;
      last = { set, at: clock.now() };
      return { set, fresh: true };
    },
  };
}
