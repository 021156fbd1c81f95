/** How often a node takes a turn: what somebody wrote down, else the server's own interval, else the table's default. */
import type { Intervals } from '../../../platform/time/schedule.ts';
import type { Resolved } from '../../config/settings.ts';
import type { CommandLine } from '../../../platform/kernel-line.ts';
import type { IntervalRule } from '../../servers/server.ts';

/** Retry-After is believed up to this. */
const RETRY_AFTER_CAP_MS = 600_000;

/** When turns are taken. A server that cannot push an interval has one of its own. */
export function intervalsOf({ values, from }: Resolved, rule: IntervalRule, kernel: CommandLine): Intervals {
  const own = from.checkinInterval === 'built in' ? ownIntervalS(rule, kernel) : undefined;
  return {
    intervalMs: (own ?? values.checkinInterval) * 1000,
    skewMs: values.checkinSkew * 1000,
    backoffCapMs: values.backoffCap * 1000,
    retryAfterCapMs: RETRY_AFTER_CAP_MS,
  };
}

/** Seconds: what the server's own kernel parameter says, else the server's own interval; undefined where it has none. */
function ownIntervalS({ seconds, kernelKey, bounds }: IntervalRule, kernel: CommandLine): number | undefined {
  const text = kernelKey === undefined ? '' : (kernel.value(kernelKey) ?? '');
  const [min, max] = bounds ?? [0, Infinity];
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  return value >= min && value <= max ? value : seconds;
}

/** What is wrong with the interval that was set, in words, or undefined. `forgetsAfterS` is the server's. */
export function slowIntervalWarning({ values }: Resolved, forgetsAfterS: number | undefined): string | undefined {
  const { checkinInterval, checkinCron } = values;
  // the calendar looks at its own times
  if (forgetsAfterS === undefined || checkinInterval <= forgetsAfterS || checkinCron !== '') return undefined;
  return `the check-in interval of ${checkinInterval} s is longer than the ${forgetsAfterS} s after which servers forget a node: they may answer register for ever`;
}
