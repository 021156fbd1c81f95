/** Walks from the driver to the reply and stops at the first thing that is broken. */
import { isIP } from 'node:net';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import type { Dialect, NodeReport } from '../servers/dialect.ts';
import type { Candidate, Discovery } from '../discovery/candidate.ts';
import type { ResolvConf } from '../discovery/resolv-conf.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { Route } from '../network/routes.ts';
import type { NetworkState } from '../network/network-state.ts';
import type { Proxy } from '../http/proxy.ts';
import { CHECKS, firstBroken, type CheckName, type CheckResult } from './check.ts';
import { checkDriver, checkFirmware, checkLease, checkLink, checkRoute } from './machine-checks.ts';
import { checkDns, checkHttp, checkReply, checkTcp } from './server-checks.ts';

export interface DoctorContext {
  readonly observe: () => NetworkState;
  readonly routes: () => readonly Route[];
  readonly resolvConf: ResolvConf;
  /** resolv.conf names a resolver; without one the C library asks 127.0.0.1. */
  readonly resolversNamed: boolean;
  readonly dnsPort?: number;
  /** The name that discovery asks DNS for. */
  readonly dnsName: string;
  readonly discover: () => Promise<Discovery>;
  /** The proxy that a URL is asked through. Throws RAZOR_MK_TRUST for one that cannot be used. */
  readonly proxyFor: (url: string) => Proxy | undefined;
  readonly httpFor: (server: Candidate) => Promise<HttpClient>;
  readonly dialectFor: (server: Candidate, http: HttpClient) => Dialect | Promise<Dialect>;
  readonly report: () => Promise<NodeReport>;
  readonly wall: () => Date;
  readonly signal?: AbortSignal;
}

/** Results of every check, those after the first broken one `skipped`. Rejects only when stopped. */
export async function examine(context: DoctorContext): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  // discovery first, silently: what it finds tells which of the earlier things are needed at all
  const discovery = await context.discover().catch((error: unknown) => ({
    failed: (error instanceof Error ? error.message : messageOf(error)).replaceAll(/\n\s*/g, ' | ').slice(0, 2000),
  }));
  const server = 'failed' in discovery ? undefined : discovery.candidates[0];
  const host =
    server === undefined ? undefined : (server.address ?? new URL(server.url).hostname.replace(/^\[(.*)\]$/, '$1'));
  const proxy = server === undefined ? undefined : proxyOf(context, server.url);
  // what is spoken to is the proxy, where there is one
  const reached = proxy === undefined || 'fault' in proxy ? host : proxy.host;
  const address = reached !== undefined && isIP(reached) !== 0 ? reached : undefined;
  const isLocal = address !== undefined && (address.startsWith('127.') || address === '::1');
  const usedDns =
    server === undefined ||
    !('steps' in discovery) ||
    discovery.steps.some((step) => step.found.length > 0 && /name /.test(step.note));

  const add = (result: CheckResult): boolean => {
    results.push(result);
    return result.state !== 'broken';
  };
  /** What a server on this very machine does not need is noted, not broken. */
  const machine = (result: CheckResult): boolean =>
    add(
      isLocal && result.state === 'broken'
        ? { ...result, state: 'note', remedy: 'Not needed: the server is on this machine.' }
        : result,
    );

  const steps: (() => boolean | Promise<boolean>)[] = [
    () => machine(checkDriver(context.observe())),
    () => machine(checkFirmware(context.observe())),
    () => machine(checkLink(context.observe())),
    () => machine(checkLease(context.observe())),
    () => machine(checkRoute(context.routes(), isLocal ? undefined : address)),
    async () =>
      add(
        await checkDns(context.resolvConf, {
          name: context.dnsName,
          needed: usedDns,
          named: context.resolversNamed,
          port: context.dnsPort,
          signal: context.signal,
        }),
      ),
    () => add(checkServer(server, discovery)),
    async () => {
      const { url, source } = server as Candidate;
      if (proxy === undefined) return add(await checkTcp(host as string, portOf(url), source));
      return add('fault' in proxy ? proxy.fault : await checkTcp(proxy.host, proxy.port, proxy.from, 'the proxy '));
    },
    async () => {
      const http = await opened(context, server as Candidate);
      if ('state' in http) return add(http);
      const [tls, plain] = await checkHttp((server as Candidate).url, http, context.wall);
      return add(tls) && add(plain);
    },
    async () => {
      const http = await context.httpFor(server as Candidate);
      return add(await checkReply(await context.dialectFor(server as Candidate, http), await context.report()));
    },
  ];
  for (const step of steps) {
    context.signal?.throwIfAborted();
    if (!(await step())) break;
  }
  const looked = new Set(results.map(({ name }) => name));
  const broken = firstBroken(results);
  for (const name of CHECKS) {
    if (!looked.has(name))
      results.push({
        name,
        state: 'skipped',
        found: `not looked at: ${broken?.name ?? 'something'} is broken`,
        remedy: '',
      });
  }
  return results;
}

function checkServer(server: Candidate | undefined, discovery: Discovery | { readonly failed: string }): CheckResult {
  if (server !== undefined)
    return { name: 'server', state: 'ok', found: `${server.url}, found by ${server.source}`, remedy: '' };
  return {
    name: 'server',
    state: 'broken',
    found: 'failed' in discovery ? discovery.failed : 'none was found',
    remedy:
      'Give razor.ip=HOST[:PORT] on the kernel line, a DNS name `razor`, or next-server in DHCP; razor-mk discover --explain.',
  };
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
