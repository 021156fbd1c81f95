/**
 * Pushed configuration over time: examined, put on probation, kept when it leads to good check-ins, and rolled back to
 * the last good one when it does not. What was rolled back is not taken again until the server pushes something else.
 */
import type { Emit } from '../loop/events.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Log } from '../../platform/log/log.ts';
import type { Store } from '../state/state-store.ts';
import {
  diffPushed,
  examinePushed,
  pushedText,
  shownChanges,
  type Change,
  type PushedMap,
  type Refusal,
} from './pushed.ts';

export interface Offered {
  /** Those that count from now on. */
  readonly changes: readonly Change[];
  readonly refused: readonly Refusal[];
  /** What is told in `errors` may be another from now on. */
  readonly news: boolean;
}

export interface PushKeeper {
  /** What counts now. */
  readonly current: PushedMap;
  /** Good check-ins that are still missing, while on probation. */
  readonly probationLeft: number | undefined;
  /** Looks at a pushed map. `server` is the address that it came from. */
  offer(map: PushedMap, server: string): Offered;
  /** A check-in went well. */
  good(): void;
  /** The k-th check-in in a row failed: true when that rolled the configuration back. */
  failed(reason: string): boolean;
  /** What went wrong with pushed configuration, for the fact razor_mk_errors; empty when all is well. */
  readonly errors: readonly string[];
}

export interface PushOptions {
  readonly store: Store;
  readonly log: Log;
  readonly emit: Emit;
  readonly clock: Clock;
  /** Good check-ins that make it good; 0 trusts at once. */
  readonly probation: () => number;
}

/** What was rolled back is looked at again after this: perhaps it was not the configuration's fault. */
const REJECTED_MS = 600_000;

/** Starts from the stored last good configuration. */
export function createPushKeeper(options: PushOptions): PushKeeper {
  const { store, log, emit, clock } = options;
  let good: PushedMap = store.config ?? {};
  let trial: { map: PushedMap; left: number } | undefined;
  let rejected: { readonly text: string; readonly until: number } | undefined;
  let lastOffer: string | undefined;
  let refusals: readonly Refusal[] = [];
  let rollback: string | undefined;
  const current = (): PushedMap => trial?.map ?? good;

  function settle(): void {
    if (trial === undefined) return;
    good = trial.map;
    trial = undefined;
    rollback = undefined;
    store.setConfig(good);
  }

  return {
    get current() {
      return current();
    },
    get probationLeft() {
      return trial?.left;
    },
    get errors() {
      const refused = refusals.map(({ key, value, reason }) => `pushed ${key} ${value} refused: it ${reason}`);
      return rollback === undefined ? refused : [...refused, rollback];
    },
    offer(map, server) {
      const text = JSON.stringify(map);
      // a server pushes the same map with every reply: it is looked at once
      if (text === lastOffer) return { changes: [], refused: refusals, news: false };
      if (text === rejected?.text && clock.now() < rejected.until) return { changes: [], refused: [], news: false };
      lastOffer = text;
      const wrongBefore = refusals.length > 0 || rollback !== undefined;
      const { accepted, refused } = examinePushed(map, current(), server);
      refusals = refused;
      const changes = diffPushed(current(), accepted);
      const news = wrongBefore || refused.length > 0;
      // nothing but what is good already: what was rolled back is not wanted any more
      if (changes.length === 0 && trial === undefined) rollback = undefined;
      if (changes.length > 0 || refused.length > 0) {
        emit({ event: 'config', applied: shownChanges(changes), refused });
      }
      for (const { key, value, reason } of refused)
        log.warn(`pushed configuration: ${key} = ${value} is refused: it ${reason}`);
      for (const { key, from, to } of changes) {
        log.info(`pushed configuration: ${key}: ${pushedText(key, from)} -> ${pushedText(key, to)}`);
      }
      if (changes.length === 0) return { changes, refused, news };
      trial = { map: accepted, left: options.probation() };
      if (trial.left === 0) settle();
      return { changes, refused, news };
    },
    good() {
      if (trial !== undefined && --trial.left <= 0) settle();
    },
    failed(reason) {
      if (trial === undefined) return false;
      rejected = { text: lastOffer ?? '', until: clock.now() + REJECTED_MS };
      lastOffer = undefined;
      trial = undefined;
      rollback = `pushed configuration rolled back: ${reason}`;
      log.warn(rollback);
      emit({ event: 'config-rollback', reason });
      return true;
    },
  };
}
