/** The verb `facts`: what this machine is, for people (a table) and for programs (JSON). */
import { defineVerb } from '../../platform/verb.ts';
import { collectFacts, compileExclusion, factValues, openCapture, openSources } from '../index.ts';
import { printFacts } from './print.ts';

export const verb = defineVerb({
  usage: '[name..]',
  options: (yargs) =>
    yargs
      .positional('name', { type: 'string', array: true, describe: 'only these facts' })
      .option('format', { choices: ['table', 'json'] as const, describe: 'table on a terminal, json otherwise' })
      .option('exclude', { type: 'string', describe: 'leave out facts whose names match, as a server would' })
      .option('from', { type: 'string', describe: 'read a capture instead of this machine' })
      .option('root', { type: 'string', default: '/', describe: 'read a recorded tree instead of this machine' }),
  run: async (args, host) => {
    const sources = args.from === undefined ? openSources({ root: args.root }) : await openCapture(args.from);
    const set = await collectFacts({ sources, signal: host.signal });
    const exclusion = args.exclude === undefined ? undefined : compileExclusion(args.exclude);
    const values = factValues(set, exclusion);
    const names = args.name ?? [];
    const shown = names.length === 0 ? values : Object.fromEntries(names.map((name) => [name, values[name] ?? '']));
    host.out(printFacts(shown, args.format ?? (host.interactive ? 'table' : 'json'), host));
    return 0;
  },
});
