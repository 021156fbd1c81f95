/** The verbs `lab status` and `lab log`. */
import { setTimeout as delay } from 'node:timers/promises';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { defineVerb } from '../../platform/process/verb.ts';
import { isRecord } from '../listeners/request-body.ts';
import { clientOptions, openClient } from './management-client.ts';
import { labNames, pathOf } from './catalog/names.ts';
import { print, printable } from './print.ts';

/** How often `log --follow` asks. */
const FOLLOW_MS = 1000;

function timeOf(event: Readonly<Record<string, unknown>>): string {
  return new Date(Number(event['at'])).toISOString();
}

function eventText(event: Readonly<Record<string, unknown>>): string {
  const parts = [event['type'], event['node'], event['message']].filter((part) => typeof part === 'string');
  return printable(`${timeOf(event)} ${parts.join(' ')}`) + '\n';
}

export const status = defineVerb({
  examples: [
    ['lab status', 'addresses, counts and settings'],
    ['lab status --lab http://192.0.2.10:8025 --token-file token', 'of a lab elsewhere'],
  ],
  options: clientOptions,
  run: async (args, host) => {
    const client = await openClient(args, host);
    print(await client.call('GET', '/api/status'), [], args, host);
    return 0;
  },
});

export const log = defineVerb({
  examples: [
    ['lab log --limit 20', 'the newest 20 lines'],
    ['lab log --follow --format json', 'what happens, one JSON object a line'],
  ],
  complete: async (asked, host) => await labNames(pathOf('', asked), asked, host),
  options: (yargs) =>
    clientOptions(yargs)
      .option('node', { type: 'string', describe: 'only what is about this node (its UUID)' })
      .option('follow', { type: 'boolean', default: false, describe: 'go on, and print what happens, until Ctrl-C' })
      .option('limit', { type: 'number', describe: 'at most so many, the newest' })
      .option('since', { type: 'number', default: 0, describe: 'only events after this number' }),
  run: async (args, host) => {
    const client = await openClient(args, host);
    if (args.limit !== undefined && !(Number.isInteger(args.limit) && args.limit > 0))
      throw new RazorMkError('RAZOR_MK_USAGE', '--limit takes a whole number above 0');
    const after = async (since: number): Promise<readonly Record<string, unknown>[]> => {
      const query = new URLSearchParams({ since: String(since), ...(args.node !== undefined && { node: args.node }) });
      const events = await client.call('GET', `/api/events?${query.toString()}`);
      return Array.isArray(events) ? events.filter(isRecord) : [];
    };
    const format = args.format ?? (host.interactive ? 'table' : 'json');
    const events = await after(args.since);
    const shown = args.limit === undefined ? events : events.slice(-args.limit);
    if (!args.follow) {
      const timed = shown.map((event) => ({ ...event, time: timeOf(event) }));
      print(format === 'json' ? shown : timed, ['seq', 'time', 'type', 'node', 'message'], { format }, host);
      return 0;
    }
    let last = args.since;
    for (let fresh = shown; ; fresh = await after(last)) {
      for (const event of fresh) host.out(format === 'json' ? `${JSON.stringify(event)}\n` : eventText(event));
      last = Number(fresh.at(-1)?.['seq'] ?? last);
      await delay(FOLLOW_MS, undefined, { signal: host.signal }).catch(() => undefined);
      if (host.signal.aborted) return 0;
    }
  },
});
