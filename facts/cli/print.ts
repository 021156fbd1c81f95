/** Facts as text, in the forms that people and programs ask for. */
import type { Host } from '../../platform/process/verb.ts';
import { yamlText } from './yaml-text.ts';
import type { FactSet } from '../fact-types.ts';

export const FORMATS = ['table', 'json', 'yaml', 'facter', 'line'] as const;
export type Format = (typeof FORMATS)[number];

type Values = Readonly<Record<string, string>>;

/**
 * `table` for people; `json` one object, on one line where no terminal reads it (a JSON Lines record of one gathering);
 * `yaml`; `line` for pipes, a fact a line; `facter` as Facter 1.7 printed: `name => value`, or the value alone when one name was asked for.
 */
export function printFacts(
  values: Values,
  format: Format,
  host: Pick<Host, 'columns' | 'colour' | 'interactive'>,
  asked: readonly string[] = [],
): string {
  switch (format) {
    case 'table':
      return table(Object.entries(values), host);
    case 'json':
      return `${JSON.stringify(values, null, host.interactive ? 2 : undefined)}\n`;
    case 'yaml':
      return yamlText(values);
    case 'line':
      return Object.entries(values)
        .map(([name, value]) => `${name}=${value.replaceAll(/\s*\n\s*/g, ' ')}\n`)
        .join('');
    case 'facter':
      if (asked.length === 1) return `${values[asked[0] as string] ?? ''}\n`;
      return Object.entries(values)
        .map(([name, value]) => `${name} => ${value}\n`)
        .join('');
  }
}

/** Two columns; long values are cut to the terminal. */
export function table(rows: readonly (readonly [string, string])[], host: Pick<Host, 'columns' | 'colour'>): string {
  const width = rows.reduce((most, [name]) => Math.max(most, name.length), 0);
  const room = Math.max(20, host.columns - width - 2);
  return rows
    .map(([name, value]) => {
      const line = value.replaceAll(/\s*\n\s*/g, ' ⏎ ');
      const text = line.length > room ? `${line.slice(0, room - 1)}…` : line;
      const label = name.padEnd(width);
      return `${host.colour ? `\u001b[36m${label}\u001b[0m` : label}  ${text}\n`;
    })
    .join('');
}

/** Says on standard error which groups lost their facts, and why. A group that is not named is whole. */
export function reportErrors(set: Pick<FactSet, 'errors'>, host: Pick<Host, 'err'>): void {
  for (const { group, message } of set.errors) host.err(`razor-mk: facts lost: ${group}: ${message}\n`);
}
