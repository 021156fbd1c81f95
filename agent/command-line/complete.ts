/** What may stand next on a command line, for the completion of shells. */
import type { AskedNames, Host, VerbModule } from '../../platform/process/verb.ts';
import { SERVERS } from '../servers/registry.ts';
import { namesIn, tableOf, type OptionRow, type VerbTable } from './option-table.ts';
import { findVerb, type FoundVerb } from './parser.ts';

/** A name with control characters is left out: it would be read as two. */
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f]/;

/** The words with which the last of `words` could go on. None where a file may stand: shells complete those themselves. */
export async function completions(words: readonly string[], host: Host): Promise<readonly string[]> {
  const current = words.at(-1) ?? '';
  const found = await nextWords(words.slice(0, -1), current, host);
  return [...new Set(found)].filter((name) => name.startsWith(current) && !UNPRINTABLE.test(name));
}

async function nextWords(before: readonly string[], current: string, host: Host): Promise<readonly string[]> {
  const help = before[0] === 'help';
  const found = await findVerb(help ? before.slice(1) : before);
  const below = found.below.map(({ name }) => name);
  if (help) return below;
  const { module } = found;
  if (module === undefined) return current.startsWith('-') ? ['--help', '--version'] : [...below, 'help'];
  const table = tableOf(module);
  const place = readPlace(found, before, table.options);
  const [, name, begun] = /^--([\w-]+)=(.*)$/.exec(current) ?? [];
  if (name !== undefined && begun !== undefined) {
    const row = optionNamed(table.options, `--${name}`);
    return row === undefined ? [] : (await valuesOf(row, module, place, host)).map((value) => `--${name}=${value}`);
  }
  if (place.row !== undefined) return await valuesOf(place.row, module, place, host);
  if (current.startsWith('-')) return namesIn(table).map((each) => `--${each}`);
  return [...(place.words.length === 0 ? below : []), ...(await wordsOf(module, table, place, host))];
}

interface Place extends AskedNames {
  /** The option whose value comes next. */
  readonly row: OptionRow | undefined;
}

function optionNamed(options: readonly OptionRow[], word: string): OptionRow | undefined {
  const name = /^--?([\w-]+)$/.exec(word)?.[1];
  return options.find((row) => name !== undefined && [row.name, ...row.aliases].includes(name));
}

/** Sorts the words behind the verb into options, their values, and the rest. */
function readPlace({ path }: FoundVerb, before: readonly string[], options: readonly OptionRow[]): Place {
  const words: string[] = [];
  const given: Record<string, string> = {};
  let row: OptionRow | undefined;
  let verbs = path.length;
  for (const word of before) {
    const [, name, value] = /^--([\w-]+)=(.*)$/s.exec(word) ?? [];
    if (row !== undefined && !word.startsWith('-')) {
      given[row.name] = word;
      if (!row.several) row = undefined;
    } else if (name !== undefined && value !== undefined) given[name] = value;
    else if (word.startsWith('-')) {
      const option = optionNamed(options, word);
      row = option?.value === undefined ? undefined : option;
    } else if (verbs > 0) verbs--;
    else words.push(word);
  }
  return { words, given, option: undefined, row };
}

async function valuesOf(row: OptionRow, module: VerbModule, place: Place, host: Host): Promise<readonly string[]> {
  if (row.choices.length > 0) return row.choices;
  if (row.name === 'dialect') return SERVERS.map(({ name }) => name);
  return (await module.complete?.({ ...place, option: row.name }, host).catch(() => [])) ?? [];
}

async function wordsOf(module: VerbModule, { words }: VerbTable, place: Place, host: Host): Promise<readonly string[]> {
  const several = module.usage?.includes('..') === true;
  const next = words[place.words.length] ?? (several ? words.at(-1) : undefined);
  if (next === undefined) return [];
  if (next.choices.length > 0) return next.choices;
  return (await module.complete?.(place, host).catch(() => [])) ?? [];
}
