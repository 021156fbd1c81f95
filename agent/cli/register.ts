/** The verb `register`: sends this machine's facts, once. */
import { defineVerb } from '../../platform/process/verb.ts';
import { prepareExchange, printPreview } from './exchange-verb.ts';
import { agentOptions, TO_ASK } from './options.ts';

export const verb = defineVerb({
  options: (yargs) =>
    agentOptions(
      yargs,
      {
        'dry-run': { type: 'boolean', default: false, describe: 'show the request and send nothing' },
      },
      TO_ASK,
    ),
  examples: [
    ['register --dry-run', 'the facts that would be sent, in the form of the server'],
    ['register --server 10.0.0.1 --from capture.tar.gz', 'register a recorded machine'],
  ],
  run: async (args, host) => {
    const { descriptor, dialect, report } = await prepareExchange(args, host, false);
    const preview = dialect.previewRegister(report);
    if (preview === undefined) {
      const reason = descriptor.job?.noRegister ?? 'its first check-in registers';
      host.out(`${descriptor.name} has no register: ${reason}\n`);
      return 0;
    }
    if (args['dry-run']) {
      printPreview(preview, host);
      return 0;
    }
    for (const note of await dialect.register(report, host.signal)) host.err(`note: ${note}\n`);
    const count = Object.keys(report.facts).length;
    host.out(`registered ${dialect.nodeId(report.identity)} with ${count} facts at ${dialect.serverUrl}\n`);
    return 0;
  },
});
