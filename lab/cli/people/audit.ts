/** The verb `lab audit`: who changed what. */
import { defineVerb } from '../../../platform/process/verb.ts';
import { clientOptions, openClient } from '../management-client.ts';
import { print } from '../print.ts';

export const audit = defineVerb({
  examples: [
    ['lab audit --limit 20', 'the newest 20 changes'],
    ['lab audit --who ada --format json', 'those of one operator, with what was sent'],
  ],
  options: (yargs) =>
    clientOptions(yargs)
      .option('limit', { type: 'number', default: 100, describe: 'at most so many, the newest' })
      .option('before', { type: 'number', describe: 'only lines before this number' })
      .option('who', { type: 'string', describe: 'only what this one did' }),
  run: async (args, host) => {
    const client = await openClient(args, host);
    const query = new URLSearchParams({
      limit: String(args.limit),
      ...(args.before !== undefined && { before: String(args.before) }),
      ...(args.who !== undefined && { who: args.who }),
    });
    const lines = await client.call('GET', `/api/audit?${query.toString()}`);
    print(lines, ['id', 'at', 'who', 'address', 'status', 'action', 'details'], args, host);
    return 0;
  },
});
