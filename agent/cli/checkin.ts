/** The verb `checkin`: one check-in by hand. The command in the reply is shown, never carried out. */
import { defineVerb } from '../../platform/process/verb.ts';
import { pushedText } from '../config/pushed.ts';
import { createRegistry } from '../commands/command-registry.ts';
import { prepareExchange, printPreview } from './exchange-verb.ts';
import { agentOptions, TO_ASK } from './options.ts';

export const verb = defineVerb({
  options: (yargs) =>
    agentOptions(
      yargs,
      {
        'dry-run': { type: 'boolean', default: false, describe: 'show the request and send nothing' },
        first: { type: 'boolean', default: false, describe: 'as the first check-in of a freshly booted node' },
        json: { type: 'boolean', default: false, describe: 'the reply as JSON' },
      },
      TO_ASK,
    ),
  examples: [
    ['checkin --dry-run', 'the request that would be sent'],
    ['checkin --server 10.0.0.1 --first --json', 'what a server answers to a freshly booted node'],
  ],
  run: async (args, host) => {
    const { dialect, report } = await prepareExchange(args, host, args.first);
    if (args['dry-run']) {
      printPreview(dialect.previewCheckin(report), host);
      return 0;
    }
    const reply = await dialect.checkin(report, host.signal);
    if (args.json) {
      host.out(
        `${JSON.stringify({ command: reply.command, clientConfig: reply.clientConfig, reason: reply.reason })}\n`,
      );
      return 0;
    }
    host.out(`the server says ${reply.command.name}\n`);
    if (reply.reason !== undefined) host.out(`  its reason: ${reply.reason}\n`);
    const handler = createRegistry().find(reply.command.name);
    const plan = handler?.plan(reply.command.param) ?? ['nothing: this agent does not know the command'];
    for (const step of plan) host.out(`  an agent would: ${step}\n`);
    for (const [key, value] of Object.entries(reply.clientConfig ?? {}))
      host.out(`  ${key}: ${pushedText(key, value)}\n`);
    return 0;
  },
});
