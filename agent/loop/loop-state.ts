/** What the loop knows from step to step, and the small acts that several of its steps share. */
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { createSchedule, type Intervals, type Schedule, type Wait } from '../../platform/time/schedule.ts';
import type { Exclusion } from '../../facts/facts.ts';
import { createPushTracker, type PushTracker } from '../config/push-tracker.ts';
import type { Resolved } from '../config/settings.ts';
import type { Dialect } from '../servers/dialect.ts';
import { createErrorsFact } from '../state/errors-fact.ts';
import { createExclusions, exclusionPattern } from '../state/exclusion.ts';
import { createFactCache, type FactCache } from '../state/fact-cache.ts';
import type { AgentOptions } from './agent-options.ts';
import { createCalendar, type Calendar } from './timing/calendar.ts';
import { createClockWatch, type ClockWatch } from './timing/clock-watch.ts';
import { createCommandRunner, type CommandRunner } from './command-runner.ts';
import { reportError, reportWarning } from './report-error.ts';
import type { Runtime } from './runtime.ts';
import { createTargets, type Targets } from './targets.ts';
import { intervalsOf, slowIntervalWarning } from './timing/turn-interval.ts';

export interface LoopState {
  readonly runtime: Runtime;
  readonly options: AgentOptions;
  readonly targets: Targets;
  readonly push: PushTracker;
  readonly facts: FactCache;
  /** When the next turn is, and how many failed in a row. */
  readonly schedule: Schedule;
  /** When discovery is tried again. */
  readonly discoverySchedule: Schedule;
  readonly calendar: Calendar;
  readonly runner: CommandRunner;
  /** What is not sent, by the settings of now. */
  readonly exclusion: () => Exclusion;
  readonly extraFacts: () => Readonly<Record<string, string>>;
  readonly watchClock: ClockWatch;
  resolved: Resolved;
  /** The exchanges with the server of the last turn; `key` is what they were opened with. */
  exchanges: { readonly key: string; readonly dialect: Dialect } | undefined;
  nodeId: string | undefined;
  /** Ends the present wait. */
  waking: AbortController;
  turns: number;
  /** Turns that the server answered. */
  answered: number;
  /** What the last turn failed with; undefined after an answer. */
  lastError: unknown;
  registersInARow: number;
  /** The address that was asked last. */
  asked: string | undefined;
  /** The interval that was warned about last, in seconds. */
  warnedInterval: number;
}

/** The state before the first step. Nothing is asked and nothing waits yet. */
export function createLoopState(runtime: Runtime, options: AgentOptions): LoopState {
  const { clock, signal } = runtime;
  const { store, descriptor } = options;
  const push = createPushTracker(runtime, { store, probation: () => state.resolved.values.probation });
  const facts = createFactCache(() => options.collect(state.resolved.values), clock);
  const exclusions = createExclusions(descriptor);
  const exclusion = (): Exclusion => exclusions(state.resolved.values.factExclude);
  const errorsFact = createErrorsFact(facts, () => [...push.errors, ...(options.extraErrors?.() ?? [])]);
  const state: LoopState = {
    runtime,
    options,
    targets: createTargets(clock),
    push,
    facts,
    schedule: createSchedule(() => state.nodeId),
    discoverySchedule: createSchedule(() => undefined),
    calendar: createCalendar({
      forgetsAfterS: descriptor.turns.forgetsAfterS,
      warn: (message) => reportWarning(runtime, message),
      // not out of the wait after a failure, which the server may have asked for
      checkin: () => (state.schedule.failures === 0 ? state.waking.abort() : undefined),
      housekeeping: async () => (facts.expire(), await applySettings(state)),
    }),
    runner: createCommandRunner(runtime, {
      store,
      facts,
      descriptor,
      exclusion,
      dialect: () => state.exchanges?.dialect,
    }),
    exclusion,
    extraFacts: () => ({ ...(descriptor.turns.asksServer && options.ownFacts?.()), ...errorsFact() }),
    watchClock: createClockWatch(clock, (message) => reportWarning(runtime, message)),
    resolved: options.settings(push.current),
    exchanges: undefined,
    nodeId: undefined,
    waking: new AbortController(),
    turns: 0,
    answered: 0,
    lastError: undefined,
    registersInARow: 0,
    asked: undefined,
    warnedInterval: 0,
  };
  signal.addEventListener('abort', () => state.waking.abort(signal.reason), { once: true });
  return state;
}

