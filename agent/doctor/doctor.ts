/** Walks from the driver to the reply and stops at the first thing that is broken. */
import { isIP } from 'node:net';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import type { Candidate, Discovery } from '../discovery/candidate.ts';
import type { ResolvConf } from '../../platform/resolv-conf.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { Proxy } from '../http/proxy.ts';
import type { CommandLine } from '../../platform/kernel-line.ts';
import type { NetworkState } from '../network/network-state.ts';
import type { Route } from '../network/routes.ts';
import type { Dialect, NodeReport } from '../servers/dialect.ts';
import { notFoundRemedy } from '../servers/remedies.ts';
import type { ServerDescriptor } from '../servers/server.ts';
import { CHECKS, firstBroken, type CheckName, type CheckResult } from './check.ts';
import { checkDriver, checkFirmware, checkLease, checkLink, checkRoute } from './machine-checks.ts';
import { checkDns, checkHttp, checkReply, checkTcp } from './server-checks.ts';

export interface DoctorContext {
  /** Which kind of server the node is given to. */
  readonly descriptor: ServerDescriptor;
  readonly kernel: CommandLine;
  readonly observe: () => NetworkState;
  readonly routes: () => readonly Route[];
  readonly resolvConf: ResolvConf;
  readonly dnsPort?: number | undefined;
  /** The name that discovery asks DNS for. */
  readonly dnsName: string;
  readonly discover: () => Promise<Discovery>;
  /** The proxy that a URL is asked through. Throws RAZOR_MK_TRUST for one that cannot be used. */
  readonly proxyFor: (url: string) => Proxy | undefined;
  readonly httpFor: (server: Candidate) => Promise<HttpClient>;
  /** Undefined for servers that have no exchange by hand. */
  readonly openDialect: ((server: Candidate, http: HttpClient) => Promise<Dialect>) | undefined;
  readonly report: () => Promise<NodeReport>;
  readonly wall: () => Date;
  readonly signal?: AbortSignal;
}

/** Results of every check, those after the first broken one `skipped`. Rejects only when stopped. */
export async function examine(context: DoctorContext): Promise<readonly CheckResult[]> {
  // discovery first, silently: what it finds tells which of the earlier things are needed at all
  const target = await findTarget(context);
  const results: CheckResult[] = [];
  for (const step of [...machineSteps(context, target), ...serverSteps(context, target)]) {
    context.signal?.throwIfAborted();
    results.push(...(await step()));
    if (firstBroken(results) !== undefined) break;
  }
  return [...results, ...skippedAfter(results)];
}

/** What the checks are about: the server that discovery gave, and what stands before it. */
interface Target {
  readonly discovery: Discovery | { readonly failed: string };
  readonly server: Candidate | undefined;
  /** The host of the server's URL, or the address that DNS gave for it. */
  readonly host: string | undefined;
  readonly proxy: Proxy | { readonly fault: CheckResult } | undefined;
  /** The address that is connected to, where it is known as a number: the proxy's, where there is one. */
  readonly address: string | undefined;
  /** The server is on this very machine. */
  readonly isLocal: boolean;
}

async function findTarget(context: DoctorContext): Promise<Target> {
  const discovery = await context.discover().catch((error: unknown) => ({
    failed: (error instanceof Error ? error.message : messageOf(error)).slice(0, 2000),
  }));
  const server = 'failed' in discovery ? undefined : discovery.candidates[0];
  const host =
    server === undefined ? undefined : (server.address ?? new URL(server.url).hostname.replace(/^\[(.*)\]$/, '$1'));
  const proxy = server === undefined ? undefined : proxyOf(context, server.url);
  const reached = proxy === undefined || 'fault' in proxy ? host : proxy.host;
  const address = reached !== undefined && isIP(reached) !== 0 ? reached : undefined;
  const isLocal = address !== undefined && (address.startsWith('127.') || address === '::1');
  return { discovery, server, host, proxy, address, isLocal };
}

type Step = () => readonly CheckResult[] | Promise<readonly CheckResult[]>;

