/** Listens to the agent's events and answers what `status`, metrics and health ask for. */
import { hostname } from 'node:os';
import type { Clock } from '../../platform/time/clock.ts';
import { isSecretName, REDACTED, redactText } from '../../platform/log/redact.ts';
import type { System } from '../../platform/system.ts';
import type { Resolved } from '../config/settings.ts';
import type { AgentEvent } from '../loop/events.ts';
import type { ConfigValue, StatusSnapshot } from './snapshot.ts';
import { initialStatus, MOST_KEPT, reduce, type Status } from './status-reducer.ts';

export interface StatusTracker {
  onEvent(event: AgentEvent): void;
  snapshot(): StatusSnapshot;
  /** For the fact razor_mk_errors. */
  errorsForFacts(): readonly string[];
}

interface StatusOptions {
  readonly clock: Clock;
  readonly version: string;
  readonly stateDir: string;
  readonly system: System;
  readonly logFile?: string | undefined;
  readonly settings: () => Resolved | undefined;
  readonly controlPort?: () => number | undefined;
  readonly holding?: () => string | undefined;
  readonly logLinesLost?: () => number;
  readonly syslogLinesDropped?: () => number;
}

/** Nothing happened for this long, or three intervals: not healthy. */
const STALL_MS = 300_000;

/** A tracker that has seen no event. It holds what status-reducer.ts makes of the events, and adds what it is asked for now. */
export function createStatusTracker(options: StatusOptions): StatusTracker {
  const { clock } = options;
  const started: Started = { now: clock.now(), at: clock.wall().toISOString() };
  let status = initialStatus(options.system.live, started.now);
  return {
    onEvent(event) {
      status = reduce(status, event, { now: clock.now(), at: clock.wall().toISOString() });
    },
    errorsForFacts: () => status.unknownCommands.map((name) => `unknown command ${name.replaceAll(/[^\w.-]/g, '?')}`),
    snapshot: () => snapshotOf(status, started, options),
  };
}

interface Started {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** ISO 8601. */
  readonly at: string;
}

function snapshotOf(status: Status, started: Started, options: StatusOptions): StatusSnapshot {
  const { clock, system } = options;
  const now = clock.now();
  const settings = options.settings();
  const { turns, last, next, uploads: _uploads, progressAt, counters, ...seen } = status;
  const stall = Math.max(STALL_MS, 3 * (settings?.values.checkinInterval ?? 0) * 1000);
  return {
    version: options.version,
    pid: process.pid,
    hostname: hostname(),
    ...seen,
    stateDir: options.stateDir,
    logFile: options.logFile,
    controlPort: options.controlPort?.(),
    startedAt: started.at,
    uptimeS: (now - started.now) / 1000,
    // an announced wait is no stall, however long the server asked to be left alone
    healthy: now - Math.max(progressAt, next?.at ?? 0) < stall,
    turns: { ...turns, last, next: next && { inMs: Math.max(0, next.at - now), reason: next.reason } },
    holding: options.holding?.(),
    config: settings === undefined ? [] : configOf(settings),
    changes: system.changes.slice(-MOST_KEPT),
    process: processLoad(),
    counters: {
      ...counters,
      logLinesLost: options.logLinesLost?.() ?? 0,
      syslogLinesDropped: options.syslogLinesDropped?.() ?? 0,
    },
  };
}

function processLoad(): StatusSnapshot['process'] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return { rssBytes: rss, heapBytes: heapUsed, cpuSeconds: (user + system) / 1e6 };
}

/** The settings as the status shows them: names as in the configuration file, secrets redacted. */
function configOf({ values, from }: Resolved): ConfigValue[] {
  return Object.entries(values).map(([name, value]) => {
    const text = Array.isArray(value) ? value.join(', ') : String(value);
    const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return {
      name: snake,
      value: isSecretName(snake) && text !== '' ? REDACTED : redactText(text),
      from: from[name as keyof typeof from],
    };
  });
}
