/** How often a node takes a turn: what somebody wrote down, else the server's own pace, else the table's default. */
import type { Pace } from '../../platform/time/schedule.ts';
import type { Resolved } from '../config/settings.ts';
import type { Dialect } from '../servers/dialect.ts';

/** Retry-After is believed up to this. */
const RETRY_AFTER_CAP_MS = 600_000;
/** Servers of the Razor family take a node for new after this many seconds of silence. */
export const REGISTER_TIMEOUT_S = 120;

/** The pace of turns. A server that cannot push an interval has one of its own (`Dialect.intervalMs`). */
export function paceOf({ values, from }: Resolved, dialect: Dialect | undefined): Pace {
  const own = from.checkinInterval === 'built in' ? dialect?.intervalMs : undefined;
  return {
    intervalMs: own ?? values.checkinInterval * 1000,
    skewMs: values.checkinSkew * 1000,
    backoffCapMs: values.backoffCap * 1000,
    retryAfterCapMs: RETRY_AFTER_CAP_MS,
  };
}

/** What is wrong with the interval that was set, in words, or undefined. Foreman forgets nobody. */
export function tooSlow({ values }: Resolved): string | undefined {
  const { checkinInterval, checkinCron, dialect } = values;
  // the calendar looks at its own times
  if (checkinInterval <= REGISTER_TIMEOUT_S || dialect === 'foreman' || checkinCron !== '') return undefined;
  return `the check-in interval of ${checkinInterval} s is longer than the ${REGISTER_TIMEOUT_S} s after which servers forget a node: they may answer register for ever`;
}
