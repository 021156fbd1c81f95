/** What the agent is doing, folded from its events. Pure and bounded: names and texts come from the network. */
import { redactText } from '../../platform/log/redact.ts';
import type { AgentEvent } from '../loop/events.ts';
import type { BootStep, Problem, StatusSnapshot } from './snapshot.ts';

/** Everything of the snapshot that events tell. */
export interface Status {
  readonly live: boolean;
  readonly dialect: string;
  readonly state: string;
  readonly nodeId: string | undefined;
  readonly boot: readonly BootStep[];
  readonly server: StatusSnapshot['server'];
  readonly turns: Omit<StatusSnapshot['turns'], 'last' | 'next'>;
  readonly last: StatusSnapshot['turns']['last'];
  /** The last wait that was announced: its end in monotonic milliseconds. */
  readonly next: { readonly at: number; readonly reason: string } | undefined;
  readonly service: StatusSnapshot['service'];
  readonly command: StatusSnapshot['command'];
  readonly unknownCommands: readonly string[];
  readonly facts: StatusSnapshot['facts'];
  readonly problems: readonly Problem[];
  readonly warnings: StatusSnapshot['warnings'];
  readonly counters: Pick<StatusSnapshot['counters'], 'commands' | 'errors' | 'checkinSeconds'>;
  /** The last turn asked no server: what was registered then is an upload (`asked: false` of the event checkin). */
  readonly uploads: boolean;
  /** When the last event came, in monotonic milliseconds. */
  readonly progressAt: number;
}

/** When an event came. */
interface EventTime {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Wall time, ISO 8601. */
  readonly at: string;
}

type EventOf<Name extends AgentEvent['event']> = Extract<AgentEvent, { event: Name }>;
type Service = NonNullable<StatusSnapshot['service']>;

/** So many problems, warnings and unknown commands are kept, the newest. */
export const MOST_KEPT = 20;
/** So many names are counted one by one; the rest are counted as `other`. */
const MOST_COUNTED = 50;
const LONGEST_NAME = 64;
const NO_SERVICE: Service = { reportedAt: undefined, callback: undefined, heartbeats: 0, heartbeatAt: undefined };

/** The status before the first event; `now` in monotonic milliseconds. */
export function initialStatus(live: boolean, now: number): Status {
  return {
    live,
    dialect: '',
    state: 'starting',
    nodeId: undefined,
    boot: [],
    server: undefined,
    turns: { count: 0, good: 0, failed: 0, failedInARow: 0, registers: 0 },
    last: undefined,
    next: undefined,
    service: undefined,
    command: undefined,
    unknownCommands: [],
    facts: undefined,
    problems: [],
    warnings: [],
    counters: { commands: {}, errors: {}, checkinSeconds: { count: 0, sum: 0 } },
    uploads: false,
    progressAt: now,
  };
}

/** The status after an event. */
export function reduce(before: Status, event: AgentEvent, time: EventTime): Status {
  const status = { ...before, progressAt: time.now };
  switch (event.event) {
    case 'started':
      return { ...status, dialect: event.dialect, live: event.live };
    case 'step':
      return reduceStep(status, event);
    case 'discovered': {
      const { server: url, source, candidates, steps } = event;
      return { ...status, server: { url, source, candidates, steps }, state: `server ${url} found` };
    }
    case 'collected':
    case 'checkin':
    case 'registered':
      return reduceTurn(status, event, time);
    case 'command':
    case 'command-failed':
      return reduceCommand(status, event, time);
    case 'listening':
    case 'reported':
    case 'serving':
    case 'heartbeat':
      return reduceService(status, event, time);
    case 'waiting':
      return {
        ...status,
        next: { at: time.now + event.ms, reason: event.reason },
        state: `waiting: ${event.reason}`,
      };
    case 'error':
    case 'warning':
    case 'config-rollback':
      return reduceProblem(status, event, time);
    case 'leaving':
      return { ...status, state: event.what };
    case 'stopped':
      return { ...status, state: `stopped: ${event.reason}` };
    case 'loaded':
    case 'config':
    case 'would':
    case 'did':
      return status;
  }
}

/** A step of the boot sequence takes the place of what was known of it. */
function reduceStep(status: Status, { name, state, note }: EventOf<'step'>): Status {
  const step: BootStep = { name, state, note: redactText(note) };
  const known = status.boot.some((one) => one.name === name);
  const boot = known ? status.boot.map((one) => (one.name === name ? step : one)) : [...status.boot, step];
  if (state !== 'running') return { ...status, boot };
  return { ...status, boot, state: note === '' ? name : `${name}: ${note}` };
}

function reduceTurn(status: Status, event: EventOf<'collected' | 'checkin' | 'registered'>, time: EventTime): Status {
  switch (event.event) {
    case 'collected':
      return {
        ...status,
        facts: { count: event.facts, probeErrors: event.errors, at: time.at },
        nodeId: event.nodeId === '' ? status.nodeId : event.nodeId,
        state: 'talking to the server',
      };
    case 'checkin':
      return reduceCheckin(status, event, time);
    case 'registered': {
      const registered = { ...status, turns: { ...status.turns, registers: status.turns.registers + 1 } };
      if (!status.uploads) return registered;
      return { ...answered(registered), service: { ...NO_SERVICE, ...status.service, reportedAt: time.at } };
    }
  }
}

