/** The network of a booting node: addresses and VLANs of the kernel line, DHCP on VLANs, and recovery until there is an address. */
import type { Clock } from '../../../platform/time/clock.ts';
import { isUsableAddress, type UsableAddress } from '../../network/assess.ts';
import { addRoutes, configureNetwork, type ConfigureMemory } from '../../network/configure.ts';
import { lacksDhcpClient, restartDhcp, startDhcp, type DhcpContext } from '../../network/dhcp.ts';
import { parseIpArguments, type IpArguments } from '../../kernel-line/ip-argument.ts';
import { isNicName } from '../../kernel-line/ip-fields.ts';
import type { Runtime } from '../../loop/runtime.ts';
import { dhcpInterfaces, vlanLinks } from '../../network/line-cards.ts';
import type { NetworkState } from '../../network/network-state.ts';
import { RELOADABLE_MODULES, type RecoveryAction, type RecoveryOptions } from '../../network/recovery.ts';
import { announceNameservers } from '../../network/resolv-conf-writer.ts';
import { keepDhcpv6, learnDnsServers } from '../../network/ipv6/ipv6-network.ts';
import { waitForNetwork } from '../../network/wait.ts';
import { reportStep } from './boot-step.ts';

export interface NetworkOptions {
  /** The kernel command line. */
  readonly cmdline: string;
  /** More kernel modules that may have missed their firmware. */
  readonly reloadModules: readonly string[];
  /** A line for the console, whatever the log level. */
  readonly say: (line: string) => void;
  readonly dhcp?: Partial<DhcpContext>;
}

/** A kernel module's name, as it may stand in an argv. */
const MODULE_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/i;

/** From the start of a DHCP client until its pid file is there. */
const CLIENT_STARTS_MS = 1000;

/** Resolves with the usable addresses, however long that takes. Rejects only when it is stopped. */
export async function bringUpNetwork(
  runtime: Runtime,
  options: NetworkOptions,
  observeAll: () => NetworkState,
): Promise<readonly UsableAddress[]> {
  const { clock, signal } = runtime;
  const { say } = options;
  const wanted = parseIpArguments(options.cmdline);
  for (const warning of wanted.warnings) runtime.log.warn(`kernel line: ${warning}`);
  const observe = vlanOnly(observeAll, wanted);
  // addresses of the kernel line are set even where DHCP has given one already
  const memory: ConfigureMemory = { failures: [], count: 0, at: -Infinity };
  const configure = configurator(runtime, options, wanted, observe, memory);
  const needsSetup = wanted.statics.length > 0 || wanted.vlans.length > 0;
  if (!needsSetup) await announceNameservers(wanted, runtime);
  if (needsSetup) await configure(observe());
  const asked = (state: NetworkState): readonly string[] => dhcpInterfaces(state, wanted, memory.failedNics);
  void keepDhcpv6(observe, asked, runtime).catch(() => undefined);
  const usable = await waitForNetwork({
    clock,
    observe,
    say,
    signal,
    recovery: recoveryOptions(wanted, options, memory, clock),
    configure: needsSetup ? configure : undefined,
    addressGiven: wanted.statics.length > 0,
    onRound: ({ stage, missing, check }) => {
      if (stage !== 'ready') reportStep(runtime, 'network', 'running', `${missing}; check: ${check}`);
    },
    act: (action) => recover(runtime, action, options),
  });
  await learnDnsServers(observe, usable, runtime);
  const routes = await addRoutes(observe(), wanted, runtime);
  // there is a network, but not all of what was asked for
  for (const failure of [...memory.failures, ...routes]) {
    say(`network: ${failure}. Check ip=, rd.route= and razor.vlan= of the kernel line. It goes on with what there is.`);
  }
  return usable;
}

