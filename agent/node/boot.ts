/**
 * The boot sequence of a live node: a low oom score, the watchdog, the network, the host name, the clock. Each step is visible
 * in `status`, in the events and on the console. None of them can end the agent.
 */
import { writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { messageOf } from '../../platform/errors/errors.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Log } from '../../platform/log/log.ts';
import type { System } from '../../platform/system.ts';
import type { BootStep } from '../status/snapshot.ts';
import { candidateNics, isUsableAddress, type UsableAddress } from '../network/assess.ts';
import { configureNetwork, type ConfigureMemory } from '../network/configure.ts';
import { restartDhcp, type DhcpContext } from '../network/dhcp.ts';
import { hostnameOf, setHostname } from '../network/hostname.ts';
import { isNicName, parseIpArguments, type IpArguments } from '../kernel-line/ip-argument.ts';
import { askSntp, leaseNtpServers, stepClock } from '../network/ntp.ts';
import { RELOADABLE_MODULES, type RecoveryAction } from '../network/recovery.ts';
import { readKernelLog } from '../network/kernel-log.ts';
import { observeNetwork, type NetworkState, type NicState } from '../network/network-state.ts';
import { waitForNetwork } from '../network/wait.ts';
import { openBmc } from './bmc.ts';
import { mountEfiVariables } from './efi-variables.ts';

export interface BootContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly system: System;
  readonly signal: AbortSignal;
  /** The kernel command line. */
  readonly cmdline: string;
  /** NTP servers of the settings; those of `ip=` come after them, then those of DHCP. */
  readonly ntp: readonly string[];
  /** More kernel modules that may have missed their firmware. */
  readonly reloadModules: readonly string[];
  /** Tells a step. */
  readonly step: (name: string, state: BootStep['state'], note?: string) => void;
  /** A line for the console, whatever the log level. */
  readonly say: (line: string) => void;
  readonly resolve: (name: string) => Promise<string | undefined>;
  readonly observe?: () => NetworkState;
  readonly dhcp?: Partial<DhcpContext>;
  readonly root?: string;
  readonly ntpPort?: number;
}

/** A kernel module's name, as it may stand in an argv. */
const MODULE_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/i;
const OOM_SCORE = '-900';

function observeMachine(): NetworkState {
  return observeNetwork({ kernelLog: readKernelLog });
}

/** Runs the sequence. Rejects only when it is stopped. */
export async function bootNode(context: BootContext): Promise<void> {
  const { step, system, signal } = context;
  const attempt = async (name: string, action: () => Promise<string>): Promise<void> => {
    step(name, 'running');
    try {
      step(name, 'done', await action());
    } catch (error) {
      signal.throwIfAborted();
      step(name, 'failed', messageOf(error));
      context.log.warn(`${name}: ${messageOf(error)}`);
    }
  };
  await attempt('memory', async () => {
    await system.change(`set our oom score to ${OOM_SCORE}`, () =>
      writeFileSync('/proc/self/oom_score_adj', OOM_SCORE),
    );
    return 'the kernel ends other programs first';
  });
  await attempt('firmware variables', () => mountEfiVariables(system, context.root));
  await attempt('BMC', () => openBmc(system, context.root));
  await attempt('network', async () => {
    const usable = await bringUpNetwork(context);
    return usable.map(({ nic, address }) => `${nic} ${address}`).join(', ');
  });
  await attempt('host name', async () => {
    const state = (context.observe ?? observeMachine)();
    const asked = parseIpArguments(context.cmdline).hostname;
    const name =
      asked ??
      candidateNics(state)
        .map((nic) => hostnameOf(nic.mac))
        .find((found) => found !== undefined);
    if (name === undefined) return 'left as it is: no NIC has a MAC';
    await setHostname(name, {
      system,
      log: context.log,
      root: context.root,
    });
    return name;
  });
  await bootClock(context);
}

