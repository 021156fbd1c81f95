/** The command line as yargs parses it: verbs are built from the list, and loaded when they are asked for. */
import yargs, { type Argv } from 'yargs';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { VerbEntry, VerbModule } from '../../platform/process/verb.ts';
import { VERBS } from '../verbs.ts';
import { versionText } from '../version.ts';

/**
 * The verb that was asked for, thrown out of yargs before it runs: behind every handler yargs renders the whole help once,
 * asked for or not, and that takes longer than anything else on the way to the first check-in.
 */
export class Chosen extends Error {
  readonly verb: VerbModule;
  readonly args: object;

  constructor(verb: VerbModule, args: object) {
    super('chosen');
    this.verb = verb;
    this.args = args;
  }
}

/** What yargs refuses, in its own words. */
export class ParseFault extends RazorMkError {
  constructor(message: string) {
    super('RAZOR_MK_USAGE', message);
  }
}

/** A parser of these words. Parsing throws Chosen with the verb and its options, or ParseFault. */
export async function openParser(argv: readonly string[]): Promise<Argv> {
  const wanted = argv.find((word) => !word.startsWith('-'));
  const parser = yargs([...argv])
    .scriptName('razor-mk')
    .locale('en') // the executable would be English and a clone would follow LC_ALL
    .help(false) // help-page.ts has it
    .version(versionText())
    .alias({ V: 'version' })
    .strict()
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new ParseFault(message);
    });
  for (const entry of VERBS) {
    if (entry.name === wanted) await addVerb(parser, entry);
    else parser.command(entry.name, entry.describe);
  }
  return parser;
}

async function addVerb(parser: Argv, entry: VerbEntry): Promise<void> {
  const verb = await entry.load();
  parser.command({
    command: verb.usage === undefined ? entry.name : `${entry.name} ${verb.usage}`,
    describe: entry.describe,
    builder: async (yargs: Argv) => {
      for (const below of verb.verbs ?? []) await addVerb(yargs, below);
      const built = verb.options(yargs);
      // the options of a verb are not those of the verbs below it
      if (verb.verbs !== undefined) limitToVerb(built as unknown as WholeYargs);
      return built;
    },
    handler: (args) => {
      throw new Chosen(verb, args);
    },
  });
}

/** The part of yargs' interface that its types leave out. */
interface WholeYargs {
  getOptions(): YargsOptions;
  global(names: readonly string[], inherited: boolean): unknown;
}

interface YargsOptions {
  readonly key: Readonly<Record<string, boolean>>;
}

const EVERYWHERE = ['help', 'version'];

function limitToVerb(parser: WholeYargs): void {
  const own = Object.keys(parser.getOptions().key).filter((name) => !EVERYWHERE.includes(name));
  parser.global(own, false);
}

/** A verb of the tree with the words that lead to it. */
export interface FoundVerb {
  readonly path: readonly string[];
  /** Undefined for the program itself. */
  readonly module: VerbModule | undefined;
  /** Verbs below it. */
  readonly below: readonly VerbEntry[];
  /** Words that are neither verbs nor options. */
  readonly rest: readonly string[];
}

/** The verb that words lead to, as far as they do. */
export async function findVerb(words: readonly string[]): Promise<FoundVerb> {
  let found: FoundVerb = { path: [], module: undefined, below: VERBS, rest: [] };
  for (const word of words.filter((each) => !each.startsWith('-'))) {
    const entry = found.rest.length > 0 ? undefined : found.below.find(({ name }) => name === word);
    if (entry === undefined) found = { ...found, rest: [...found.rest, word] };
    else {
      const module = await entry.load();
      found = { path: [...found.path, word], module, below: module.verbs ?? [], rest: [] };
    }
  }
  return found;
}

/** Every verb of the tree, each with the words that lead to it, in the order of the help. */
export async function allVerbs(
  entries: readonly VerbEntry[] = VERBS,
  above: readonly string[] = [],
): Promise<readonly FoundVerb[]> {
  const found: FoundVerb[] = [];
  for (const entry of entries) {
    const module = await entry.load();
    const path = [...above, entry.name];
    found.push({ path, module, below: module.verbs ?? [], rest: [] });
    found.push(...(await allVerbs(module.verbs ?? [], path)));
  }
  return found;
}
