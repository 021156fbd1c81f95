/** The page of all verbs, printed from their help. */
import { helpTexts } from '../agent/command-line/help-texts.ts';

/** docs/verbs.md. */
export async function verbsPage(): Promise<string> {
  const sections = (await helpTexts()).flatMap(({ name, text }) => [`## ${name}`, '', '```', text, '```', '']);
  const head = [
    '# Verbs',
    '',
    'What `razor-mk help VERB` prints, for every verb. `npm run docs` prints this page, `razor-mk help --man` the manual page, both',
    'from the tables of the verbs: `razor-mk help --man > razor-mk.1; man ./razor-mk.1`.',
    '',
  ];
  return [...head, '<!-- contents -->', '', '<!-- end of contents -->', '', ...sections].join('\n');
}
