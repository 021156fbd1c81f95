/** The status as lines: of any width and height for the full-screen page, or as many as there are without a terminal. Pure. */
import type { StatusSnapshot } from './snapshot.ts';

export interface PageSize {
  readonly columns: number;
  /** Undefined: as many lines as it takes. */
  readonly rows: number | undefined;
  readonly colour: boolean;
}

/** What `status` knows of the machine itself, asked when it is shown. */
export interface MachineLoad {
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  /** Per cent. */
  readonly cpuLoad: number;
  readonly cpus: number;
}

interface Line {
  readonly text: string;
  readonly style?: 'title' | 'bad' | 'warn' | 'dim';
  /** Lines with the lowest number are kept when there is little room. */
  readonly rank: number;
}

/** Width of the labels, with the blank behind them. */
const LABEL = 10;

const STYLES = { title: '\x1b[1;7m', bad: '\x1b[1;31m', warn: '\x1b[33m', dim: '\x1b[2m' } as const;

/** The lines, none wider than `columns`, and exactly `rows` of them when that is given. */
export function renderPage(snapshot: StatusSnapshot, size: PageSize, load?: MachineLoad): string[] {
  const lines = content(snapshot, load).flatMap((line) => wrapped(line, size.columns));
  let shown: readonly Part[] = lines;
  if (size.rows !== undefined && lines.length > size.rows) {
    const rows = size.rows;
    // the least important lines go first; order on the screen stays
    const keep = new Set(
      lines
        .map((line, i) => ({ line, i }))
        .sort((a, b) => a.line.rank - b.line.rank || a.i - b.i)
        .slice(0, rows)
        .map(({ i }) => i),
    );
    shown = lines.filter((_, i) => keep.has(i));
  }
  // what had no room is missed where it would have followed
  const whole = shown.map((line, i) => {
    const [next, missed] = [line.more[0], shown[i + 1]?.of !== line.of];
    return next === undefined || !missed ? line : { ...line, text: `${line.text} ${line.more.join(' ')}` };
  });
  const rendered = whole.map((line) => paint(line, size));
  while (size.rows !== undefined && rendered.length < size.rows) rendered.push('');
  return rendered;
}

/** A piece of a line that was too long for the screen. */
interface Part extends Line {
  readonly of: Line;
  /** The pieces behind it. */
  readonly more: readonly string[];
}

/** Long lines go on below, under their text, where there is room: what is cut off is what one looks for. */
function wrapped(line: Line, columns: number): Part[] {
  const text = clean(line.text);
  const pieces: string[] = [];
  if (columns >= 40) {
    let rest = [...text];
    while (rest.length > columns) {
      const blank = rest.lastIndexOf(' ', columns);
      const end = blank > LABEL + 10 ? blank : columns;
      pieces.push(rest.slice(0, end).join(''));
      rest = [...' '.repeat(LABEL), ...rest.slice(end).join('').trimStart()];
    }
    pieces.push(rest.join(''));
  } else pieces.push(text);
  return pieces.map((piece, i) => ({
    ...line,
    text: piece,
    rank: i === 0 ? line.rank : line.rank + 0.5,
    of: line,
    more: pieces.slice(i + 1).map((one) => one.trimStart()),
  }));
}

// eslint-disable-next-line no-control-regex -- what a server sent must not move the cursor
const clean = (text: string): string => text.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, ' ');

function paint({ text, style }: Line, { columns, colour }: PageSize): string {
  const chars = [...text];
  const cut =
    chars.length <= columns
      ? text
      : columns < 2
        ? chars.slice(0, columns).join('')
        : `${chars.slice(0, columns - 1).join('')}…`;
  const wide = style === 'title' && colour ? cut.padEnd(columns) : cut;
  return colour && style !== undefined ? `${STYLES[style]}${wide}\x1b[0m` : wide;
}