/** Resolves the settings anew and hands them to whoever acts by them. Never throws. */
export async function applySettings(state: LoopState): Promise<void> {
  const { runtime, options } = state;
  const before = state.resolved.values.factExclude;
  state.resolved = options.settings(state.push.current);
  const { resolved } = state;
  for (const text of resolved.refused) reportWarning(runtime, text);
  // the next turn sends what another pattern lets through
  const { descriptor } = options;
  if (exclusionPattern(before, descriptor) !== exclusionPattern(resolved.values.factExclude, descriptor))
    state.facts.expire();
  const { checkinInterval } = resolved.values;
  const slow = slowIntervalWarning(resolved, descriptor.turns.forgetsAfterS);
  if (slow !== undefined && checkinInterval !== state.warnedInterval) reportWarning(runtime, slow);
  state.warnedInterval = checkinInterval;
  await guard(state, 'the calendar', state.calendar.set(resolved.values));
  await guard(state, 'configured', options.hooks?.configured?.(resolved.values, runtime.signal));
}

/** The lengths of waits by the settings of now. */
export function intervalsNow({ resolved, options }: LoopState): Intervals {
  return intervalsOf(resolved, options.descriptor.turns.interval, options.kernel);
}

/** A network may let a node through at any moment, and who stands before the machine waits for it. */
const FIRST_CONTACT_CAP_MS = 8000;
/** After some minutes a server that nobody has reached is likely off, and others may be starting with us. */
const FIRST_CONTACT_FAILURES = 100;

/** Whether no server has been reached yet: none has answered, and this failure is none of its own words (an overload, a refusal). */
export function isFirstContact(state: LoopState, error: unknown): boolean {
  return state.answered === 0 && !(error instanceof RazorMkError && error.code === 'RAZOR_MK_REFUSED');
}

/** The same for the waits after failures: short ones before first contact, for the first hundred failures. */
export function failureIntervals(state: LoopState, failures: number, error: unknown): Intervals {
  const intervals = intervalsNow(state);
  if (!isFirstContact(state, error) || failures >= FIRST_CONTACT_FAILURES) return intervals;
  return { ...intervals, backoffCapMs: Math.min(intervals.backoffCapMs, FIRST_CONTACT_CAP_MS) };
}

/** Waits until the time is over, somebody wakes the loop, or it is stopped. */
export async function pause(state: LoopState, { ms, reason }: Wait): Promise<void> {
  const { clock, emit, signal } = state.runtime;
  if (ms <= 0 || signal.aborted) return;
  emit({ event: 'waiting', ms: Math.round(ms), reason });
  state.waking = new AbortController();
  await clock.sleep(ms, state.waking.signal).catch(() => undefined);
}

/** Lets another part of the node do something: what it throws is reported, and costs no turn. */
export async function guard(state: LoopState, name: string, action: Promise<void> | undefined): Promise<void> {
  const { signal, log } = state.runtime;
  await action?.catch((error: unknown) => (signal.aborted ? undefined : reportFailure(state, error)));
  if (signal.aborted) log.debug(`${name} was stopped`);
}

/** Reports an error, to the server's own log of this node as well, where it keeps one and can be reached. */
export function reportFailure({ runtime, exchanges }: LoopState, error: unknown): void {
  const { code, message } = reportError(runtime, error);
  if (code !== 'RAZOR_MK_HTTP')
    exchanges?.dialect.logToServer?.('error', message, runtime.signal).catch(() => undefined);
}

/** Reports what the store could not do since it was asked last. */
export function reportStore({ runtime, options }: LoopState): void {
  for (const text of options.store.takeProblems()) reportWarning(runtime, text);
}

/** Why the loop ends, in words. */
export function endReason({ signal }: Runtime): string {
  return signal.aborted ? messageOf(signal.reason) : 'the asked number of turns is done';
}
