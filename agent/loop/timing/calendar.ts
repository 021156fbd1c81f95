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

/** A calendar without entries. */
export function createCalendar(jobs: CalendarJobs): Calendar {
  const running = new Map<string, { readonly expression: string; readonly task: ScheduledTask }>();

  async function enter(name: string, expression: string, run: () => void | Promise<void>): Promise<void> {
    if (running.get(name)?.expression === expression) return;
    void running.get(name)?.task.destroy();
    running.delete(name);
    if (expression === '') return;
    const { schedule, validate } = await import('node-cron');
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
    running.set(name, { expression, task });
  }

  function warnOfGap({ expression, task }: { readonly expression: string; readonly task: ScheduledTask }): void {
    const times = task.getNextRuns(LOOKED_AT).map((time) => time.getTime() / 1000);
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
      const ms = Math.max(0, next.getTime() - Date.now()) + LATE_MS;
      return { ms, reason: `the calendar: ${entry.expression}` };
    },
    close() {
      for (const { task } of running.values()) void task.destroy();
      running.clear();
    },
  };
}
