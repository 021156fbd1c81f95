/** What a verb takes, as one table: help, manual page, docs/verbs.md, completion and suggestions are made from it. */
import yargs, { type Argv } from 'yargs';
import type { VerbModule } from '../../platform/process/verb.ts';
import { valueWord } from './value-words.ts';

/** An option of a verb. */
export interface OptionRow {
  readonly name: string;
  /** Other names: one letter, or whole. */
  readonly aliases: readonly string[];
  readonly describe: string;
  readonly group: string;
  /** What stands for its value in the help (`SECONDS`); undefined for a switch. */
  readonly value: string | undefined;
  readonly choices: readonly string[];
  /** The verb does not go without it. */
  readonly required: boolean;
  /** Takes several values. */
  readonly several: boolean;
  /** As it is shown; undefined where there is none worth showing. */
  readonly fallback: string | undefined;
  /** Is taken, and not shown: the verb does not use it. */
  readonly hidden: boolean;
}

/** A word of a verb that is no option: `facts explain NAME`. */
interface WordRow {
  readonly name: string;
  readonly describe: string;
  readonly choices: readonly string[];
}

export interface VerbTable {
  readonly words: readonly WordRow[];
  /** In the order of the help. */
  readonly options: readonly OptionRow[];
}

/** The parts of yargs that its types leave out. */
interface WholeYargs {
  getGroups(): Readonly<Record<string, readonly string[]>>;
  getOptions(): {
    readonly key: Readonly<Record<string, unknown>>;
    readonly alias: Readonly<Record<string, readonly string[]>>;
    readonly array: readonly string[];
    readonly boolean: readonly string[];
    readonly number: readonly string[];
    readonly choices: Readonly<Record<string, readonly unknown[]>>;
    readonly default: Readonly<Record<string, unknown>>;
    readonly defaultDescription: Readonly<Record<string, string | undefined>>;
    readonly demandedOptions: Readonly<Record<string, unknown>>;
    readonly hiddenOptions: readonly string[];
  };
  getInternalMethods(): {
    getUsageInstance(): { getDescriptions(): Readonly<Record<string, string | undefined>> };
  };
}

/** The first group of a help. */
export const OWN_GROUP = 'Options:';

const EVERYWHERE: readonly OptionRow[] = [
  { name: 'help', aliases: ['h'], describe: 'show this help' },
  { name: 'version', aliases: ['V'], describe: 'print the version' },
].map((row) => ({
  ...row,
  group: OWN_GROUP,
  value: undefined,
  choices: [],
  required: false,
  several: false,
  fallback: undefined,
  hidden: false,
}));

/** What a verb takes. */
export function tableOf(module: VerbModule): VerbTable {
  const built = module.options(yargs([]).locale('en').help(false).version(false) as Argv) as unknown as WholeYargs;
  const { key, alias, array, boolean, number, choices, default: defaults, ...more } = built.getOptions();
  const describe = built.getInternalMethods().getUsageInstance().getDescriptions();
  const words = [...(module.usage ?? '').matchAll(/[[<]([\w-]+)/g)].map((match) => match[1] ?? '');
  const heads = [OWN_GROUP, ...Object.keys(built.getGroups())];
  const groups = Object.entries(built.getGroups()).flatMap(([group, names]) =>
    names.map((name) => [name, group] as const),
  );
  const groupOf = new Map(groups.filter(([, group]) => group !== 'Positionals:'));
  const others = new Set(Object.values(alias).flat());
  const choicesOf = (name: string): readonly string[] => (choices[name] ?? []).map(String);
  const rows = Object.keys(key)
    .filter((name) => !words.includes(name) && !others.has(name))
    .map((name): OptionRow => ({
      name,
      aliases: alias[name] ?? [],
      describe: describe[name] ?? '',
      group: groupOf.get(name) ?? OWN_GROUP,
      value: boolean.includes(name) ? undefined : valueWord(name, number.includes(name)),
      choices: choicesOf(name),
      required: name in more.demandedOptions,
      several: array.includes(name),
      fallback: more.defaultDescription[name] ?? shown(defaults[name]),
      hidden: more.hiddenOptions.includes(name),
    }));
  return {
    words: words.map((name) => ({ name, describe: describe[name] ?? '', choices: choicesOf(name) })),
    options: [...rows, ...EVERYWHERE.filter(({ name }) => !(name in key))].sort(
      (one, other) => heads.indexOf(one.group) - heads.indexOf(other.group),
    ),
  };
}

/** A default as text: what is empty, or off, is not worth a word. */
function shown(value: unknown): string | undefined {
  if (value === undefined || value === false || value === '') return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.join(',');
  return value === true ? 'on' : String(value as string | number);
}

/** The names that people may type: those of the options that are shown, and the whole words among their aliases. */
export function namesIn({ options }: VerbTable): readonly string[] {
  const shownNames = options.filter(({ hidden }) => !hidden);
  return shownNames.flatMap(({ name, aliases }) => [name, ...aliases.filter((alias) => alias.length > 1)]);
}
