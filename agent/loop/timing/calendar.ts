/**
 * What is meant by the calendar: check-ins at the times of a cron expression instead of an interval, and housekeeping.
 * node-cron is loaded when an expression is set, and runs functions only: a task by file name would start the executable
 * again inside itself.
 */
import type { ScheduledTask } from 'node-cron';
import { messageOf } from '../../../platform/errors/errors.ts';
import type { Wait } from '../../../platform/time/schedule.ts';
import type { Settings } from '../../config/settings.ts';

export interface Calendar {
  /** Takes over the expressions of the settings; one that cannot be used is reported and ignored. */
  set(settings: Settings): Promise<void>;
  /** The wait until the next turn: until the calendar wakes the agent where it rules, else as it is. */
  wait(otherwise: Wait): Wait;
  close(): void;
}

interface CalendarJobs {
  /** Seconds of silence after which the server takes the node for a new one; undefined where it never does. */
  readonly forgetsAfterS: number | undefined;
  checkin(): void;
  housekeeping(): Promise<void>;
  warn(message: string): void;
}

/** The calendar wakes the agent. When it does not, because the clock was set meanwhile, a turn is taken so much later. */
const LATE_MS = 1000;
/** So many times ahead are looked at for the longest gap. */
const LOOKED_AT = 200;
const SILENT = () => undefined;
/** node-cron would write to standard output, where the events are. */
const NO_LOG = { info: SILENT, warn: SILENT, error: SILENT, debug: SILENT };

interface Entry {
  readonly expression: string;
  readonly task: ScheduledTask;
  /** The next times, in seconds since 1970, where the clocks stay as they are now. */
  readonly steadyRuns: (count: number) => readonly number[];
}

/**
 * The offset of local time from UTC as the name of a time zone: `+02:00`. In a zone of its own node-cron leaves out the first of the
 * two equal hours of autumn (3,631 s for `* * * * *` in Europe/Berlin); in this one no hour comes twice, and none is missing.
 */
function steadyZone(): string {
  const minutes = -new Date().getTimezoneOffset();
  const two = (number: number): string => String(Math.trunc(Math.abs(number))).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}

/** A calendar without entries. */
export function createCalendar(jobs: CalendarJobs): Calendar {
  const running = new Map<string, Entry>();

  async function enter(name: string, expression: string, run: () => void | Promise<void>): Promise<void> {
    if (running.get(name)?.expression === expression) return;
    void running.get(name)?.task.destroy();
    running.delete(name);
    if (expression === '') return;
    const { createTask, schedule, validate } = await import('node-cron');
    if (!validate(expression)) {
      jobs.warn(`${name} "${expression}" is not a cron expression and is ignored`);
      return;
    }
    const guarded = async (): Promise<void> => {
      try {
        await run();
      } catch (error) {
        jobs.warn(`${name}: ${messageOf(error)}`);
      }
    };
    const task = schedule(expression, guarded, { name, noOverlap: true, suppressMissedWarning: true, logger: NO_LOG });
    const steadyRuns = (count: number): readonly number[] => {
      const steady = createTask(expression, SILENT, { timezone: steadyZone(), logger: NO_LOG });
      const times = steady.getNextRuns(count).map((time) => time.getTime() / 1000);
      void steady.destroy();
      return times;
    };
    running.set(name, { expression, task, steadyRuns });
  }

  function warnOfGap({ expression, steadyRuns }: Entry): void {
    const times = steadyRuns(LOOKED_AT);
    const gap = Math.max(0, ...times.slice(1).map((time, index) => time - (times[index] ?? time)));
    const { forgetsAfterS } = jobs;
    if (forgetsAfterS === undefined || gap <= forgetsAfterS) return;
    jobs.warn(
      `checkin-cron "${expression}" leaves up to ${gap} s between check-ins: servers forget a node after ${forgetsAfterS} s, and may answer register for ever`,
    );
  }

  return {
    async set(settings) {
      const before = running.get('checkin-cron');
      await enter('checkin-cron', settings.checkinCron, () => jobs.checkin());
      const now = running.get('checkin-cron');
      if (now !== undefined && now !== before) warnOfGap(now);
      await enter('housekeeping-cron', settings.housekeepingCron, () => jobs.housekeeping());
    },
    wait(otherwise) {
      const entry = running.get('checkin-cron');
      const next = entry?.task.getNextRun();
      if (entry === undefined || !next) return otherwise;
      const steady = (entry.steadyRuns(1)[0] ?? Infinity) * 1000;
      const ms = Math.max(0, Math.min(next.getTime(), steady) - Date.now()) + LATE_MS;
      return { ms, reason: `the calendar: ${entry.expression}` };
    },
    close() {
      for (const { task } of running.values()) void task.destroy();
      running.clear();
    },
  };
}
