/** The verb `facts`: what this machine is, for people (a table) and for programs (JSON). */
import type { Argv } from 'yargs';
import { defineVerb, type Host, type VerbModule } from '../../platform/process/verb.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { gather } from '../collect-facts.ts';
import type { FactSet } from '../fact-types.ts';
import { readInventory } from '../inventory/inventory.ts';
import { findFact } from '../find-fact.ts';
import { factValues } from '../values.ts';
import type { FactsExtras } from './extras.ts';
import { collectOptionsOf, withSources } from './options.ts';
import { yamlText } from './yaml-text.ts';
import { FORMATS, printFacts, reportErrors, table } from './print.ts';

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
    run: async (args, host) => {
      const { set, sources } = await gather(await collectOptionsOf(args, host.signal));
      const exclusion =
        args.exclude === undefined ? undefined : (await import('../exclude.ts')).compileExclusion(args.exclude);
      const values = factValues(set, exclusion);
      const format = args.format ?? (host.interactive ? 'table' : 'json');
      reportErrors(set, host);
      if (args.timing) host.err(timing(set, host));
      if (args.inventory) {
        const inventory = readInventory(sources);
        const json = JSON.stringify(inventory, null, host.interactive ? 2 : undefined);
        host.out(format === 'yaml' ? yamlText(JSON.parse(json)) : `${json}\n`);
        return 0;
      }
      if (args.structured) {
        const { structuredFacts } = await import('../structured/structured-facts.ts');
        const json = JSON.stringify(structuredFacts(set), null, host.interactive ? 2 : undefined);
        host.out(format === 'yaml' ? yamlText(JSON.parse(json)) : `${json}\n`);
        return 0;
      }
      if (args.missing) {
        for (const { server, from, names, remedy } of await extras.missing(set))
          host.out(`${server}: facts of ${from} that are not there: ${names.join(', ')}\n${remedy}\n`);
        return 0;
      }
      if (args['second-opinion']) {
        const { secondOpinion } = await import('../second-opinion/second-opinion.ts');
        host.out(await secondOpinion(values, sources, host));
        return 0;
      }
      if (args.diff !== undefined) {
        const { printDiff } = await import('./diff.ts');
        const { text, changed } = printDiff(await before(args.diff, args['state-dir'], extras), values, host);
        host.out(text);
        return changed === 0 ? 0 : 1;
      }
      const names = args.name ?? [];
      const shown: Record<string, string> = {};
      if (names.length === 0) Object.assign(shown, values);
      else for (const name of names) shown[name] = args.lenient ? (values[name] ?? '') : findFact(set, name).value;
      host.out(printFacts(shown, format, host, names));
      return 0;
    },
  });
}

/** What facts are printed, and how. */
function withFactsOptions(yargs: Argv) {
  return withSources(yargs)
    .positional('name', { type: 'string', array: true, describe: 'only these facts' })
    .option('format', { choices: FORMATS, describe: 'table on a terminal, one line of JSON otherwise' })
    .option('exclude', { type: 'string', describe: 'leave out facts whose names match, as a server would' })
    .option('diff', {
      type: 'string',
      describe: 'compare with a capture, a JSON file, or `last`: what was sent last',
    })
    .option('state-dir', { type: 'string', default: '/tmp', describe: 'where --diff last looks' })
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

async function before(diff: string, stateDir: string, extras: FactsExtras): Promise<Readonly<Record<string, string>>> {
  if (diff !== 'last') return await (await import('./diff.ts')).factsOfFile(diff);
  const last = await extras.previousFacts(stateDir);
  if (last) return last;
  throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `no facts that were sent are kept in ${stateDir}`, {
    remedy: 'Name the state directory of the agent with --state-dir, or give a file to compare with.',
  });
}

function timing(set: FactSet, host: Host): string {
  const rows = (set.groups ?? []).map(({ name, durationMs, facts }): [string, string] => [
    name,
    `${durationMs.toFixed(1).padStart(7)} ms  ${facts} facts`,
  ]);
  return table([...rows, ['all', `${set.durationMs.toFixed(1).padStart(7)} ms  ${set.facts.size} facts`]], host);
}
