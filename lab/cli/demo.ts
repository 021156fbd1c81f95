import { defineVerb } from '../../platform/verb.ts';

export const verb = defineVerb({
  options: (yargs) =>
    yargs.option('keep', { type: 'boolean', default: false, describe: 'leave lab and agent running' }),
  run: async (args, host) => {
    host.out(`not yet: ${args.keep}\n`);
    return await Promise.resolve(1);
  },
});
