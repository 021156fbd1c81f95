/** What is wrong with a command line, in words that name the verb, with the verbs and options that were meant. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import { didYouMean, editDistance } from '../../platform/near-names.ts';
import { namesIn, tableOf } from './option-table.ts';
import { allVerbs, findVerb, type FoundVerb } from './parser.ts';

/** Words of other programs and of the documentation, and what they are called here. */
const OTHER_WORDS: Readonly<Record<string, readonly string[]>> = {
  replay: ['facts --from CAPTURE', 'run --from CAPTURE'],
  anonymise: ['capture --redact'],
  anonymize: ['capture --redact'],
  record: ['capture'],
  tags: ['facts --tags', 'lab tag'],
  why: ['lab node explain', 'facts --tags'],
  server: ['lab'],
  start: ['demo', 'run'],
  build: ['image build', 'package'],
};

/** yargs' complaint about these words, said again for people. */
export async function usageError(message: string, argv: readonly string[]): Promise<RazorMkError> {
  const verb = await findVerb(argv);
  const name = verb.path.join(' ');
  const remedy = name === '' ? 'razor-mk --help lists the verbs.' : `See razor-mk help ${name}.`;
  return new RazorMkError('RAZOR_MK_USAGE', await sentence(message, verb), { remedy });
}

async function sentence(message: string, verb: FoundVerb): Promise<string> {
  const { path, module, below, rest } = verb;
  const [word = ''] = rest;
  const unknown = /^Unknown (?:argument|command)s?: (.*)$/s.exec(message)?.[1]?.split(', ') ?? [];
  if (module === undefined && word !== '') return await unknownVerb(word);
  const about = `${path.join(' ')}: `;
  if (module === undefined) return message;
  if (unknown.length > 0) {
    const names = namesIn(tableOf(module));
    const ownVerbs = below.map((entry) => entry.name);
    const texts = unknown.map(async (one) =>
      rest.includes(one)
        ? `unknown word ${one}${didYouMean(one, ownVerbs) || (await fromTheTree(one))}`
        : `unknown option --${one}${nearOptions(one, names) || (await verbsWith(one))}`,
    );
    return about + (await Promise.all(texts)).join('; ');
  }
  if (message.startsWith('Not enough non-option arguments')) {
    const missing = [...(module.usage ?? '').matchAll(/<([\w-]+)(?:\.\.)?>/g)].map((match) =>
      (match[1] ?? '').toUpperCase(),
    );
    const [, got = '0', needed = '1'] = /got (\d+), need at least (\d+)/.exec(message) ?? [];
    return `${about}${missing.slice(Number(got) - Number(needed)).join(' and ')} is missing: razor-mk ${path.join(' ')} ${module.usage ?? ''}`;
  }
  const choice = /Argument: ([\w-]+), Given: "(.*?)", Choices: (.*)$/m.exec(message);
  if (choice !== null) {
    const [, argument = '', given = '', choices = ''] = choice;
    const known = choices.split(', ').map((each) => each.replaceAll('"', ''));
    return `${about}${argument} cannot be ${given}${didYouMean(given, known) || `; known: ${known.join(', ')}`}`;
  }
  return about + message;
}

/** At most so far from a name that is suggested: a word of eight letters may have two wrong. */
function isNear(wrong: string, name: string): boolean {
  return editDistance(wrong.toLowerCase(), name) <= Math.max(1, Math.floor(wrong.length / 4));
}

function nearOptions(wrong: string, names: readonly string[]): string {
  const near = names.filter((name) => isNear(wrong, name) || (wrong.length > 3 && name.startsWith(wrong)));
  return near.length === 0 ? '' : `; did you mean ${near.map((name) => `--${name}`).join(', ')}?`;
}

async function unknownVerb(word: string): Promise<string> {
  return `unknown verb ${word}${await fromTheTree(word)}`;
}

/** The verbs of the whole tree that are spelled nearly so, else the verbs that have such an option. */
async function fromTheTree(word: string): Promise<string> {
  const verbs = await allVerbs();
  const own = Object.hasOwn(OTHER_WORDS, word) ? (OTHER_WORDS[word] ?? []) : [];
  const near = verbs.filter(({ path }) => isNear(word, path.at(-1) ?? '')).map(({ path }) => path.join(' '));
  if (own.length + near.length === 0) return await verbsWith(word);
  return asked([...own, ...near]);
}

/** The verbs that have an option of this name. */
async function verbsWith(option: string): Promise<string> {
  const verbs = await allVerbs();
  const having = verbs.filter(({ module }) => module !== undefined && namesIn(tableOf(module)).includes(option));
  return asked(having.map(({ path }) => `${path.join(' ')} --${option}`));
}

function asked(found: readonly string[]): string {
  return found.length === 0 ? '' : `; did you mean ${found.slice(0, 4).join(', or ')}?`;
}
