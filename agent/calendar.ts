/**
 * What is meant by the calendar: check-ins at the times of a cron expression instead of an interval, and housekeeping.
 * node-cron is loaded when an expression is set, and runs functions only: a task by file name would start the executable
 * again inside itself.
 */
import type { ScheduledTask } from 'node-cron';
import { messageOf } from '../platform/errors.ts';
import type { Wait } from '../platform/schedule.ts';
import type { Settings } from './config/settings.ts';

export interface Calendar {
  /** Takes over the expressions of the settings; one that cannot be used is told and does not count. */
  set(settings: Settings): Promise<void>;
  /** The wait until the next turn: until the calendar wakes the agent where it rules, else as it is. */
  wait(otherwise: Wait): Wait;
  close(): void;
}

export interface CalendarJobs {
  checkin(): void;
  housekeeping(): Promise<void>;
  warn(message: string): void;
}

/** The calendar wakes the agent; should it ever fail to, a turn is taken after this long. */
const LONGEST_MS = 7 * 86_400_000;

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
      jobs.warn(`${name} "${expression}" is no cron expression: it does not count`);
      return;
    }
    const guarded = async (): Promise<void> => {
      try {
        await run();
      } catch (error) {
        jobs.warn(`${name}: ${messageOf(error)}`);
      }
    };
    const task = schedule(expression, guarded, { name, noOverlap: true, suppressMissedWarning: true });
    running.set(name, { expression, task });
  }

  return {
    async set(settings) {
      await enter('checkin-cron', settings.checkinCron, () => jobs.checkin());
      await enter('housekeeping-cron', settings.housekeepingCron, () => jobs.housekeeping());
    },
    wait(otherwise) {
      const entry = running.get('checkin-cron');
      return entry === undefined ? otherwise : { ms: LONGEST_MS, reason: `the calendar: ${entry.expression}` };
    },
    close() {
      for (const { task } of running.values()) void task.destroy();
      running.clear();
    },
  };
}