async function bringUpNetwork(context: BootContext): Promise<readonly UsableAddress[]> {
  const { system, log, clock, step, say } = context;
  const wanted = parseIpArguments(context.cmdline);
  for (const warning of wanted.warnings) log.warn(`kernel line: ${warning}`);
  const observe = vlanOnly(context.observe ?? observeMachine, wanted);
  const onVlan = (name: string): boolean => wanted.vlans.some(({ id }) => name.endsWith(`.${id}`));
  const needsSetup = wanted.statics.length > 0 || wanted.vlans.length > 0;
  // addresses of the kernel line are set even where DHCP has given one already
  const memory: ConfigureMemory = { failures: [], count: 0, at: -Infinity };
  const asking = new Set<string>();
  const configure = async (state: NetworkState): Promise<readonly string[]> => {
    const missing = await configureNetwork(state, wanted, { system, log, clock }, memory);
    // nobody else asks there. At once: an address of a router's advertisement ends the wait, and brings no next-server
    const vlans = observe().nics.filter((nic) => wantsDhcp(nic, wanted));
    for (const { name } of vlans.filter((nic) => !asking.has(nic.name))) {
      asking.add(name);
      await restartDhcp(name, { system, log, clock, ...context.dhcp });
    }
    const without = vlans.filter(({ addresses }) => !addresses.some(isUsableAddress));
    return [...missing, ...without.map(({ name }) => `an address on ${name}`)];
  };
  if (needsSetup) await configure(observe());
  const usable = await waitForNetwork({
    clock,
    observe,
    say,
    signal: context.signal,
    recovery: {
      reloadable: [...RELOADABLE_MODULES, ...context.reloadModules.filter((name) => MODULE_NAME.test(name))],
      noDhcp:
        wanted.off ||
        (wanted.statics.length > 0 &&
          wanted.dhcpNics.length === 0 &&
          wanted.statics.some(({ nic }) => nic === undefined)),
      // with a VLAN the NICs below it are left to whoever has them
      staticNics: new Set([
        ...wanted.statics.map(({ nic }) => nic ?? '').filter((nic) => nic !== ''),
        ...(wanted.vlans.length === 0
          ? []
          : observe()
              .nics.filter((nic) => nic.physical)
              .map((nic) => nic.name)),
      ]),
      alsoDhcp: onVlan,
    },
    ...(needsSetup ? { configure } : {}),
    onRound: (assessment) => {
      if (assessment.stage !== 'ready') step('network', 'running', `${assessment.missing}; check: ${assessment.check}`);
    },
    act: (action) => recover(action, context),
  });
  // there is a network, but not all of what was asked for
  for (const failure of memory.failures) {
    say(`network: ${failure}. Check ip= and razor.vlan= of the kernel line. It goes on with what there is.`);
  }
  return usable;
}

/** A VLAN of the kernel line that has no address of the kernel line. */
function wantsDhcp({ name, physical }: NicState, { vlans, statics, off }: IpArguments): boolean {
  const index = vlans.findIndex(({ id }) => name.endsWith(`.${id}`));
  if (physical || off || index < 0) return false;
  // an address without an interface goes to the first VLAN
  return !statics.some(({ nic }) => nic === name || (nic === undefined && index === 0));
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
export async function recover(
  action: RecoveryAction,
  context: Pick<BootContext, 'system' | 'log' | 'clock' | 'dhcp' | 'say'>,
): Promise<void> {
  const { system, log, clock } = context;
  const tell = async (what: string, argv: readonly [string, ...string[]]): Promise<boolean> => {
    const result = await system.run(what, argv, { timeoutMs: 20_000 });
    if (result.status !== 0)
      log.warn(`${argv.join(' ')} failed: ${result.failure ?? result.stderr.toString().trim().slice(0, 200)}`);
    return result.status === 0;
  };
  switch (action.kind) {
    case 'link-up':
      if (isNicName(action.nic)) await tell(`switch ${action.nic} on`, ['ip', 'link', 'set', 'dev', action.nic, 'up']);
      return;
    case 'reload-module':
      if (!MODULE_NAME.test(action.module)) return;
      context.say(
        `network: the driver ${action.module} found no device, it is loaded again (its firmware may have come later)`,
      );
      await tell(`remove the module ${action.module}`, ['rmmod', action.module]);
      await tell(`load the module ${action.module}`, ['modprobe', action.module]);
      return;
    case 'restart-dhcp':
      context.say(`network: ${action.nic} has a link and no address, its DHCP client is started anew`);
      await restartDhcp(action.nic, { system, log, clock, ...context.dhcp });
      return;
  }
}

async function bootClock(context: BootContext): Promise<void> {
  const { step, system, log, clock, signal } = context;
  const servers = [
    ...context.ntp,
    ...parseIpArguments(context.cmdline).statics.flatMap(({ ntpServers }) => ntpServers),
    ...leaseNtpServers(context.root),
  ];
  if (servers.length === 0) return step('clock', 'skipped', 'no NTP server is named');
  const once = async (): Promise<string> => {
    const failures: string[] = [];
    for (const server of servers) {
      try {
        const address = isIP(server) !== 0 ? server : await context.resolve(server);
        if (address === undefined) throw new Error(`${server} has no address`);
        const answer = await askSntp(address, context.ntpPort === undefined ? {} : { port: context.ntpPort });
        const stepped = await stepClock(answer, system);
        const off = `${(answer.offsetMs / 1000).toFixed(3)} s`;
        return stepped ? `stepped by ${off}, as ${server} says` : `right within ${off}, says ${server}`;
      } catch (error) {
        failures.push(messageOf(error));
      }
    }
    throw new Error(failures.join('; '));
  };
  step('clock', 'running');
  try {
    step('clock', 'done', await once());
  } catch (error) {
    const note = messageOf(error);
    step('clock', 'failed', note);
    log.warn(`clock: ${note}; it is tried again in the background`);
    void keepTrying();
  }
  async function keepTrying(): Promise<void> {
    for (let wait = 10_000; !signal.aborted; wait = Math.min(600_000, wait * 2)) {
      await clock.sleep(wait, signal).catch(() => undefined);
      if (signal.aborted) return;
      const done = await once().catch(() => undefined);
      if (done !== undefined) return step('clock', 'done', done);
    }
  }
}
