/** The status laid out: of any width and height for the full-screen page, or as many lines as there are without a terminal. Pure. */
import type { StatusSnapshot } from './snapshot.ts';
import { statusLines, type MachineLoad, type StatusLine } from './status-lines.ts';

interface PageSize {
  readonly columns: number;
  /** Undefined: as many lines as it takes. */
  readonly rows: number | undefined;
  readonly colour: boolean;
}

/** Width of the labels, with the blank behind them. */
const LABEL = 10;

const STYLES = { title: '\x1b[1;7m', bad: '\x1b[1;31m', warn: '\x1b[33m', dim: '\x1b[2m' } as const;

/** The lines, none wider than `columns`, and exactly `rows` of them when that is given. */
export function renderPage(snapshot: StatusSnapshot, size: PageSize, load?: MachineLoad): string[] {
  const parts = statusLines(snapshot, load).flatMap((line) => wrapped(line, size.columns));
  const shown = size.rows === undefined ? parts : mostImportant(parts, size.rows);
  // what had no room is missed where it would have followed
  const whole = shown.map((part, i) => {
    const [next, missed] = [part.more[0], shown[i + 1]?.of !== part.of];
    return next === undefined || !missed ? part : { ...part, text: `${part.text} ${part.more.join(' ')}` };
  });
  const rendered = whole.map((part) => paint(part, size));
  while (size.rows !== undefined && rendered.length < size.rows) rendered.push('');
  return rendered;
}

/** A piece of a line that was too long for the screen. */
interface Part {
  readonly text: string;
  readonly style: StatusLine['style'];
  readonly rank: number;
  readonly of: StatusLine;
  /** The pieces behind it. */
  readonly more: readonly string[];
}

/** The least important ones go first; the order on the screen stays. */
function mostImportant(parts: readonly Part[], rows: number): readonly Part[] {
  if (parts.length <= rows) return parts;
  const byRank = parts.map((part, i) => ({ part, i })).sort((a, b) => a.part.rank - b.part.rank || a.i - b.i);
  const keep = new Set(byRank.slice(0, rows).map(({ i }) => i));
  return parts.filter((_, i) => keep.has(i));
}

/** Long lines go on below, under their text, where there is room: what is cut off is what one looks for. */
function wrapped(line: StatusLine, columns: number): Part[] {
  const label = line.style === 'title' ? '' : line.label.padEnd(LABEL);
  const text = cleanLine(`${label}${line.text}`);
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
    text: piece,
    style: line.style,
    rank: i === 0 ? line.rank : line.rank + 0.5,
    of: line,
    more: pieces.slice(i + 1).map((one) => one.trimStart()),
  }));
}

/** Text without control characters: what a server sent must not move the cursor. */
// eslint-disable-next-line no-control-regex
export const cleanLine = (text: string): string => text.replaceAll(/[\x00-\x1f\x7f-\x9f]/g, ' ');

function paint({ text, style }: Part, { columns, colour }: PageSize): string {
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
