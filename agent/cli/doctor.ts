/** The verb `doctor`: what is broken between this machine and its server, and what to do about it. */
import { compileExclusion, DEFAULT_EXCLUSION, factValues } from '../../facts/facts.ts';
import { readCapped } from '../../platform/files.ts';
import { defineVerb } from '../../platform/process/verb.ts';
import type { Settings } from '../config/settings.ts';
import { loadDialect } from '../servers/registry.ts';
import { parseAddress } from '../discovery/address.ts';
import { parseResolvConf } from '../discovery/resolv-conf.ts';
import { exitStatusOf, firstBroken, renderResults } from '../doctor/check.ts';
import { examine } from '../doctor/doctor.ts';
import { exchangeOf } from '../http/http-client.ts';
import { readKernelLog } from '../network/kernel-log.ts';
import { parseRoutes4, parseRoutes6, type Route } from '../network/routes.ts';
import { observeNetwork } from '../network/network-state.ts';
import { proxyFor, readProxies } from '../http/proxy.ts';
import { ironicOnce } from './exchange-verb.ts';
import { agentOptions } from './options.ts';
import { settingsByHand, setUp } from './setup.ts';

export const verb = defineVerb({
  options: (yargs) =>
    agentOptions(yargs).option('json', { type: 'boolean', default: false, describe: 'every check, as JSON' }),
  run: async (args, host) => {
    const setup = await setUp(args, host);
    const values = settingsByHand(setup, host);
    const conf = (await text(args['resolv-conf'])) ?? '';
    const routes: readonly Route[] = [
      ...parseRoutes4((await text('/proc/net/route')) ?? ''),
      ...parseRoutes6((await text('/proc/net/ipv6_route')) ?? ''),
    ];
    const ironic = values.dialect === 'ironic' ? { ironic: await ironicOnce(setup, undefined) } : {};
    const results = await examine({
      observe: () => observeNetwork({ kernelLog: readKernelLog }),
      routes: () => routes,
      resolvConf: parseResolvConf(conf),
      resolversNamed: /^\s*nameserver\s+\S/m.test(conf),
      dnsName: dnsNameOf(values, (name) => setup.cmdline.value(name)),
      ...(args['dns-port'] === undefined ? {} : { dnsPort: args['dns-port'] }),
      discover: () => setup.discover(values, host.signal),
      proxyFor: (url) => proxyFor(url, readProxies(host.env)),
      httpFor: (server) => setup.httpFor(values, server),
      dialectFor: (server, http) =>
        loadDialect(values.dialect, { ...ironic, serverUrl: server.url, exchange: exchangeOf(http) }),
      report: async () => {
        const set = await setup.collect(values, host.signal);
        const facts = factValues(set, compileExclusion(values.factExclude || DEFAULT_EXCLUSION));
        return { identity: set.identity, facts, firstCheckin: true, lastState: 'idle' };
      },
      wall: () => new Date(),
      signal: host.signal,
    });
    const broken = firstBroken(results);
    const exit = broken === undefined ? 0 : exitStatusOf(broken.name);
    host.out(
      args.json
        ? `${JSON.stringify({ exit, broken: broken ?? null, checks: results }, undefined, 1)}\n`
        : renderResults(results),
    );
    return exit;
  },
});

/** The name by which the server may have to be found. */
function dnsNameOf({ dialect, server }: Settings, kernel: (name: string) => string | undefined): string {
  if (dialect !== 'foreman') {
    const product = dialect === 'hanlon' ? 'hanlon' : 'razor';
    return kernel(`${product}.server`) ?? product;
  }
  const written = server[0] ?? kernel('proxy.url') ?? kernel('foreman.url') ?? '';
  return parseAddress(written)?.host ?? '_x-foreman._tcp';
}

async function text(path: string): Promise<string | undefined> {
  return (await readCapped(path, 1024 * 1024).catch(() => undefined))?.toString('utf8');
}
