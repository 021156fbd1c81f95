/**
 * Tells the conductor that this node is there, at random moments, until the service ends
 * (docs/contracts/ironic.md#heartbeat).
 */
import { messageOf } from '../../../../platform/errors/errors.ts';
import type { Clock } from '../../../../platform/time/clock.ts';
import { ApiRefusal } from './ironic-api.ts';

interface HeartbeatOptions {
  readonly clock: Clock;
  /** Seconds, as of the last lookup. */
  readonly timeout: () => number;
  readonly send: () => Promise<void>;
  /** Asks for another token; resolves to whether there is one. */
  readonly renew: () => Promise<boolean>;
  readonly onSent: (durationMs: number) => void;
  readonly onError: (error: unknown) => void;
  readonly onWait: (ms: number, reason: string) => void;
  readonly signal: AbortSignal;
}

export interface HeartbeatLoop {
  /** Sends one soon: at once, or 5 s after the last. */
  force(): void;
  readonly done: Promise<void>;
}

const FORCED_PAUSE_MS = 5000;

/** A conductor that gives nodes a day must not keep the agent silent for so long that its own watchdog bites. */
const LONGEST_PAUSE_MS = 600_000;

/** The pause after a heartbeat that was taken: 0.3 to 0.6 of the time after which a node is given up, at most 10 minutes. */
export function regularPause(timeoutSeconds: number, random: number): number {
  return Math.min(LONGEST_PAUSE_MS, timeoutSeconds * 1000 * (0.3 + 0.3 * random));
}

/** The pause after one that was not: 5 to 10 s. */
function errorPause(random: number): number {
  return 5000 + 5000 * random;
}

/** Starts with a heartbeat at once. */
export function startHeartbeats(options: HeartbeatOptions): HeartbeatLoop {
  const { clock, signal } = options;
  let forced = false;
  let waking = new AbortController();

  async function pause(ms: number, reason: string): Promise<void> {
    const until = clock.now() + ms;
    const earliest = clock.now() + Math.min(ms, FORCED_PAUSE_MS);
    options.onWait(ms, reason);
    waking = new AbortController();
    if (!forced) await clock.sleep(ms, AbortSignal.any([signal, waking.signal])).catch(() => undefined);
    if (!forced || signal.aborted) return;
    forced = false;
    const left = Math.min(earliest, until) - clock.now();
    if (left > 0) await clock.sleep(left, signal).catch(() => undefined);
  }

  async function loop(): Promise<void> {
    let renewing = false;
    while (!signal.aborted) {
      const started = clock.now();
      try {
        if (renewing) renewing = !(await options.renew());
        if (renewing) {
          await pause(regularPause(options.timeout(), clock.random()), 'Ironic wants nothing of this node now');
          continue;
        }
        await options.send();
        options.onSent(clock.now() - started);
        await pause(regularPause(options.timeout(), clock.random()), 'the next heartbeat');
      } catch (error) {
        if (signal.aborted) return;
        options.onError(error);
        renewing = isTokenRefusal(error);
        await pause(
          errorPause(clock.random()),
          renewing ? 'another token is asked for' : 'the heartbeat is sent again',
        );
      }
    }
  }

  return {
    force() {
      forced = true;
      waking.abort();
    },
    done: loop(),
  };
}

/** The token was wiped with the state of the node: it is not wanted now, or will be handed another one. */
function isTokenRefusal(error: unknown): boolean {
  return error instanceof ApiRefusal && error.status === 400 && /agent token/i.test(messageOf(error));
}
