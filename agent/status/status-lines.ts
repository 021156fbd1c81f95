/** What the status page says, line by line, before it is laid out (status-page.ts). Pure. */
import type { StatusSnapshot } from './snapshot.ts';

export interface StatusLine {
  readonly label: string;
  readonly text: string;
  readonly style?: 'title' | 'bad' | 'warn' | 'dim';
  /** Lines with the lowest number are kept when there is little room. */
  readonly rank: number;
}

/** What `status` knows of the machine itself, asked when it is shown. */
export interface MachineLoad {
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  /** Per cent. */
  readonly cpuLoad: number;
  readonly cpus: number;
}

const WARNINGS_SHOWN = 5;

/** All lines, in their order on the page; the title first. */
export function statusLines(s: StatusSnapshot, load: MachineLoad | undefined): StatusLine[] {
  return [
    { rank: 0, label: '', text: ` razor-mk ${s.version}  ${s.hostname}${s.live ? '' : '  (dry)'}`, style: 'title' },
    ...stateLines(s),
    ...s.boot.filter(({ state }) => state !== 'skipped').map(bootLine),
    serverLine(s),
    line(6, 'node', `${s.nodeId ?? 'no identity yet'}, dialect ${s.dialect}`),
    ...(s.service === undefined ? turnLines(s) : serviceLines(s, s.service)),
    ...commandLines(s),
    ...agentLines(s, load),
    ...s.warnings
      .slice(-WARNINGS_SHOWN)
      .map(({ at, message }) => line(9, 'warning', `${clockTime(at)} ${message}`, 'warn')),
    ...s.config
      .filter(({ from }) => from !== 'built in')
      .map(({ name, value, from }) => line(10, 'config', `${name} = ${value} (${from})`)),
  ];
}

function line(rank: number, label: string, text: string, style?: StatusLine['style']): StatusLine {
  return { rank, label, text, style };
}

function stateLines({ state, healthy, problems, turns }: StatusSnapshot): StatusLine[] {
  const bad = !healthy || state.startsWith('error');
  const lines = [line(1, 'state', state, bad ? 'bad' : undefined)];
  const problem = problems.at(-1);
  if (problem === undefined || turns.failedInARow === 0) return lines;
  const times = problem.times > 1 ? ` (${problem.times} times)` : '';
  return [...lines, line(2, 'problem', `${problem.message}${times}`, 'bad'), line(2, 'remedy', problem.remedy)];
}

const MARKS: Readonly<Record<StatusSnapshot['boot'][number]['state'], string>> = {
  waiting: '·',
  running: '>',
  done: '+',
  failed: '!',
  skipped: '-',
};

function bootLine({ name, state, note }: StatusSnapshot['boot'][number]): StatusLine {
  const open = state === 'running' || state === 'failed';
  const text = `${MARKS[state]} ${name}${note === '' ? '' : `: ${note}`}`;
  return line(open ? 2 : 9, open ? 'boot' : '', text, state === 'failed' ? 'warn' : undefined);
}

function serverLine({ server }: StatusSnapshot): StatusLine {
  if (server === undefined) return line(3, 'server', 'none found yet', 'warn');
  return line(3, 'server', `${server.url}, found by ${server.source}`);
}

/** A server that is asked, turn by turn. */
function turnLines({ turns }: StatusSnapshot): StatusLine[] {
  const { last, next } = turns;
  const answer = last && `${clockTime(last.at)}: the server said ${last.command} (${Math.round(last.durationMs)} ms)`;
  const lines = [line(4, 'last turn', answer ?? 'none was answered yet')];
  if (last?.reason !== undefined) lines.push(line(4, 'reason', last.reason));
  if (next !== undefined) lines.push(line(4, 'next turn', `in ${duration(next.inMs)} (${next.reason})`));
  const errors = `${turns.failed} errors${inARow(turns.failedInARow)}`;
  return [...lines, line(7, 'turns', `${turns.good} answered, ${errors}, ${turns.registers} registrations`)];
}

/** A server that takes a report and heartbeats, and sends commands when it likes. */
function serviceLines({ turns }: StatusSnapshot, service: NonNullable<StatusSnapshot['service']>): StatusLine[] {
  const { next, failed, failedInARow } = turns;
  const { reportedAt, heartbeatAt, heartbeats, callback } = service;
  const lines: StatusLine[] = [];
  if (reportedAt !== undefined)
    lines.push(line(4, 'reported', `${clockTime(reportedAt)}: the server took this machine's inventory`));
  if (callback !== undefined) lines.push(line(5, 'commands', `taken at ${callback}`));
  if (heartbeatAt !== undefined) lines.push(line(4, 'heartbeat', `${clockTime(heartbeatAt)}, ${heartbeats} so far`));
  if (next !== undefined) lines.push(line(4, 'next', `in ${duration(next.inMs)} (${next.reason})`));
  if (failed > 0) lines.push(line(7, 'errors', `${failed}${inARow(failedInARow)}`));
  return lines;
}

function inARow(failures: number): string {
  return failures > 0 ? ` (${failures} since the last answer)` : '';
}

function commandLines({ command, unknownCommands, holding }: StatusSnapshot): StatusLine[] {
  const lines: StatusLine[] = [];
  if (command !== undefined) {
    const { name, at, times, known } = command;
    const often = times > 1 ? `, ${times} times in a row` : '';
    const text = `${name} at ${clockTime(at)}${often}${known ? '' : ': unknown here'}`;
    lines.push(line(5, 'command', text, known ? undefined : 'warn'));
  }
  if (unknownCommands.length > 0)
    lines.push(line(8, '', `unknown commands so far: ${unknownCommands.join(', ')}`, 'warn'));
  if (holding !== undefined) lines.push(line(2, 'held back', holding, 'bad'));
  return lines;
}

function agentLines({ facts, uptimeS, process, controlPort }: StatusSnapshot, load?: MachineLoad): StatusLine[] {
  const lines: StatusLine[] = [];
  if (facts !== undefined)
    lines.push(line(8, 'facts', `${facts.count}, ${facts.probeErrors} probes failed, gathered ${clockTime(facts.at)}`));
  const memory = `${mib(process.rssBytes)} resident, ${mib(process.heapBytes)} heap`;
  lines.push(line(8, 'agent', `up ${duration(uptimeS * 1000)}, ${memory}, ${process.cpuSeconds.toFixed(1)} s CPU`));
  if (controlPort !== undefined)
    lines.push(line(10, 'local', `http://127.0.0.1:${controlPort}/healthz, /metrics, /setMkConfig`));
  if (load !== undefined) {
    const used = mib(load.memoryTotalBytes - load.memoryAvailableBytes);
    const cpu = `${load.cpuLoad.toFixed(0)} % of ${load.cpus} CPUs`;
    lines.push(line(8, 'machine', `${used} of ${mib(load.memoryTotalBytes)} memory used, ${cpu}`));
  }
  return lines;
}

function mib(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
}

/** UTC, because the consoles of a rack are compared with the server's log. */
function clockTime(iso: string): string {
  return iso.slice(11, 19);
}

/** `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