/** Driver, firmware, link, lease, route. What a server on this very machine does not need is noted, not broken. */
function machineSteps({ observe, routes, kernel }: DoctorContext, { isLocal, address }: Target): readonly Step[] {
  // an address, and not one of the words for DHCP
  const addressGiven = kernel.all('ip').some((value) => /^[[\d]/.test(value));
  const checks: (() => CheckResult)[] = [
    () => checkDriver(observe()),
    () => checkFirmware(observe()),
    () => checkLink(observe()),
    () => checkLease(observe(), addressGiven),
    () => checkRoute(routes(), isLocal ? undefined : address, addressGiven),
  ];
  const notNeeded = { state: 'note', remedy: 'Not needed: the server is on this machine.' } as const;
  return checks.map((check) => () => {
    const result = check();
    return [isLocal && result.state === 'broken' ? { ...result, ...notNeeded } : result];
  });
}

/** DNS, server, TCP, TLS and clock, HTTP, reply. */
function serverSteps(context: DoctorContext, target: Target): readonly Step[] {
  const { descriptor, kernel, resolvConf, dnsName: name, dnsPort: port, signal } = context;
  const { server, discovery } = target;
  const needed =
    server === undefined ||
    !('steps' in discovery) ||
    discovery.steps.some((step) => step.found.length > 0 && /name /.test(step.note));
  return [
    async () => [await checkDns(resolvConf, { descriptor, name, needed, port, signal })],
    () => [checkServer(target, notFoundRemedy(descriptor, kernel))],
    // behind a server that was found
    async () => [await tcpResult(descriptor, server as Candidate, target)],
    async () => await httpResults(context, server as Candidate),
    async () => [await replyResult(context, server as Candidate)],
  ];
}

function checkServer({ server, discovery }: Target, remedy: string): CheckResult {
  if (server !== undefined)
    return { name: 'server', state: 'ok', found: `${server.url}, found by ${server.source}`, remedy: '' };
  const found = 'failed' in discovery ? discovery.failed : 'none was found';
  return { name: 'server', state: 'broken', found, remedy };
}

async function tcpResult(
  descriptor: ServerDescriptor,
  { url, source }: Candidate,
  { proxy, host }: Target,
): Promise<CheckResult> {
  if (proxy === undefined) return await checkTcp(host as string, portOf(url), { source, descriptor });
  if ('fault' in proxy) return proxy.fault;
  return await checkTcp(proxy.host, proxy.port, { source: proxy.from });
}

async function httpResults(context: DoctorContext, server: Candidate): Promise<readonly CheckResult[]> {
  const http = await opened(context, server);
  if ('state' in http) return [http];
  const [tls, plain] = await checkHttp(server.url, http, context.wall);
  return tls.state === 'broken' ? [tls] : [tls, plain];
}

async function replyResult(context: DoctorContext, server: Candidate): Promise<CheckResult> {
  const { descriptor, openDialect } = context;
  if (openDialect === undefined) {
    const found = `${descriptor.name} has no check-in: ${descriptor.job?.noRegister ?? 'nothing is asked'}`;
    return { name: 'reply', state: 'skipped', found, remedy: '' };
  }
  const http = await context.httpFor(server);
  const report = await context.report();
  const result = await checkReply(descriptor, await openDialect(server, http), report);
  const missing = (await descriptor.wantedFacts?.missing(report)) ?? [];
  if (missing.length === 0 || descriptor.wantedFacts === undefined || result.state === 'broken') return result;
  const { from, remedy } = descriptor.wantedFacts;
  const found = `${result.found}; facts of ${from} that are not there: ${missing.join(', ')}`;
  return { ...result, state: 'note', found, remedy };
}

/** The checks that nobody came to. */
function skippedAfter(results: readonly CheckResult[]): readonly CheckResult[] {
  const seen = new Set(results.map(({ name }) => name));
  const found = `not looked at: ${firstBroken(results)?.name ?? 'something'} is broken`;
  return CHECKS.filter((name) => !seen.has(name)).map((name) => ({ name, state: 'skipped', found, remedy: '' }));
}

/** The proxy of the server, or what is wrong with it. */
function proxyOf(context: DoctorContext, url: string): Proxy | { readonly fault: CheckResult } | undefined {
  try {
    return context.proxyFor(url);
  } catch (error) {
    return { fault: brokenBy('TCP', error) };
  }
}

/** The client, or what is wrong with the certificates, keys and pins that were configured. */
async function opened(context: DoctorContext, server: Candidate): Promise<HttpClient | CheckResult> {
  try {
    return await context.httpFor(server);
  } catch (error) {
    return brokenBy('TLS and clock', error);
  }
}

function brokenBy(name: CheckName, error: unknown): CheckResult {
  if (!(error instanceof RazorMkError)) throw error;
  return { name, state: 'broken', found: error.message, remedy: error.remedy };
}

function portOf(text: string): number {
  const url = new URL(text);
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
}
