/** What happened in the lab, with the reason in words: for the page, the demonstration, the verbs and tests. */

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
}

export type LabEventListener = (event: LabEvent) => void;

type NewLabEvent = Omit<LabEvent, 'seq' | 'at'>;

export interface LabEvents {
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

/** The event log. `wall` gives the time in milliseconds. */
export function createEvents(wall: () => number): LabEvents {
  const listeners = new Set<LabEventListener>();
  let kept: LabEvent[] = [];
  let seq = 0;
  const subscribe = (listener: LabEventListener): (() => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return {
    emit(event) {
      const whole: LabEvent = { seq: ++seq, at: wall(), ...event };
      kept.push(whole);
      if (kept.length >= 2 * KEPT) kept = kept.slice(-KEPT);
      for (const listener of listeners) {
        try {
          listener(whole);
        } catch {
          // a listener is a spectator: it cannot fail the request that it watches
        }
      }
    },
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
      const found = kept.find(matches);
      if (found) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        const stop = subscribe((event) => {
          if (!matches(event)) return;
          stop();
          resolve(event);
        });
        signal?.addEventListener('abort', () => {
          stop();
          reject(signal.reason as Error);
        });
      });
    },
  };
}