function content(s: StatusSnapshot, load: MachineLoad | undefined): Line[] {
  const lines: Line[] = [];
  const add: Add = (rank, label, text, style) => {
    lines.push({ rank, text: `${label.padEnd(LABEL - 1)} ${text}`, style });
  };
  lines.push({ rank: 0, text: ` razor-mk ${s.version}  ${s.hostname}${s.live ? '' : '  (dry)'}`, style: 'title' });
  add(1, 'state', s.state, s.healthy ? (s.state.startsWith('error') ? 'bad' : undefined) : 'bad');
  const problem = s.problems.at(-1);
  if (problem !== undefined && s.turns.failedInARow > 0) {
    add(2, 'problem', `${problem.message}${problem.times > 1 ? ` (${problem.times} times)` : ''}`, 'bad');
    add(2, 'remedy', problem.remedy);
  }
  for (const step of s.boot) {
    const open = step.state === 'running' || step.state === 'failed';
    if (step.state !== 'skipped')
      add(
        open ? 2 : 9,
        open ? 'boot' : '',
        `${mark(step.state)} ${step.name}${step.note === '' ? '' : `: ${step.note}`}`,
        step.state === 'failed' ? 'warn' : undefined,
      );
  }
  add(
    3,
    'server',
    s.server === undefined ? 'none found yet' : `${s.server.url}, found by ${s.server.source}`,
    s.server === undefined ? 'warn' : undefined,
  );
  add(6, 'node', `${s.nodeId ?? 'no identity yet'}, dialect ${s.dialect}`);
  if (s.service === undefined) addTurns(s, add);
  else addService(s, s.service, add);
  if (s.command !== undefined) {
    const often = s.command.times > 1 ? `, ${s.command.times} times in a row` : '';
    add(
      5,
      'command',
      `${s.command.name} at ${clockTime(s.command.at)}${often}${s.command.known ? '' : ': unknown here'}`,
      s.command.known ? undefined : 'warn',
    );
  }
  if (s.unknownCommands.length > 0) add(8, '', `unknown commands so far: ${s.unknownCommands.join(', ')}`, 'warn');
  if (s.holding !== undefined) add(2, 'held back', s.holding, 'bad');
  if (s.facts !== undefined)
    add(8, 'facts', `${s.facts.count}, ${s.facts.probeErrors} probes failed, gathered ${clockTime(s.facts.at)}`);
  add(
    8,
    'agent',
    `up ${duration(s.uptimeS * 1000)}, ${mib(s.process.rssBytes)} resident, ${mib(s.process.heapBytes)} heap, ${s.process.cpuSeconds.toFixed(1)} s CPU`,
  );
  if (s.controlPort !== undefined)
    add(10, 'local', `http://127.0.0.1:${s.controlPort}/healthz, /metrics, /setMkConfig`);
  if (load !== undefined) {
    const used = load.memoryTotalBytes - load.memoryAvailableBytes;
    add(
      8,
      'machine',
      `${mib(used)} of ${mib(load.memoryTotalBytes)} memory used, ${load.cpuLoad.toFixed(0)} % of ${load.cpus} CPUs`,
    );
  }
  for (const warning of s.warnings.slice(-5)) add(9, 'warning', `${clockTime(warning.at)} ${warning.message}`, 'warn');
  const set = s.config.filter(({ from }) => from !== 'built in');
  for (const { name, value, from } of set) add(10, 'config', `${name} = ${value} (${from})`);
  return lines;
}

type Add = (rank: number, label: string, text: string, style?: Line['style']) => void;

/** A server that is asked, turn by turn. */
function addTurns(s: StatusSnapshot, add: Add): void {
  const { last, next } = s.turns;
  add(
    4,
    'last turn',
    last === undefined
      ? 'none was answered yet'
      : `${clockTime(last.at)}: the server said ${last.command} (${Math.round(last.durationMs)} ms)`,
  );
  if (next !== undefined) add(4, 'next turn', `in ${duration(next.inMs)} (${next.reason})`);
  add(
    7,
    'turns',
    `${s.turns.good} answered, ${s.turns.failed} errors${s.turns.failedInARow > 0 ? ` (${s.turns.failedInARow} since the last answer)` : ''}, ${s.turns.registers} registrations`,
  );
}

/** A server that takes a report and heartbeats, and sends commands when it likes. */
function addService(s: StatusSnapshot, service: NonNullable<StatusSnapshot['service']>, add: Add): void {
  const { next, failed, failedInARow } = s.turns;
  const { reportedAt, heartbeatAt, heartbeats, callback } = service;
  if (reportedAt !== undefined)
    add(4, 'reported', `${clockTime(reportedAt)}: the server took this machine's inventory`);
  if (callback !== undefined) add(5, 'commands', `taken at ${callback}`);
  if (heartbeatAt !== undefined) add(4, 'heartbeat', `${clockTime(heartbeatAt)}, ${heartbeats} so far`);
  if (next !== undefined) add(4, 'next', `in ${duration(next.inMs)} (${next.reason})`);
  if (failed > 0) add(7, 'errors', `${failed}${failedInARow > 0 ? ` (${failedInARow} since the last answer)` : ''}`);
}

function mark(state: string): string {
  return { waiting: '·', running: '>', done: '+', failed: '!', skipped: '-' }[state] ?? '?';
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
