/**
 * Command lines that need no parser: a verb, and options that are written out, each once, with the value behind it. The image
 * starts the agent with such a line, and yargs takes a tenth of the way to the first check-in. Everything else is yargs': what
 * is read here it would have read alike, which test/agent/command-line/plain-line.test.ts asks it.
 */
import type { Options } from 'yargs';
import type { VerbModule } from '../../platform/process/verb.ts';
import { VERBS } from '../verbs.ts';

interface PlainLine {
  readonly verb: VerbModule;
  /** As yargs gives them. */
  readonly args: object;
}

/** What a verb declares, where it declares nothing but options (and words that may be left out). */
type Declared = ReadonlyMap<string, Options & { readonly isWord: boolean }>;

/** What an option may say for its value to be read here. */
const UNDERSTOOD = new Set(
  'type default describe group hidden requiresArg choices defaultDescription alias array'.split(' '),
);

/** The verb and its options; undefined for a line that is yargs' to read, or to refuse. */
export async function plainLine(argv: readonly string[]): Promise<PlainLine | undefined> {
  const [name, ...words] = argv;
  const entry = VERBS.find((each) => each.name === name);
  if (entry === undefined || !words.every((word) => /^[^"'\\]+$/.test(word))) return undefined;
  const verb = await entry.load();
  const declared = declaredBy(verb);
  const given = declared && valuesOf(words, declared);
  if (declared === undefined || given === undefined) return undefined;
  const args: Record<string, unknown> = { _: [name], $0: 'razor-mk' };
  for (const [option, { default: fallback, isWord }] of declared) {
    const value = given.get(option) ?? (isWord ? [] : fallback);
    if (value === undefined) continue;
    args[option] = value;
    args[option.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())] = value;
  }
  return { verb, args };
}

/** The options of a verb, by asking its builder as yargs would. Undefined where it says more than this file understands. */
function declaredBy(verb: VerbModule): Declared | undefined {
  const options = new Map<string, Options & { readonly isWord: boolean }>();
  let understood = true;
  const note = (name: string, option: Options, isWord: boolean): void => {
    const plainName = /^[a-z]+(-[a-z]+)*$/.test(name) && !options.has(name);
    const aliased = option.alias !== undefined && option.default !== undefined;
    understood &&= plainName && !aliased && Object.keys(option).every((key) => UNDERSTOOD.has(key));
    options.set(name, { ...option, isWord });
  };
  const builder: object = new Proxy(
    {
      option: (name: string, option: Options) => (note(name, option, false), builder),
      options: (all: Readonly<Record<string, Options>>) => {
        for (const [name, option] of Object.entries(all)) note(name, option, false);
        return builder;
      },
      // a list of words may be empty; words that must be there are yargs'
      positional: (name: string, option: Options) => {
        understood &&= option.array === true && option.default === undefined;
        note(name, option, true);
        return builder;
      },
      group: () => builder,
    } as Record<string | symbol, unknown>,
    { get: (known, key) => known[key] ?? (() => ((understood = false), builder)) },
  );
  verb.options(builder as Parameters<VerbModule['options']>[0]);
  return understood ? options : undefined;
}

function valuesOf(words: readonly string[], declared: Declared): ReadonlyMap<string, unknown> | undefined {
  const given = new Map<string, unknown>();
  for (let at = 0; at < words.length; at += 1) {
    const [, name = '', joined] = /^--([a-z-]+)(?:=(.+))?$/s.exec(words[at] ?? '') ?? [];
    const option = declared.get(name);
    if (option === undefined || given.has(name)) return undefined;
    const isSwitch = option.type === 'boolean';
    const value = joined ?? (isSwitch ? undefined : words[(at += 1)]);
    const read = isSwitch ? (value === undefined ? true : undefined) : valueOf(option, value);
    if (read === undefined) return undefined;
    given.set(name, read);
  }
  return given;
}

/** A value as the option's type has it. Undefined where yargs might read it otherwise, or would refuse it. */
function valueOf({ type, choices, alias, array }: Options, word: string | undefined): string | number | undefined {
  if (word === undefined || word.startsWith('-') || alias !== undefined || array === true) return undefined;
  if (choices !== undefined) return type === undefined && choices.includes(word) ? word : undefined;
  if (type === 'string') return word;
  return type === 'number' && /^(0|[1-9]\d{0,8})$/.test(word) ? Number(word) : undefined;
}
