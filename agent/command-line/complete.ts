/** What may stand next on a command line, for the completion of shells. */
import type { Host } from '../../platform/process/verb.ts';
import { SERVERS } from '../servers/registry.ts';
import { findVerb, optionsOf } from './parser.ts';

/** What a shell can take without quoting; anything else is left to the person. */
const PLAIN = /^[\w.:@/+=-]+$/;

/** The words with which the last of `words` could go on. None where a file may stand: shells complete those themselves. */
export async function completions(words: readonly string[], host: Host): Promise<readonly string[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { module, below, rest } = await findVerb(before);
  const fitting = (names: readonly string[]): readonly string[] =>
    [...new Set(names)].filter((name) => name.startsWith(current) && PLAIN.test(name));
  if (module === undefined)
    return fitting(current.startsWith('-') ? ['--help', '--version'] : [...below.map(({ name }) => name), 'help']);
  const { names, choices } = optionsOf(module);
  if (current.startsWith('-')) return fitting(names.map((name) => `--${name}`));
  const option = /^--([\w-]+)$/.exec(before.at(-1) ?? '')?.[1];
  if (option === 'dialect') return fitting(SERVERS.map(({ name }) => name));
  if (option !== undefined && choices[option] !== undefined) return fitting(choices[option].map(String));
  // a value of its own, most often a file; switches are followed by what the verb takes
  if (option !== undefined && !isSwitch(option, names)) return [];
  const place = (module.usage ?? '').match(/[\w-]+/g)?.[rest.length];
  const own = place === undefined ? undefined : choices[place]?.map(String);
  const more = own ?? (await module.complete?.(rest, host).catch(() => [])) ?? [];
  return fitting([...(rest.length === 0 ? below.map(({ name }) => name) : []), ...more]);
}

const SWITCHES = [
  'all',
  'tags',
  'json',
  'timing',
  'live',
  'once',
  'keep',
  'watch',
  'explain',
  'dry-run',
  'force',
  'follow',
];

function isSwitch(option: string, names: readonly string[]): boolean {
  return SWITCHES.includes(option) && names.includes(option);
}