function reduceCheckin(status: Status, event: EventOf<'checkin'>, { at }: EventTime): Status {
  const uploads = event.asked === false;
  const { checkinSeconds } = status.counters;
  const { count, sum } = checkinSeconds;
  const next: Status = {
    ...status,
    uploads,
    last: {
      at,
      command: event.command,
      durationMs: event.durationMs,
      reason: event.reason === undefined ? undefined : redactText(event.reason),
    },
    turns: { ...status.turns, count: event.turn },
    server: serverAt(status, event.server, 'pushed mk_uri'),
    counters: {
      ...status.counters,
      checkinSeconds: uploads ? checkinSeconds : { count: count + 1, sum: sum + event.durationMs / 1000 },
    },
  };
  // where nobody was asked, the upload that is due says how the turn went
  return uploads && event.command === 'register' ? next : answered(next);
}

function reduceCommand(status: Status, event: EventOf<'command' | 'command-failed'>, time: EventTime): Status {
  const name = event.name.slice(0, LONGEST_NAME);
  if (event.event === 'command-failed') {
    const failed = addProblem(status, time, 'RAZOR_MK_COMMAND', `${event.name}: ${event.message}`, event.remedy);
    return { ...failed, state: `the command ${event.name} failed` };
  }
  const { known, plan } = event;
  const { commands } = status.counters;
  const isNews = !known && !status.unknownCommands.includes(name) && status.unknownCommands.length < MOST_KEPT;
  const times = status.command?.name === event.name ? status.command.times + 1 : 1;
  return {
    ...status,
    command: { name: event.name, known, at: time.at, plan, times },
    unknownCommands: isNews ? [...status.unknownCommands, name] : status.unknownCommands,
    counters: { ...status.counters, commands: counted(commands, name) },
    state: known ? `carrying out ${event.name}` : `the command ${name} is unknown here`,
  };
}

const SERVICE_STATES = {
  reported: 'the server knows this machine',
  serving: 'taking commands',
  heartbeat: 'taking commands',
} as const;

/** Servers that take a report and call the node (Ironic), and the API that is opened for one (Foreman). */
function reduceService(
  status: Status,
  event: EventOf<'listening' | 'reported' | 'serving' | 'heartbeat'>,
  { at }: EventTime,
): Status {
  const service = status.service ?? NO_SERVICE;
  if (event.event === 'listening') return { ...status, service: { ...service, callback: event.url } };
  const answeredBy = {
    ...status,
    nodeId: event.node ?? status.nodeId,
    server: serverAt(status, event.server, 'the kernel line'),
    turns: { ...status.turns, failedInARow: 0 },
    state: SERVICE_STATES[event.event],
  };
  switch (event.event) {
    case 'reported':
      return { ...answeredBy, service: { ...service, reportedAt: at } };
    case 'serving':
      return { ...answeredBy, service: { ...service, callback: event.callback } };
    case 'heartbeat':
      return { ...answeredBy, service: { ...service, heartbeats: service.heartbeats + 1, heartbeatAt: at } };
  }
}

function reduceProblem(
  status: Status,
  event: EventOf<'error' | 'warning' | 'config-rollback'>,
  time: EventTime,
): Status {
  if (event.event === 'warning') return addWarning(status, time, event.message);
  if (event.event === 'config-rollback')
    return addWarning(status, time, `pushed configuration was rolled back: ${event.reason}`);
  const { failed, failedInARow } = status.turns;
  return {
    ...addProblem(status, time, event.code, event.message, event.remedy),
    turns: { ...status.turns, failed: failed + 1, failedInARow: failedInARow + 1 },
    state: `error: ${event.message}`,
  };
}

/** A turn was answered. */
function answered(status: Status): Status {
  return { ...status, turns: { ...status.turns, good: status.turns.good + 1, failedInARow: 0 } };
}

/** The server that answered, with what discovery said of it; `source` is how an address came that discovery did not find. */
function serverAt({ server }: Status, url: string, source: string): StatusSnapshot['server'] {
  return server?.url === url ? server : { source, candidates: [], steps: [], ...server, url };
}

/** The same problem again is counted. */
function addProblem(status: Status, { at }: EventTime, code: string, text: string, remedy: string): Status {
  const message = redactText(text);
  const before = status.problems.at(-1);
  const again = before?.code === code && before.message === message;
  const others = again ? status.problems.slice(0, -1) : status.problems;
  const problems = [...others, { at, code, message, remedy, times: again ? before.times + 1 : 1 }];
  const { errors } = status.counters;
  return {
    ...status,
    problems: problems.slice(-MOST_KEPT),
    counters: { ...status.counters, errors: counted(errors, code) },
  };
}

/** The same warning again moves to the end, and is counted. */
function addWarning(status: Status, { at }: EventTime, text: string): Status {
  const message = redactText(text);
  const before = status.warnings.find((warning) => warning.message === message);
  const others = status.warnings.filter((warning) => warning !== before);
  const warnings = [...others, { at, message, times: (before?.times ?? 0) + 1 }];
  return { ...status, warnings: warnings.slice(-MOST_KEPT) };
}

function counted(map: Readonly<Record<string, number>>, name: string): Readonly<Record<string, number>> {
  const key = Object.hasOwn(map, name) || Object.keys(map).length < MOST_COUNTED ? name : 'other';
  return { ...map, [key]: (Object.hasOwn(map, key) ? (map[key] ?? 0) : 0) + 1 };
}
