/** What nearly every part of a running agent needs, in one bundle: `f(runtime, options)` with few options of its own. */
import type { Log } from '../../platform/log/log.ts';
import type { System } from '../../platform/system.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Emit } from './events.ts';

/** Handed in from `run` downwards, so that a test can replace each member. Pass it on whole; do not spread it. */
export interface Runtime {
  /** Monotonic time and waits; a fake one in tests. */
  readonly clock: Clock;
  readonly log: Log;
  /** Reports what happens, for `--events`, the console and the status. Never throws. */
  readonly emit: Emit;
  /** The only way to change the machine; dry without --live. */
  readonly system: System;
  /** Aborted when the agent is to stop. Every wait and every request takes it. */
  readonly signal: AbortSignal;
}
