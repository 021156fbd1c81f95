/** What the lab's verbs print: tables for people, JSON for programs. */
import type { Host } from '../../platform/process/verb.ts';
import { isRecord } from '../listeners/request-body.ts';
import type { ClientArgs } from './management-client.ts';

type Surface = Pick<Host, 'out' | 'interactive' | 'columns' | 'colour'>;

/** Text of strangers on a terminal: control characters would move its cursor. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, '␣');
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(cell).join(' ');
  if (typeof value === 'object') return printable(JSON.stringify(value));
  return printable(String(value));
}

/** Columns as wide as they need; a terminal's edge cuts them. */
export function textTable(
  rows: readonly Record<string, unknown>[],
  columns: readonly string[],
  surface: Surface,
): string {
  const cells = rows.map((row) => columns.map((column) => cell(row[column])));
  const heads = columns.map((column) => column.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toUpperCase());
  const widths = heads.map((column, i) => Math.max(column.length, ...cells.map((row) => (row[i] ?? '').length)));
  const text = (row: readonly string[]): string =>
    row
      .map((value, i) => (i === row.length - 1 ? value : value.padEnd(widths[i] ?? 0)))
      .join('  ')
      .slice(0, surface.interactive ? Math.max(40, surface.columns) : undefined);
  const head = text(heads);
  return [surface.colour ? `\u001b[1m${head}\u001b[0m` : head, ...cells.map(text)].join('\n') + '\n';
}

/** Prints a list as a table of the named columns, one thing as lines of `key  value`, or either as JSON. */
export function print(
  value: unknown,
  columns: readonly string[],
  args: Pick<ClientArgs, 'format'>,
  host: Surface,
): void {
  const format = args.format ?? (host.interactive ? 'table' : 'json');
  if (format === 'json') host.out(`${JSON.stringify(value, null, 2)}\n`);
  else if (Array.isArray(value)) {
    host.out(value.length === 0 ? 'none\n' : textTable(value.filter(isRecord), columns, host));
  } else if (isRecord(value)) host.out(lines(value, host));
  else host.out(`${cell(value)}\n`);
}

function lines(thing: Readonly<Record<string, unknown>>, surface: Surface): string {
  const flat: [string, string][] = [];
  let logs = '';
  for (const [key, value] of Object.entries(thing)) {
    if (Array.isArray(value) && value.every(isRecord) && value.length > 0) {
      logs += `\n${key}:\n${textTable(value, Object.keys(value[0] as object), surface)}`;
    } else if (isRecord(value)) logs += `\n${key}:\n${lines(value, surface)}`;
    else flat.push([key, cell(value)]);
  }
  const width = Math.max(0, ...flat.map(([key]) => key.length));
  return flat.map(([key, value]) => `${printable(key).padEnd(width)}  ${value}\n`).join('') + logs;
}

/** `lab model preview`: each file under its name and address, as `head` and `tail` print several. */
export function previewText(answer: unknown): string {
  const files = answer as readonly { name: string; url?: string; text?: string; refused?: string }[];
  return files
    .map(({ name, url, text, refused }) => {
      const title = `==> ${name}${url === undefined ? '' : ` (${url})`} <==`;
      return `${title}\n${text === undefined ? `NOT SENT: ${printable(refused ?? '')}\n` : printableLines(text)}`;
    })
    .join('\n');
}

/** A file's lines, with a line end behind the last one. */
function printableLines(text: string): string {
  return text
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map((line) => `${line.split('\t').map(printable).join('\t')}\n`)
    .join('');
}
