/**
 * Pushed configuration over time: examined, put on probation, kept when it leads to good check-ins, and rolled back to
 * the last good one when it does not. What was rolled back is not taken again until the server pushes something else.
 */
import type { Runtime } from '../loop/runtime.ts';
import type { StateStore } from '../state/state-store.ts';
import {
  diffPushed,
  examinePushed,
  isFault,
  pushedText,
  shownChanges,
  type Change,
  type Examined,
  type PushedMap,
  type PushRefusal,
} from './pushed.ts';

interface Offered {
  /** Those that count from now on. */
  readonly changes: readonly Change[];
  readonly refused: readonly PushRefusal[];
  /** What `errors` reports may be different from now on. */
  readonly errorsMayDiffer: boolean;
}

export interface PushTracker {
  /** What counts now. */
  readonly current: PushedMap;
  /** Looks at a pushed map. `server` is the address that it came from. */
  offer(map: PushedMap, server: string): Offered;
  /** A check-in went well. */
  succeeded(): void;
  /** The k-th check-in in a row failed: true when that rolled the configuration back. */
  failed(reason: string): boolean;
  /** What went wrong with pushed configuration, for the fact razor_mk_errors; empty when all is well. */
  readonly errors: readonly string[];
}

interface PushOptions {
  readonly store: StateStore;
  /** Good check-ins that make it good; 0 trusts at once. */
  readonly probation: () => number;
}

interface PushState {
  good: PushedMap;
  trial: { readonly map: PushedMap; left: number } | undefined;
  rejected: { readonly text: string; readonly until: number } | undefined;
  /** The text of the map that was looked at last. */
  lastOffer: string | undefined;
  refusals: readonly PushRefusal[];
  rollback: string | undefined;
}

/** What was rolled back is looked at again after this: perhaps it was not the configuration's fault. */
const REJECTED_MS = 600_000;

/** A tracker that starts from the stored last good configuration. Refusals and changes are logged and emitted once. */
export function createPushTracker(
  runtime: Pick<Runtime, 'clock' | 'log' | 'emit'>,
  { store, probation }: PushOptions,
): PushTracker {
  const { clock, log, emit } = runtime;
  const state: PushState = {
    good: store.config ?? {},
    trial: undefined,
    rejected: undefined,
    lastOffer: undefined,
    refusals: [],
    rollback: undefined,
  };
  return {
    get current() {
      return currentOf(state);
    },
    get errors() {
      const faults = state.refusals.filter(isFault);
      const refused = faults.map(({ key, value, reason }) => `pushed ${key} ${value} refused: it ${reason}`);
      return state.rollback === undefined ? refused : [...refused, state.rollback];
    },
    offer(map, server) {
      const text = JSON.stringify(map);
      // a server pushes the same map with every reply: it is looked at once
      if (text === state.lastOffer) return { changes: [], refused: state.refusals, errorsMayDiffer: false };
      if (text === state.rejected?.text && clock.now() < state.rejected.until)
        return { changes: [], refused: [], errorsMayDiffer: false };
      state.lastOffer = text;
      const offered = examineOffer(state, examinePushed(map, currentOf(state), server), probation());
      reportOffer(offered, runtime);
      if (state.trial?.left === 0) adopt(state, store);
      return offered;
    },
    succeeded() {
      if (state.trial !== undefined && --state.trial.left <= 0) adopt(state, store);
    },
    failed(reason) {
      if (state.trial === undefined) return false;
      state.rejected = { text: state.lastOffer ?? '', until: clock.now() + REJECTED_MS };
      state.lastOffer = undefined;
      state.trial = undefined;
      state.rollback = `pushed configuration rolled back: ${reason}`;
      log.warn(state.rollback);
      emit({ event: 'config-rollback', reason });
      return true;
    },
  };
}

function currentOf({ trial, good }: PushState): PushedMap {
  return trial?.map ?? good;
}

/** Takes what an examination left over as the configuration on trial. */
function examineOffer(state: PushState, { accepted, refused }: Examined, probation: number): Offered {
  const changes = diffPushed(currentOf(state), accepted);
  const errorsMayDiffer = [...state.refusals, ...refused].some(isFault) || state.rollback !== undefined;
  state.refusals = refused;
  if (changes.length > 0) state.trial = { map: accepted, left: probation };
  // nothing but what is good already: what was rolled back is not wanted any more
  else if (state.trial === undefined) state.rollback = undefined;
  return { changes, refused, errorsMayDiffer };
}

/** The configuration on trial proved good. */
function adopt(state: PushState, store: StateStore): void {
  if (state.trial === undefined) return;
  state.good = state.trial.map;
  state.trial = undefined;
  state.rollback = undefined;
  store.setConfig(state.good);
}

function reportOffer({ changes, refused }: Offered, { log, emit }: Pick<Runtime, 'log' | 'emit'>): void {
  if (changes.length > 0 || refused.length > 0) emit({ event: 'config', applied: shownChanges(changes), refused });
  for (const { key, value, reason } of refused)
    log.warn(`pushed configuration: ${key} = ${value} is refused: it ${reason}`);
  for (const { key, from, to } of changes)
    log.info(`pushed configuration: ${key}: ${pushedText(key, from)} -> ${pushedText(key, to)}`);
}
