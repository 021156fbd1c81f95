/** The verb `facts`: what this machine is, for people (a table) and for programs (JSON). */
import type { Argv } from 'yargs';
import { defineVerb, type Host, type VerbModule } from '../../platform/process/verb.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { gather } from '../collect-facts.ts';
import type { FactSet } from '../fact-types.ts';
import { readInventory } from '../inventory/inventory.ts';
import { factValues, isOwnFact } from '../values.ts';
import type { FactsExtras } from './extras.ts';
import { collectOptionsOf, withSources } from './options.ts';
import { yamlText } from './yaml-text.ts';
import { FORMATS, printFacts, reportErrors, table, type Format } from './print.ts';
import { factNames, selectFacts } from './select.ts';

/** The verb, with what the caller knows of servers. */
export function factsVerb(extras: FactsExtras): VerbModule {
  return defineVerb({
    usage: '[name..]',
    verbs: [
      {
        name: 'explain',
        describe: 'where a fact comes from, what would keep it back, and which rules use it',
        load: async () => (await import('./explain.ts')).explainVerb(extras),
      },
      {
        name: 'identity',
        describe: 'every candidate id of this machine, and what each dialect would send',
        load: async () => (await import('./identity-verb.ts')).identityVerb(extras),
      },
    ],
    options: withFactsOptions,
    examples: [
      ['facts memory virtual', "facts by name, beginning or glob (quote it: 'mk_disk*')"],
      ['facts --match mem --format line', 'one NAME=VALUE a line, for grep and cut'],
      ['facts --tags --rules rules.json', 'which tags a server would give, and why not the others'],
      ['facts --diff last', 'what changed since the running agent sent its facts'],
    ],
    complete: async ({ option }, host) => (option === undefined ? await factNames(host) : []),
    run: async (args, host) => await run(args, host, extras),
  });
}

type FactsArgs = InferredArgs<ReturnType<typeof withFactsOptions>>;
type InferredArgs<T> = T extends Argv<infer U> ? U : never;

async function run(args: FactsArgs, host: Host, extras: FactsExtras): Promise<number> {
  refuseBadCombination(args);
  const { set, sources } = await gather(await collectOptionsOf(args, host.signal));
  const format = args.format ?? (host.interactive ? 'table' : 'json');
  reportErrors(set, host);
  if (args.timing) host.err(timing(set, host));
  if (args.inventory) return printStructure(readInventory(sources), format, host);
  if (args.structured) {
    const { structuredFacts } = await import('../structured/structured-facts.ts');
    return printStructure(structuredFacts(set), format, host);
  }
  if (args.missing) {
    for (const { server, from, names: absent, remedy } of await extras.missing(set))
      host.out(`${server}: facts of ${from} that are not there: ${absent.join(', ')}\n${remedy}\n`);
    return 0;
  }
  const names = args.name ?? [];
  const stateDir = args['state-dir'] ?? '/tmp';
  if (args.tags) {
    const { printTags } = await import('./tags.ts');
    const exclude = args.exclude ?? (await extras.exclusion(stateDir));
    return await printTags(set, { ...args, names, exclude, json: args.format === 'json' }, extras, host);
  }
  const exclusion =
    args.exclude === undefined ? undefined : (await import('../exclude.ts')).compileExclusion(args.exclude);
  const values = factValues(set, exclusion);
  if (args['second-opinion']) {
    const { secondOpinion } = await import('../second-opinion/second-opinion.ts');
    host.out(await secondOpinion(values, sources, host));
    return 0;
  }
  if (args.diff !== undefined) return await diff(args.diff, { args, set, values, extras, host });
  if (args.lenient) {
    const shown = names.length === 0 ? values : Object.fromEntries(names.map((name) => [name, values[name] ?? '']));
    host.out(printFacts(shown, format, host, names));
    return 0;
  }
  const { shown, missing } = selectFacts(values, names, args.match);
  if (missing.length > 0 && Object.keys(shown).length === 0)
    throw new RazorMkError('RAZOR_MK_NO_FACT', missing.join('\n  '));
  host.out(printFacts(shown, format, host, names.length === 1 && Object.hasOwn(shown, names[0] ?? '') ? names : []));
  for (const message of missing) host.err(`razor-mk: ${message}\n`);
  if (args.watch) {
    const { watchFacts } = await import('./diff.ts');
    const again = async (): Promise<Readonly<Record<string, string>>> => {
      const next = factValues((await gather(await collectOptionsOf(args, host.signal))).set, exclusion);
      return selectFacts(next, names, args.match).shown;
    };
    await watchFacts(shown, again, { everyS: args.interval, all: names.length > 0 }, host);
  }
  return missing.length === 0 ? 0 : new RazorMkError('RAZOR_MK_NO_FACT', '').exitCode;
}

