/** What differs between two gatherings, for `facts --diff`. */
import { setTimeout as delay } from 'node:timers/promises';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import type { Host } from '../../platform/process/verb.ts';
import { openCapture } from '../capture/lazy.ts';
import { collectFacts } from '../collect-facts.ts';
import { factValues, isVolatileName } from '../values.ts';

const NO_DIFFERENCE = 'no difference\n';

type Values = Readonly<Record<string, string>>;

/** Facts from a file: a capture, or what `facts --format json` printed. Throws RAZOR_MK_FILE_UNREADABLE, RAZOR_MK_CAPTURE. */
export async function factsOfFile(path: string): Promise<Values> {
  const bytes = await readCapped(path, 64 * 1024 * 1024);
  if (bytes === undefined) throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `there is no file ${path}`);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    return factValues(await collectFacts({ sources: await openCapture(path) }));
  }
  try {
    const value = JSON.parse(bytes.toString('utf8')) as unknown;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('no object');
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, String(one)]));
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_CAPTURE', `${path} is neither a capture nor facts as JSON`, { cause: error });
  }
}

/** One line a difference: `-` what was, `+` what is. Facts that change by themselves are marked with ~ and count for nothing. */
export function printDiff(
  before: Values,
  after: Values,
  host: Pick<Host, 'colour' | 'columns' | 'interactive'>,
): { text: string; changed: number } {
  const paint = (code: number, text: string): string => (host.colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const short = (line: string): string => {
    const one = line.replaceAll(/\s*\n\s*/g, ' ⏎ ');
    return host.interactive && one.length > host.columns ? `${one.slice(0, Math.max(20, host.columns - 1))}…` : one;
  };
  let text = '';
  let changed = 0;
  for (const name of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
    const old = before[name];
    const now = after[name];
    if (old === now) continue;
    if (isVolatileName(name)) {
      text += `${short(`~ ${name}: ${old ?? '(absent)'} -> ${now ?? '(absent)'}`)}\n`;
      continue;
    }
    changed += 1;
    if (old !== undefined) text += `${paint(31, short(`- ${name}: ${old}`))}\n`;
    if (now !== undefined) text += `${paint(32, short(`+ ${name}: ${now}`))}\n`;
  }
  return { text: text === '' ? NO_DIFFERENCE : text, changed };
}

/** Prints what changes until the host's signal; facts that change by themselves only if they were asked for by name. */
export async function watchFacts(
  first: Values,
  look: () => Promise<Values>,
  { everyS, all }: { readonly everyS: number; readonly all: boolean },
  host: Host,
): Promise<void> {
  let before = first;
  while (!host.signal.aborted) {
    await delay(everyS * 1000, undefined, { signal: host.signal }).catch(() => undefined);
    if (host.signal.aborted) break;
    const now = await look();
    const { text, changed } = printDiff(before, now, host);
    const shown = all ? text : text.replaceAll(/^~ .*\n/gm, '');
    if (text !== NO_DIFFERENCE && (changed > 0 || all)) host.out(`${new Date().toISOString()}\n${shown}`);
    before = now;
  }
}
