/** The help of every verb, for the page of all verbs and for the manual page. */
import { ERROR_TABLE } from '../../platform/errors/error-table.ts';
import { helpPage } from './help-page.ts';
import { allVerbs, findVerb } from './parser.ts';
import { usageError } from './usage.ts';

/** Width of the help on both pages. */
const COLUMNS = 100;

interface HelpText {
  /** `facts explain` */
  readonly name: string;
  readonly text: string;
}

/** What `help VERB` prints, of every verb of the tree. */
export async function helpTexts(): Promise<readonly HelpText[]> {
  const texts: HelpText[] = [];
  for (const verb of await allVerbs())
    texts.push({ name: verb.path.join(' '), text: (await helpPage(verb, COLUMNS)).trimEnd() });
  return texts;
}

/** The help of the verb that the words lead to. Throws RAZOR_MK_USAGE for a verb that does not exist. */
export async function helpOf(words: readonly string[], columns: number): Promise<string> {
  const verb = await findVerb(words);
  const [unknown] = verb.rest;
  const takesWords = verb.module !== undefined && (verb.below.length === 0 || verb.module.usage !== undefined);
  if (unknown !== undefined && !takesWords && words.at(-1) === unknown)
    throw await usageError(`Unknown argument: ${unknown}`, words);
  return await helpPage(verb, columns);
}

const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll(/^([.'])/gm, '\\&$1')
    .replaceAll('-', '\\-');

/** The manual page (`razor-mk help --man`), for man(1). */
export async function manualPage(): Promise<string> {
  const sections = (await helpTexts()).flatMap(({ name, text }) => [
    `.SH ${roff(name.toUpperCase())}`,
    '.nf',
    roff(text),
    '.fi',
  ]);
  const statuses = [...new Set(Object.values(ERROR_TABLE).map(({ exit }) => exit))].sort((a, b) => a - b);
  return [
    '.TH RAZOR\\-MK 1',
    '.SH NAME',
    'razor\\-mk \\- agent, image builder and lab of the Razor Microkernel',
    '.SH SYNOPSIS',
    '.B razor\\-mk',
    '.I VERB',
    '[options]',
    '.SH EXIT STATUS',
    `0 for done; ${statuses.join(', ')} as in sysexits.h. docs/agent.md lists when.`,
    ...sections,
    '',
  ].join('\n');
}
