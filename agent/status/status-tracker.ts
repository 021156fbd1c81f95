/** Listens to the agent's events and keeps what `status`, metrics and health are asked for. Bounded. */
import { hostname } from 'node:os';
import type { Clock } from '../../platform/time/clock.ts';
import { isSecretName, REDACTED, redactText } from '../../platform/log/redact.ts';
import type { System } from '../../platform/system.ts';
import type { Resolved } from '../config/settings.ts';
import type { AgentEvent } from '../loop/events.ts';
import type { BootStep, ConfigValue, Problem, StatusSnapshot } from './snapshot.ts';

export interface StatusKeeper {
  onEvent(event: AgentEvent): void;
  snapshot(): StatusSnapshot;
  /** For the fact razor_mk_errors. */
  errorsForFacts(): readonly string[];
}

export interface KeeperOptions {
  readonly clock: Clock;
  readonly version: string;
  readonly stateDir: string;
  readonly system: System;
  readonly settings: () => Resolved | undefined;
  readonly controlPort?: () => number | undefined;
  readonly holding?: () => string | undefined;
  readonly logLinesLost?: () => number;
  readonly syslogLinesDropped?: () => number;
}

const KEPT = 20;
/** Nothing happened for this long, or three intervals: not healthy. */
const STALL_MS = 300_000;

const NO_SERVICE = { reportedAt: undefined, callback: undefined, heartbeats: 0, heartbeatAt: undefined };

