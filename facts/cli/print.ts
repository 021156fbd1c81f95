/** Facts as text. */
import type { Host } from '../../platform/verb.ts';

/** A table of two columns for people, or one JSON object. */
export function printFacts(
  values: Readonly<Record<string, string>>,
  format: 'table' | 'json',
  host: Pick<Host, 'columns' | 'colour'>,
): string {
  if (format === 'json') return `${JSON.stringify(values, null, 2)}\n`;
  const width = Math.max(0, ...Object.keys(values).map((name) => name.length));
  const room = Math.max(20, host.columns - width - 2);
  return Object.entries(values)
    .map(([name, value]) => {
      const line = value.replaceAll(/\s*\n\s*/g, ' ⏎ ');
      const text = line.length > room ? `${line.slice(0, room - 1)}…` : line;
      const label = name.padEnd(width);
      return `${host.colour ? `\u001b[36m${label}\u001b[0m` : label}  ${text}\n`;
    })
    .join('');
}
