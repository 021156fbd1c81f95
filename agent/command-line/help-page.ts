/** `razor-mk help VERB` as text: the verb's own options first, then the groups that verbs share, then examples. */
import type { VerbEntry } from '../../platform/process/verb.ts';
import { wrapWords } from '../../platform/process/wrap.ts';
import { OWN_GROUP, tableOf, type OptionRow } from './option-table.ts';
import { findVerb, type FoundVerb } from './parser.ts';

/** Wider lines are hard to read, whatever the terminal has. */
const WIDEST = 100;
/** The column of names is at most so wide; longer names stand on a line of their own. */
const NAMES = 28;

const PROGRAM = 'razor-mk';
/** Keeps two words on one line; printed as a blank. */
const NO_BREAK = '\u00a0';

/** The help of the program, or of the verb that was found. `columns` is the width of the terminal. */
export async function helpPage({ path, module, below }: FoundVerb, columns: number): Promise<string> {
  const width = Math.max(40, Math.min(WIDEST, columns));
  const name = [PROGRAM, ...path].join(' ');
  const { words, options } = module === undefined ? PROGRAM_TABLE : tableOf(module);
  const shown = options.filter(({ hidden }) => !hidden);
  const ofGroup = new Map([OWN_GROUP, ...shown.map(({ group }) => group)].map((group) => [group, [] as OptionRow[]]));
  for (const row of shown) ofGroup.get(row.group)?.push(row);
  const column = columnOf(shown.map((row) => optionLine(row)[0]));
  const sections = [
    section(
      'Verbs:',
      below.map((entry) => [entry.name, entry.describe]),
      width,
    ),
    section(
      'Words:',
      words.map((word) => [word.name, described(word.describe, word.choices)]),
      width,
    ),
    ...[...ofGroup].map(([group, rows]) => section(group, rows.map(optionLine), width, column)),
    examplesSection(module?.examples ?? []),
    module?.epilogue?.() ?? '',
    module === undefined ? `${PROGRAM} help VERB shows the options of a verb, with examples.` : '',
  ];
  const usage = module === undefined ? 'VERB [options]' : (module.usage ?? (below.length > 0 ? 'VERB' : '[options]'));
  const head = [`${name} ${usage}`, await describeOf(path, width)].filter((text) => text !== '');
  return [...head, ...sections].filter((text) => text !== '').join('\n\n');
}

const PROGRAM_TABLE: ReturnType<typeof tableOf> = {
  words: [],
  options: tableOf({ options: (yargs) => yargs, run: () => Promise.resolve(0) }).options,
};

async function describeOf(path: readonly string[], width: number): Promise<string> {
  const last = path.at(-1);
  if (last === undefined) return 'The agent of the Razor Microkernel.';
  const { below } = await findVerb(path.slice(0, -1));
  return wrapWords(below.find((entry: VerbEntry) => entry.name === last)?.describe ?? '', width, 0);
}

function optionLine(row: OptionRow): readonly [string, string] {
  const letters = row.aliases.filter((alias) => alias.length === 1).map((alias) => `-${alias}`);
  const no = row.value === undefined && row.fallback !== undefined ? '[no-]' : '';
  const names = [row.name, ...row.aliases.filter((alias) => alias.length > 1)].map((name) => `--${no}${name}`);
  const value = row.value === undefined ? '' : ` ${valueText(row)}`;
  const notes = [
    row.required ? '[required]' : '',
    row.fallback === undefined || row.describe.includes('[default') ? '' : `[default:${NO_BREAK}${row.fallback}]`,
  ];
  const text = [row.describe, ...notes].filter((part) => part !== '').join(' ');
  return [`${[...letters, ...names].join(', ')}${value}`, text];
}

function valueText({ value = '', choices, several }: OptionRow): string {
  return `${choices.length > 0 ? choices.join('|') : value}${several ? ' …' : ''}`;
}

function described(text: string, choices: readonly string[]): string {
  return choices.length === 0 ? text : `${text}: ${choices.join(', ')}`;
}

/** Where the texts begin behind these names. */
function columnOf(names: readonly string[]): number {
  return Math.max(0, ...names.map((name) => name.length).filter((length) => length <= NAMES)) + 4;
}

function section(
  head: string,
  rows: readonly (readonly [string, string])[],
  width: number,
  column = columnOf(rows.map(([name]) => name)),
): string {
  if (rows.length === 0) return '';
  const lines = rows.map(([name, text]) => {
    const body = wrapWords(text, width, column).replaceAll(NO_BREAK, ' ');
    return name.length + 4 <= column
      ? `  ${name}`.padEnd(column) + body
      : `  ${wrapWords(name.replaceAll('|', '| '), width, 6).replaceAll('| ', '|')}\n${' '.repeat(column)}${body}`;
  });
  return [head, ...lines].join('\n');
}

function examplesSection(examples: readonly (readonly [string, string])[]): string {
  if (examples.length === 0) return '';
  return ['Examples:', ...examples.map(([command, does]) => `  ${PROGRAM} ${command}\n      ${does}`)].join('\n');
}
