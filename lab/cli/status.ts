/** The verbs `lab status` and `lab log`. */
import { defineVerb } from '../../platform/process/verb.ts';
import { isRecord } from '../listeners/request-body.ts';
import { clientOptions, openClient } from './management-client.ts';
import { print } from './print.ts';

export const status = defineVerb({
  options: clientOptions,
  run: async (args, host) => {
    const client = await openClient(args, host);
    print(await client.call('GET', '/api/status'), [], args, host);
    return 0;
  },
});

export const log = defineVerb({
  options: (yargs) =>
    clientOptions(yargs)
      .option('node', { type: 'string', describe: 'only what is about this node (its UUID)' })
      .option('since', { type: 'number', default: 0, describe: 'only events after this number' }),
  run: async (args, host) => {
    const client = await openClient(args, host);
    const query = new URLSearchParams({
      since: String(args.since),
      ...(args.node !== undefined && { node: args.node }),
    });
    const events = await client.call('GET', `/api/events?${query.toString()}`);
    const format = args.format ?? (host.interactive ? 'table' : 'json');
    const shown =
      format === 'json' || !Array.isArray(events)
        ? events
        : events.filter(isRecord).map((event) => ({ ...event, time: new Date(Number(event['at'])).toISOString() }));
    print(shown, ['seq', 'time', 'type', 'node', 'message'], { format }, host);
    return 0;
  },
});
