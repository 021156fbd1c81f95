/** What `checkin` and `register` share: one report, shown or sent, once. */
import { compileExclusion, DEFAULT_EXCLUSION, factValues } from '../../facts/facts.ts';
import type { FactSet } from '../../facts/fact-types.ts';
import type { Host } from '../../platform/process/verb.ts';
import { loadDialect, type DialectOptions } from '../servers/registry.ts';
import type { Dialect, NodeReport, RequestPreview } from '../servers/dialect.ts';
import { exchangeOf } from '../http/http-client.ts';
import type { AgentArgs } from './options.ts';
import { settingsByHand, setUp, type Setup } from './setup.ts';

export interface Prepared {
  readonly dialect: Dialect;
  readonly report: NodeReport;
}

/** Discovers, gathers and makes the dialect. */
export async function prepare(args: AgentArgs, host: Host, firstCheckin: boolean): Promise<Prepared> {
  const setup = await setUp(args, host);
  const values = settingsByHand(setup, host);
  const discovery = await setup.discover(values, host.signal);
  const [server] = discovery.candidates;
  if (server === undefined) throw new Error('discovery gave no candidate');
  host.err(`server ${server.url} by ${server.source}\n`);
  const { checkinPath, registerPath } = values;
  const set = await setup.collect(values, host.signal);
  const foreman =
    values.dialect === 'foreman'
      ? { foreman: (await import('../servers/foreman/foreman-setup.ts')).foremanOnce(setup) }
      : {};
  const dialect = await loadDialect(values.dialect, {
    ...foreman,
    ...(values.dialect === 'ironic' ? { ironic: await ironicOnce(setup, set) } : {}),
    serverUrl: server.url,
    exchange: exchangeOf(await setup.httpFor(values, server)),
    ...(checkinPath === '' ? {} : { checkinPath }),
    ...(registerPath === '' ? {} : { registerPath }),
  });
  for (const error of set.errors) host.err(`facts: ${error.group}: ${error.message}\n`);
  if (set.identity.note !== undefined) host.err(`identity: ${set.identity.note}\n`);
  const facts = factValues(set, compileExclusion(values.factExclude || DEFAULT_EXCLUSION));
  return { dialect, report: { identity: set.identity, facts, firstCheckin, lastState: 'idle' } };
}

/** What Ironic's dialect for the hand needs; `set` where something may be sent. */
export async function ironicOnce(
  setup: Setup,
  set: FactSet | undefined,
): Promise<NonNullable<DialectOptions['ironic']>> {
  const { ironicParameters } = await import('../servers/ironic/ironic-parameters.ts');
  return { parameters: ironicParameters(setup.cmdline), set };
}

/** A request as it would go out. */
export function printPreview(preview: RequestPreview, host: Host): void {
  host.out(`${preview.method} ${preview.url}\n`);
  for (const [name, value] of Object.entries(preview.headers)) host.out(`${name}: ${value}\n`);
  if (preview.body !== undefined) host.out(`\n${preview.body}\n`);
  for (const note of preview.notes) host.err(`note: ${note}\n`);
}