function refuseBadCombination(args: FactsArgs): void {
  if (!(args.interval >= 0.1 && args.interval <= 3600))
    throw new RazorMkError('RAZOR_MK_USAGE', '--interval takes seconds from 0.1 to 3600');
  if (args.rules !== undefined && !args.tags)
    throw new RazorMkError('RAZOR_MK_USAGE', '--rules says whose tags: give --tags with it');
}

function printStructure(value: unknown, format: Format, host: Host): number {
  const json = JSON.stringify(value, null, host.interactive ? 2 : undefined);
  host.out(format === 'yaml' ? yamlText(JSON.parse(json)) : `${json}\n`);
  return 0;
}

interface DiffJob {
  readonly args: FactsArgs;
  readonly set: FactSet;
  readonly values: Readonly<Record<string, string>>;
  readonly extras: FactsExtras;
  readonly host: Host;
}

/** `--diff last` compares what is sent: facts that the pattern in force keeps back are in neither, nor what the agent says of itself. */
async function diff(what: string, { args, set, values, extras, host }: DiffJob): Promise<number> {
  const { factsOfFile, printDiff } = await import('./diff.ts');
  let old: Readonly<Record<string, string>>;
  let now = values;
  if (what === 'last') {
    const stateDir = args['state-dir'] ?? (await extras.runningStateDir()) ?? '/tmp';
    // what only the running agent knows is no line of this
    old = Object.fromEntries(
      Object.entries(await before(stateDir, extras)).filter(([name]) => !isOwnFact(name) || name in values),
    );
    if (args.exclude === undefined) {
      const { compileExclusion } = await import('../exclude.ts');
      const kept = factValues(set, compileExclusion(await extras.exclusion(stateDir)));
      now = Object.fromEntries(
        Object.entries(values).filter(([name]) => Object.hasOwn(kept, name) || Object.hasOwn(old, name)),
      );
    }
  } else old = await factsOfFile(what);
  const { text, changed } = printDiff(old, now, host);
  host.out(text);
  return changed === 0 ? 0 : 1;
}

/** What facts are printed, and how. */
function withFactsOptions(yargs: Argv) {
  return withSources(yargs)
    .positional('name', { type: 'string', array: true, describe: 'only these facts: names, beginnings or globs' })
    .option('match', { type: 'string', describe: 'only facts whose name or value matches this pattern' })
    .option('format', {
      choices: FORMATS,
      describe: 'table on a terminal, one line of JSON otherwise; line (NAME=VALUE) for pipes',
    })
    .option('exclude', { type: 'string', describe: 'leave out facts whose names match, as a server would' })
    .option('diff', {
      type: 'string',
      describe: 'compare with a capture, a JSON file, or `last`: what was sent last',
    })
    .option('state-dir', { type: 'string', describe: 'where --diff last looks; the running agent’s by default' })
    .option('tags', { type: 'boolean', default: false, describe: 'which tags a server would give, and why not others' })
    .option('rules', { type: 'string', describe: 'with --tags: a file of rules, as the server prints them' })
    .option('dialect', {
      type: 'string',
      describe: 'with --tags: whose rules they are, where the file does not show it',
    })
    .option('watch', { type: 'boolean', default: false, describe: 'go on, and print what changes' })
    .option('interval', { type: 'number', default: 2, describe: 'seconds between looks with --watch' })
    .option('timing', { type: 'boolean', default: false, describe: 'what each group took' })
    .option('inventory', {
      type: 'boolean',
      default: false,
      describe: 'the structured view, with numbers as numbers',
    })
    .option('structured', {
      type: 'boolean',
      default: false,
      describe: 'in Facter 4’s structure: os, processors, memory, networking, dmi, disks',
    })
    .option('missing', {
      type: 'boolean',
      default: false,
      describe: 'which facts are not there that a site’s rules may read (razor-server)',
    })
    .option('second-opinion', {
      type: 'boolean',
      default: false,
      describe: 'compare with the programs that are installed',
    })
    .option('lenient', {
      type: 'boolean',
      default: false,
      hidden: true,
      describe: 'an unknown name is empty, as in Facter',
    });
}

async function before(stateDir: string, extras: FactsExtras): Promise<Readonly<Record<string, string>>> {
  const last = await extras.previousFacts(stateDir);
  if (last) return last;
  throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `no facts that were sent are kept in ${stateDir}`, {
    remedy: 'Start an agent (razor-mk run), name its state directory with --state-dir, or give a file to compare with.',
  });
}

function timing(set: FactSet, host: Host): string {
  const rows = (set.groups ?? []).map(({ name, durationMs, facts }): [string, string] => [
    name,
    `${durationMs.toFixed(1).padStart(7)} ms  ${facts} facts`,
  ]);
  return table([...rows, ['all', `${set.durationMs.toFixed(1).padStart(7)} ms  ${set.facts.size} facts`]], host);
}
