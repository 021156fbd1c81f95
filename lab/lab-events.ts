/** What happened in the lab, with the reason in words: for the page, the demonstration, the verbs and tests. */
import type { SharedEvent, SharedEvents } from './store/store.ts';

export type LabEventType =
  | 'started'
  | 'checkin'
  | 'registered'
  | 'tagged'
  | 'bound'
  | 'protected'
  | 'command'
  | 'boot'
  | 'callback'
  | 'state'
  | 'image'
  | 'expired'
  | 'merged'
  | 'conflict'
  | 'removed'
  | 'allowed'
  | 'changed'
  | 'log'
  | 'refused'
  | 'failed';

export interface LabEvent {
  /** Counts from 1; never reused while the lab runs. */
  readonly seq: number;
  /** Wall time in milliseconds since 1970. */
  readonly at: number;
  readonly type: LabEventType;
  /** UUID of the node that it is about. */
  readonly node?: string;
  /** Which dialect the exchange spoke: razor, hanlon, razor-server. */
  readonly dialect?: string;
  /** The command given, for `checkin` and `command`. */
  readonly command?: string;
  /** What happened and why, one sentence. */
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Where it happened in another lab on the same database: that lab's name. */
  readonly lab?: string;
}

export type LabEventListener = (event: LabEvent) => void;

type NewLabEvent = Omit<LabEvent, 'seq' | 'at' | 'lab'>;

export interface LabEvents extends SharedEvents {
  emit(event: NewLabEvent): void;
  /** Events after `seq`, oldest first; only those of one node when `node` is given. The last 5,000 are kept. */
  since(seq: number, node?: string): readonly LabEvent[];
  /** The sequence number of the newest event, 0 before the first. */
  readonly last: number;
  /** Calls `listener` for every event from now on; the result ends that. */
  subscribe(listener: LabEventListener): () => void;
  /** Resolves with the first event, kept or to come, that `matches`; rejects when the signal is aborted. */
  waitFor(matches: (event: LabEvent) => boolean, signal?: AbortSignal): Promise<LabEvent>;
}

const KEPT = 5000;

/** Check-ins that changed nothing are thousands a second: each lab shows its own. */
function concernsOthers({ type, command }: NewLabEvent): boolean {
  return type !== 'checkin' || command !== 'acknowledge';
}

/** The event log. `wall` gives the time in milliseconds. */
export function createEvents(wall: () => number): LabEvents {
  const listeners = new Set<LabEventListener>();
  let kept: LabEvent[] = [];
  let seq = 0;
  const subscribe = (listener: LabEventListener): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const tell = (event: TimedEvent): void => {
    const whole: LabEvent = { seq: ++seq, ...event };
    kept.push(whole);
    if (kept.length >= 2 * KEPT) kept = kept.slice(-KEPT);
    for (const listener of listeners) {
      try {
        listener(whole);
      } catch {
        // a listener is a spectator: it cannot fail the request that it watches
      }
    }
  };
  return {
    ...sharedEvents(wall, tell),
    since(after, node) {
      const found: LabEvent[] = [];
      for (let i = kept.length - 1; i >= 0; i--) {
        const event = kept[i] as LabEvent;
        if (event.seq <= after) break;
        if (node === undefined || event.node === node) found.push(event);
      }
      return found.reverse().slice(-KEPT);
    },
    get last() {
      return seq;
    },
    subscribe,
    waitFor(matches, signal) {
      if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
      const found = kept.find(matches);
      if (found) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        const giveUp = (): void => {
          stop();
          reject(signal?.reason as Error);
        };
        const stop = subscribe((event) => {
          if (!matches(event)) return;
          stop();
          signal?.removeEventListener('abort', giveUp);
          resolve(event);
        });
        signal?.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
}

type TimedEvent = Omit<LabEvent, 'seq'>;

/** What is said here: held where a store asks for it, heard by this lab, and by others where they share a database. */
function sharedEvents(wall: () => number, tell: (event: TimedEvent) => void): SharedEvents & Pick<LabEvents, 'emit'> {
  let held: SharedEvent[] | undefined;
  let said: ((event: SharedEvent) => void) | undefined;
  const emit = (event: NewLabEvent): void => {
    const timed = { at: wall(), ...event };
    if (held) return void held.push(timed);
    tell(timed);
    if (said && concernsOthers(event)) said(timed);
  };
  return {
    emit,
    hold(work) {
      const mine: SharedEvent[] = (held = []);
      try {
        return { result: work(), held: mine };
      } finally {
        held = undefined;
      }
    },
    publish: (events) => events.forEach((event) => tell(event as unknown as TimedEvent)),
    adopt: (lab, events) => events.forEach((event) => tell({ ...(event as unknown as TimedEvent), lab })),
    say: (message) => emit({ type: 'failed', message }),
    onSaid: (listener) => void (said = listener),
  };
}
