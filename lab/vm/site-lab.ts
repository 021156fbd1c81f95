/** The lab of a virtual site, as a child process: its events, who waits for one, and what they mean for the timeline. */
import type { Daemon } from '../../platform/process/daemon.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { LabEvent } from '../lab-events.ts';
import { labMoment } from './timeline/lab-moments.ts';
import type { Namespace } from './namespace.ts';
import type { Timeline } from './timeline/timeline.ts';

/** A lab that runs in a site. */
export interface LabProcess {
  readonly events: readonly LabEvent[];
  /** Resolves with the first event, past or to come, that matches; throws RAZOR_MK_VM after `timeoutMs`. */
  waitFor(what: string, matches: (event: LabEvent) => boolean, timeoutMs?: number): Promise<LabEvent>;
  stop(): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
}

/** Where its events go. */
interface EventSinks {
  /** A line for each event. */
  readonly decisions: string[];
  /** Names of machines by MAC. */
  readonly byMac: ReadonlyMap<string, string>;
  readonly timeline: Timeline;
}

interface Waiter {
  check(event: LabEvent): void;
  fail(why: Error): void;
}

interface ProcessState {
  readonly sinks: EventSinks;
  readonly events: LabEvent[];
  readonly errors: string[];
  readonly waiters: Set<Waiter>;
  /** Names of machines by the UUIDs of their nodes. */
  readonly nodes: Map<string, string>;
  /** Why it has ended. */
  ended: Error | undefined;
}

/** Starts `razor-mk lab --events …` in the namespace; resolves when it is ready. Throws RAZOR_MK_VM when it ends before. */
export async function startLabProcess(
  namespace: Namespace,
  argv: readonly [string, ...string[]],
  sinks: EventSinks,
): Promise<LabProcess> {
  const state: ProcessState = {
    sinks,
    events: [],
    errors: [],
    waiters: new Set(),
    nodes: new Map(),
    ended: undefined,
  };
  const ready = Promise.withResolvers<void>();
  const daemon: Daemon = await namespace.start(argv, {
    onLine(line, stream) {
      if (stream === 'stderr') return void state.errors.push(line);
      const event = parseEvent(line);
      if ((event?.type as string | undefined) === 'ready') ready.resolve();
      else if (event) handleEvent(state, event);
    },
  });
  void daemon.exited.then(() => {
    state.ended = new RazorMkError('RAZOR_MK_VM', `the lab ended: ${state.errors.slice(-3).join('; ')}`);
    ready.reject(state.ended);
    for (const waiter of state.waiters) waiter.fail(state.ended);
  });
  await ready.promise;
  return {
    events: state.events,
    waitFor: (what, matches, timeoutMs = 120_000) => waitFor(state, what, matches, timeoutMs),
    stop: () => daemon.stop(),
    kill: () => daemon.stop(0),
  };
}

function handleEvent(state: ProcessState, event: LabEvent): void {
  const { decisions, timeline } = state.sinks;
  const name = machineOf(state, event);
  const about = name === undefined ? '' : ` ${name}`;
  decisions.push(`${new Date(event.at).toISOString()} ${event.type}${about} ${event.message}`);
  const moment = name === undefined ? undefined : labMoment(event);
  if (name !== undefined && moment) timeline.add(name, moment.phase, moment.text);
  state.events.push(event);
  for (const waiter of state.waiters) waiter.check(event);
}

/** The machine that an event is about: by the ids in it, or by its node. */
function machineOf({ sinks, nodes }: ProcessState, event: LabEvent): string | undefined {
  const ids = event.details?.['hwIds'];
  for (const id of Array.isArray(ids) ? (ids as unknown[]) : []) {
    const mac = String(id)
      .toLowerCase()
      .replaceAll(/(..)(?=.)/g, '$1:');
    const name = sinks.byMac.get(mac);
    if (name === undefined) continue;
    if (event.node !== undefined) nodes.set(event.node, name);
    return name;
  }
  return event.node === undefined ? undefined : nodes.get(event.node);
}

function waitFor(
  state: ProcessState,
  what: string,
  matches: (event: LabEvent) => boolean,
  timeoutMs: number,
): Promise<LabEvent> {
  const found = state.events.find(matches);
  if (found) return Promise.resolve(found);
  if (state.ended !== undefined) return Promise.reject(state.ended);
  const waited = new Promise<LabEvent>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      state.waiters.delete(waiter);
    };
    const waiter: Waiter = {
      check(event) {
        if (!matches(event)) return;
        end();
        resolve(event);
      },
      fail(why) {
        end();
        reject(why);
      },
    };
    const timer = setTimeout(() => {
      const last = state.sinks.decisions.slice(-5).join('\n');
      waiter.fail(new RazorMkError('RAZOR_MK_VM', `waited ${timeoutMs / 1000} s for the lab: ${what}\n${last}`));
    }, timeoutMs);
    state.waiters.add(waiter);
  });
  // nobody may be looking when it fails
  waited.catch(() => undefined);
  return waited;
}

function parseEvent(line: string): LabEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'type' in value ? (value as LabEvent) : undefined;
  } catch {
    return undefined;
  }
}