/** One round of setting up what the kernel line wants; resolves to what is still missing, in words. */
function configurator(
  { system, log, clock }: Runtime,
  { dhcp }: NetworkOptions,
  wanted: IpArguments,
  observe: () => NetworkState,
  memory: ConfigureMemory,
): (state: NetworkState) => Promise<readonly string[]> {
  const asking = new Set<string>();
  return async (state) => {
    const missing = await configureNetwork(state, wanted, { system, log, clock }, memory);
    // nobody else asks there. At once: an address of a router's advertisement ends the wait, and brings no next-server
    const seen = observe();
    const links = new Set(vlanLinks(seen, wanted).map(({ name }) => name));
    const asked = dhcpInterfaces(seen, wanted).filter((name) => links.has(name));
    const vlans = seen.nics.filter(({ name }) => asked.includes(name));
    for (const { name } of vlans.filter((nic) => !asking.has(nic.name))) {
      asking.add(name);
      await restartDhcp(name, { system, log, clock, ...dhcp });
    }
    const without = vlans.filter(({ addresses }) => !addresses.some(isUsableAddress));
    return [...missing, ...without.map(({ name }) => `an address on ${name}`)];
  };
}

function recoveryOptions(
  wanted: IpArguments,
  { reloadModules, dhcp }: NetworkOptions,
  memory: ConfigureMemory,
  clock: Clock,
): RecoveryOptions {
  const lacking = new Map<string, number>();
  return {
    reloadable: [...RELOADABLE_MODULES, ...reloadModules.filter((name) => MODULE_NAME.test(name))],
    dhcpNics: (state) => dhcpInterfaces(state, wanted, memory.failedNics),
    lacksClient(nic) {
      if (!lacksDhcpClient(nic, dhcp ?? {})) lacking.delete(nic);
      else if (!lacking.has(nic)) lacking.set(nic, clock.now());
      // one that is being started has no pid file yet
      return clock.now() - (lacking.get(nic) ?? Infinity) >= CLIENT_STARTS_MS;
    },
  };
}

/** With razor.vlan the untagged network does not count, whatever its DHCP server said: only addresses that were asked for do. */
function vlanOnly(observe: () => NetworkState, wanted: IpArguments): () => NetworkState {
  if (wanted.vlans.length === 0) return observe;
  const asked = new Set(wanted.statics.map(({ address }) => address));
  return () => {
    const state = observe();
    const nics = state.nics.map((nic) =>
      nic.physical ? { ...nic, addresses: nic.addresses.filter((address) => asked.has(address)) } : nic,
    );
    return { ...state, nics };
  };
}

/** One action of the recovery. Never throws. */
async function recover(runtime: Runtime, action: RecoveryAction, { say, dhcp }: NetworkOptions): Promise<void> {
  const { system, log, clock } = runtime;
  switch (action.kind) {
    case 'link-up':
      if (isNicName(action.nic))
        await change(runtime, `switch ${action.nic} on`, ['ip', 'link', 'set', 'dev', action.nic, 'up']);
      return;
    case 'reload-module':
      if (!MODULE_NAME.test(action.module)) return;
      say(
        `network: the driver ${action.module} found no device, it is loaded again (its firmware may have come later)`,
      );
      await change(runtime, `remove the module ${action.module}`, ['rmmod', action.module]);
      await change(runtime, `load the module ${action.module}`, ['modprobe', action.module]);
      return;
    case 'start-dhcp':
      await startDhcp(action.nic, { system, log, clock, ...dhcp });
      return;
    case 'restart-dhcp':
      say(`network: ${action.nic} has a link and no address, its DHCP client is started anew`);
      await restartDhcp(action.nic, { system, log, clock, ...dhcp });
      return;
  }
}

async function change({ system, log }: Runtime, what: string, argv: readonly [string, ...string[]]): Promise<void> {
  const result = await system.run(what, argv, { timeoutMs: 20_000 });
  if (result.status !== 0)
    log.warn(`${argv.join(' ')} failed: ${result.failure ?? result.stderr.toString().trim().slice(0, 200)}`);
}
