/** The full-screen page of `status --watch`: the status, the last log lines beside or below it, and the keys. Pure. */
import type { StatusSnapshot } from './snapshot.ts';
import type { MachineLoad } from './status-lines.ts';
import { cleanLine, renderPage } from './status-page.ts';

interface WatchedThings {
  readonly load?: MachineLoad | undefined;
  /** Newest last. */
  readonly log: readonly string[];
  /** What fills a screen that has no room for both. */
  readonly view: 'status' | 'log';
}

interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

/** From this width on, both stand side by side. */
const WIDE = 140;
const GAP = ' │ ';
const KEYS = ' q leaves   space looks now   l status or log';

/** Exactly `rows` lines, none wider than `columns`. */
export function renderWatch(snapshot: StatusSnapshot, screen: Screen, things: WatchedThings): string[] {
  const { columns, rows, colour } = screen;
  const hasKeys = rows >= 6;
  const body = { columns, rows: hasKeys ? rows - 1 : rows, colour };
  const lines = renderBody(snapshot, body, things);
  return hasKeys ? [...lines, painted(KEYS.slice(0, columns), '\x1b[2m', colour)] : lines;
}

function renderBody(snapshot: StatusSnapshot, screen: Screen, { load, log, view }: WatchedThings): string[] {
  const { columns, rows, colour } = screen;
  if (columns >= WIDE) {
    const left = Math.floor((columns - GAP.length) / 2);
    const right = columns - GAP.length - left;
    const beside = logPanel(log, { columns: right, rows, colour });
    const page = renderPage(snapshot, { columns: left, rows, colour }, load);
    return page.map((line, i) => `${line}${' '.repeat(Math.max(0, left - widthOf(line)))}${GAP}${beside[i] ?? ''}`);
  }
  if (view === 'log') return logPanel(log, screen);
  const page = renderPage(snapshot, screen, load);
  const free = page.length - (page.findLastIndex((line) => line !== '') + 1);
  // a heading and one line would say too little
  if (free < 4 || log.length === 0) return page;
  const below = logPanel(log, { columns, rows: free - 1, colour });
  return [...page.slice(0, rows - free + 1), ...below];
}

/** A heading and the newest lines, wrapped; exactly `rows` lines. */
function logPanel(log: readonly string[], { columns, rows, colour }: Screen): string[] {
  const pieces = log.slice(-rows).flatMap((line) => cut(cleanLine(line), columns));
  const shown = pieces.length === 0 ? ['(no lines that can be read here)'.slice(0, columns)] : pieces;
  const head = painted(' last log lines'.slice(0, columns).padEnd(columns), '\x1b[1;7m', colour);
  const lines = [head, ...(rows > 1 ? shown.slice(-(rows - 1)) : [])].slice(0, rows);
  return [...lines, ...Array.from({ length: rows - lines.length }, () => '')];
}

const INDENT = 9;

function cut(line: string, columns: number): string[] {
  if (columns < 40) return [[...line].slice(0, columns).join('')];
  const pieces: string[] = [];
  let rest = [...line];
  while (rest.length > columns) {
    const blank = rest.lastIndexOf(' ', columns);
    const end = blank > INDENT + 10 ? blank : columns;
    pieces.push(rest.slice(0, end).join(''));
    rest = [...' '.repeat(INDENT), ...rest.slice(end).join('').trimStart()];
  }
  return [...pieces, rest.join('')];
}

function painted(text: string, style: string, colour: boolean): string {
  return colour ? `${style}${text}\x1b[0m` : text;
}

function widthOf(line: string): number {
  // eslint-disable-next-line no-control-regex
  return [...line.replaceAll(/\x1b\[[\d;]*m/g, '')].length;
}
