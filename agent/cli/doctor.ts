/** The verb `doctor`: what is broken between this machine and its server, and what to do about it. */
import { readCapped } from '../../platform/files.ts';
import { defineVerb, type Host } from '../../platform/process/verb.ts';
import { ipFamilyOf, parseAddress } from '../discovery/address.ts';
import { parseResolvConf } from '../../platform/resolv-conf.ts';
import { exitStatusOf, firstBroken, renderResults } from '../doctor/check.ts';
import { examine, type DoctorContext } from '../doctor/doctor.ts';
import { exchangeOf } from '../http/exchange.ts';
import { proxyFor, readProxies } from '../http/proxy.ts';
import type { CommandLine } from '../../platform/kernel-line.ts';
import { observeMachine } from '../network/network-state.ts';
import { parseRoutes4, parseRoutes6, type Route } from '../network/routes.ts';
import { factsOf } from '../servers/node-report.ts';
import type { DiscoveryRules } from '../servers/server.ts';
import { exclusionOf } from '../state/exclusion.ts';
import { agentOptions, TO_ASK, type AgentArgs } from './options.ts';
import { settingsByHand, setUp, type SetUpOptions } from './setup.ts';

export const verb = defineVerb({
  options: (yargs) =>
    agentOptions(yargs, { json: { type: 'boolean', default: false, describe: 'every check, as JSON' } }, TO_ASK),
  examples: [
    ['doctor', 'what is broken between this machine and its server'],
    ['doctor --server 10.0.0.1:8026 --json', 'every check of one server, for a program'],
  ],
  run: async (args, host) => {
    const results = await examine(await doctorContext(args, host));
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

/** What the doctor looks at: this machine and its server, as the options, the kernel line and the files name it. */
export async function doctorContext(args: AgentArgs, host: Host, options: SetUpOptions = {}): Promise<DoctorContext> {
  const setup = await setUp(args, host, options);
  const { descriptor, kernel } = setup;
  const values = settingsByHand(setup, host);
  const conf = (await text(args['resolv-conf'])) ?? '';
  const routes: readonly Route[] = [
    ...parseRoutes4((await text('/proc/net/route')) ?? ''),
    ...parseRoutes6((await text('/proc/net/ipv6_route')) ?? ''),
  ];
  const { openDialect } = descriptor;
  return {
    descriptor,
    kernel,
    observe: observeMachine,
    routes: () => routes,
    resolvConf: parseResolvConf(conf),
    dnsName: dnsNameOf(descriptor.discovery, values.server, kernel),
    dnsPort: args['dns-port'],
    discover: () => setup.discover(values, host.signal),
    proxyFor: (url) => proxyFor(url, readProxies(host.env)),
    httpFor: (server) => setup.httpFor(values, server),
    openDialect:
      openDialect && ((server, http) => openDialect({ kernel, serverUrl: server.url, exchange: exchangeOf(http) })),
    report: async () => {
      const set = await setup.collect(values, host.signal);
      const facts = factsOf(descriptor, set, exclusionOf(values.factExclude, descriptor));
      return { identity: set.identity, ...facts, firstCheckin: true, lastState: 'idle' };
    },
    wall: () => new Date(),
    signal: host.signal,
  };
}

/** The name that DNS is asked for: that of the address that was given, else the server's own, else that of its service. */
function dnsNameOf(rules: DiscoveryRules, servers: readonly string[], kernel: CommandLine): string {
  const given = [...servers, ...rules.kernelKeys.flatMap((key) => kernel.value(key)?.split(',') ?? [])];
  const names = given.flatMap((written) => parseAddress(written)?.host ?? []).filter((host) => ipFamilyOf(host) === 0);
  return names[0] ?? rules.dnsName ?? rules.srvName ?? 'localhost';
}

async function text(path: string): Promise<string | undefined> {
  return (await readCapped(path, 1024 * 1024).catch(() => undefined))?.toString('utf8');
}
