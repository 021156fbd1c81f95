/** The help of every verb, for the page of all verbs and for the manual page. */
import { ERROR_TABLE } from '../../platform/errors/error-table.ts';
import { allVerbs, openParser } from './parser.ts';

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
  for (const { path } of await allVerbs()) {
    const text = await (await openParser(path, COLUMNS)).getHelp();
    texts.push({ name: path.join(' '), text: text.trimEnd() });
  }
  return texts;
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
