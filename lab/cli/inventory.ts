/** The verb `lab inventory`: a running lab as an inventory script of Ansible. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import { defineVerb } from '../../platform/process/verb.ts';
import { isRecord } from '../listeners/request-body.ts';
import { clientOptions, openClient } from './management-client.ts';

/** Prints what Ansible asks for, always as JSON. */
export const inventory = defineVerb({
  examples: [
    ['lab inventory --list', 'every installed machine with its groups and variables'],
    ['lab inventory --host node1', 'the variables of one'],
  ],
  options: (yargs) =>
    clientOptions(yargs)
      .option('list', { type: 'boolean', describe: 'all machines; what is printed by default' })
      .option('host', { type: 'string', describe: 'the variables of this host alone' }),
  run: async (args, host) => {
    if (args.list === true && args.host !== undefined) {
      throw new RazorMkError('RAZOR_MK_USAGE', 'give --list or --host NAME, not both');
    }
    const client = await openClient(args, host);
    const whole = await client.call('GET', '/api/inventory/ansible');
    const meta = isRecord(whole) ? whole['_meta'] : undefined;
    const vars = isRecord(meta) && isRecord(meta['hostvars']) ? meta['hostvars'] : {};
    const wanted = args.host === undefined ? whole : (vars[args.host] ?? {});
    host.out(`${JSON.stringify(wanted, null, 2)}\n`);
    return 0;
  },
});