export function createStatusKeeper(options: KeeperOptions): StatusKeeper {
  const { clock } = options;
  const started = clock.now();
  const startedAt = clock.wall().toISOString();
  const boot = new Map<string, BootStep>();
  const problems: Problem[] = [];
  const warnings: { at: string; message: string; times: number }[] = [];
  const unknown = new Set<string>();
  const counters = {
    commands: {} as Record<string, number>,
    errors: {} as Record<string, number>,
    checkinSeconds: { count: 0, sum: 0 },
  };
  const turns = { count: 0, good: 0, failed: 0, failedInARow: 0, registers: 0 };
  let [dialect, live] = ['', options.system.live];
  let server: StatusSnapshot['server'];
  let last: StatusSnapshot['turns']['last'];
  let next: { at: number; reason: string } | undefined;
  let command: StatusSnapshot['command'];
  let facts: StatusSnapshot['facts'];
  let service: StatusSnapshot['service'];
  let nodeId: string | undefined;
  let state = 'starting';
  let progressAt = clock.now();

  const at = (): string => clock.wall().toISOString();
  const count = (map: Record<string, number>, name: string): void => {
    // names come from the network: a bound on how many there are
    const key = Object.hasOwn(map, name) || Object.keys(map).length < 50 ? name : 'other';
    map[key] = (map[key] ?? 0) + 1;
  };

  function note(event: AgentEvent): void {
    switch (event.event) {
      case 'started':
        ({ dialect, live } = event);
        return;
      case 'discovered': {
        const { server: url, source, candidates, steps } = event;
        server = { url, source, candidates, steps };
        state = `server ${url} found`;
        return;
      }
      case 'collected':
        facts = { count: event.facts, probeErrors: event.errors, at: at() };
        if (event.nodeId !== '') nodeId = event.nodeId;
        state = 'talking to the server';
        return;
      case 'checkin':
        last = { at: at(), command: event.command, durationMs: event.durationMs };
        turns.count = event.turn;
        // where nobody was asked, an upload that is due says how the turn went
        if (event.asked !== false || event.command !== 'register') Object.assign(turns, good());
        if (event.asked !== false) {
          counters.checkinSeconds.count++;
          counters.checkinSeconds.sum += event.durationMs / 1000;
        }
        if (server?.url !== event.server)
          server = { ...(server ?? { source: 'pushed mk_uri', candidates: [], steps: [] }), url: event.server };
        return;
      case 'command':
        command = {
          name: event.name,
          known: event.known,
          at: at(),
          plan: event.plan,
          times: command?.name === event.name ? command.times + 1 : 1,
        };
        if (!event.known && unknown.size < KEPT) unknown.add(event.name.slice(0, 64));
        count(counters.commands, event.name.slice(0, 64));
        state = event.known ? `carrying out ${event.name}` : `the command ${event.name.slice(0, 64)} is unknown here`;
        return;
      case 'command-failed':
        count(counters.errors, 'RAZOR_MK_COMMAND');
        addProblem('RAZOR_MK_COMMAND', `${event.name}: ${event.message}`, event.remedy);
        state = `the command ${event.name} failed`;
        return;
      case 'registered':
        turns.registers++;
        if (dialect !== 'foreman') return;
        Object.assign(turns, good());
        service = { ...NO_SERVICE, ...service, reportedAt: at() };
        return;
      case 'listening':
        service = { ...NO_SERVICE, ...service, callback: event.url };
        return;
      case 'reported':
      case 'serving':
      case 'heartbeat':
        return noteService(event);
      case 'waiting':
        next = { at: clock.now() + event.ms, reason: event.reason };
        state = `waiting: ${event.reason}`;
        return;
      case 'error':
        count(counters.errors, event.code);
        turns.failed++;
        turns.failedInARow++;
        addProblem(event.code, event.message, event.remedy);
        state = `error: ${event.message}`;
        return;
      case 'warning':
        addWarning(event.message);
        return;
      case 'config-rollback':
        addWarning(`pushed configuration was rolled back: ${event.reason}`);
        return;
      case 'stopped':
        state = `stopped: ${event.reason}`;
        return;
      case 'step':
        boot.set(event.name, { name: event.name, state: event.state, note: redactText(event.note) });
        if (event.state === 'running') state = event.note === '' ? event.name : `${event.name}: ${event.note}`;
        return;
      case 'leaving':
        state = event.what;
        return;
      case 'loaded':
      case 'config':
      case 'would':
      case 'did':
        return;
    }
  }

  function good(): Pick<typeof turns, 'good' | 'failedInARow'> {
    return { good: turns.good + 1, failedInARow: 0 };
  }

  type ServiceEvent = Extract<AgentEvent, { event: 'reported' | 'serving' | 'heartbeat' }>;
  function noteService(event: ServiceEvent): void {
    service ??= NO_SERVICE;
    if (event.node !== undefined) nodeId = event.node;
    if (server?.url !== event.server) {
      server = { ...(server ?? { source: 'the kernel line', candidates: [], steps: [] }), url: event.server };
    }
    if (event.event === 'reported') service = { ...service, reportedAt: at() };
    else if (event.event === 'serving') service = { ...service, callback: event.callback };
    else service = { ...service, heartbeats: service.heartbeats + 1, heartbeatAt: at() };
    turns.failedInARow = 0;
    state = { reported: 'the server knows this machine', serving: 'taking commands', heartbeat: 'taking commands' }[
      event.event
    ];
  }

  function addProblem(code: string, message: string, remedy: string): void {
    const before = problems.at(-1);
    const text = redactText(message);
    const again = before?.code === code && before.message === text;
    if (again) problems.pop();
    problems.push({ at: at(), code, message: text, remedy, times: again ? before.times + 1 : 1 });
    if (problems.length > KEPT) problems.shift();
  }

  function addWarning(message: string): void {
    const text = redactText(message);
    const before = warnings.find((warning) => warning.message === text);
    if (before) warnings.splice(warnings.indexOf(before), 1);
    warnings.push({ at: at(), message: text, times: (before?.times ?? 0) + 1 });
    if (warnings.length > KEPT) warnings.shift();
  }

  return {
    onEvent(event) {
      progressAt = clock.now();
      note(event);
    },
    errorsForFacts: () => [...unknown].map((name) => `unknown command ${name.replaceAll(/[^\w.-]/g, '?')}`),
    snapshot() {
      const now = clock.now();
      const { values } = options.settings() ?? {};
      const stall = Math.max(STALL_MS, 3 * (values?.checkinInterval ?? 0) * 1000);
      const { rss, heapUsed } = process.memoryUsage();
      const { user, system } = process.cpuUsage();
      return {
        version: options.version,
        pid: process.pid,
        live,
        dialect,
        hostname: hostname(),
        nodeId,
        stateDir: options.stateDir,
        controlPort: options.controlPort?.(),
        startedAt,
        uptimeS: (now - started) / 1000,
        state,
        healthy: now - Math.max(progressAt, next?.at ?? 0) < stall,
        boot: [...boot.values()],
        server,
        turns: { ...turns, last, next: next && { inMs: Math.max(0, next.at - now), reason: next.reason } },
        service,
        command,
        unknownCommands: [...unknown],
        holding: options.holding?.(),
        facts,
        config: configOf(options.settings()),
        problems: [...problems],
        warnings: [...warnings],
        changes: options.system.changes.slice(-KEPT),
        process: { rssBytes: rss, heapBytes: heapUsed, cpuSeconds: (user + system) / 1e6 },
        counters: {
          commands: { ...counters.commands },
          errors: { ...counters.errors },
          checkinSeconds: { ...counters.checkinSeconds },
          logLinesLost: options.logLinesLost?.() ?? 0,
          syslogLinesDropped: options.syslogLinesDropped?.() ?? 0,
        },
      };
    },
  };
}

function configOf(resolved: Resolved | undefined): ConfigValue[] {
  if (resolved === undefined) return [];
  return Object.entries(resolved.values).map(([name, value]) => {
    const text = Array.isArray(value) ? value.join(', ') : String(value);
    const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return {
      name: snake,
      value: isSecretName(snake) && text !== '' ? REDACTED : redactText(text),
      from: resolved.from[name as keyof typeof resolved.from],
    };
  });
}
