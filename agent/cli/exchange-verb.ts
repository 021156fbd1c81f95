/** What `checkin` and `register` share: one report, shown or sent, once. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Host } from '../../platform/process/verb.ts';
import { exchangeOf } from '../http/exchange.ts';
import type { Dialect, NodeReport, RequestPreview } from '../servers/dialect.ts';
import type { DialectOptions, ServerDescriptor } from '../servers/server.ts';
import { factsOf } from '../servers/node-report.ts';
import { exclusionOf } from '../state/exclusion.ts';
import type { AgentArgs } from './options.ts';
import { settingsByHand, setUp } from './setup.ts';

interface Prepared {
  readonly descriptor: ServerDescriptor;
  readonly dialect: Dialect;
  readonly report: NodeReport;
}

/** Discovers, gathers and opens the dialect. Throws RAZOR_MK_DIALECT for servers that have no exchange by hand. */
export async function prepareExchange(args: AgentArgs, host: Host, firstCheckin: boolean): Promise<Prepared> {
  const setup = await setUp(args, host);
  const { descriptor, kernel } = setup;
  const values = settingsByHand(setup, host);
  const discovery = await setup.discover(values, host.signal);
  const [server] = discovery.candidates;
  if (server === undefined) throw new Error('discovery gave no candidate');
  host.err(`server ${server.url} by ${server.source}\n`);
  const { checkinPath, registerPath } = values;
  const set = await setup.collect(values, host.signal);
  const dialect = await openByHand(descriptor, {
    kernel,
    factSet: set,
    serverUrl: server.url,
    exchange: exchangeOf(await setup.httpFor(values, server)),
    ...(checkinPath === '' ? {} : { checkinPath }),
    ...(registerPath === '' ? {} : { registerPath }),
  });
  for (const error of set.errors) host.err(`facts: ${error.group}: ${error.message}\n`);
  if (set.identity.note !== undefined) host.err(`identity: ${set.identity.note}\n`);
  const facts = factsOf(descriptor, set, exclusionOf(values.factExclude, descriptor));
  return { descriptor, dialect, report: { identity: set.identity, ...facts, firstCheckin, lastState: 'idle' } };
}

/** The exchanges of such a server. Throws RAZOR_MK_DIALECT where it has none by hand. */
async function openByHand(descriptor: ServerDescriptor, options: DialectOptions): Promise<Dialect> {
  if (descriptor.openDialect !== undefined) return await descriptor.openDialect(options);
  throw new RazorMkError('RAZOR_MK_DIALECT', `${descriptor.name} has no check-in and no register`, {
    remedy: `Use razor-mk run for it; ${descriptor.page} describes the exchange.`,
  });
}

/** A request as it would go out. */
export function printPreview(preview: RequestPreview, host: Host): void {
  host.out(`${preview.method} ${preview.url}\n`);
  for (const [name, value] of Object.entries(preview.headers)) host.out(`${name}: ${value}\n`);
  if (preview.body !== undefined) host.out(`\n${preview.body}\n`);
  for (const note of preview.notes) host.err(`note: ${note}\n`);
}
