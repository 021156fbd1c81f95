/** Static addresses and VLANs of the kernel line, done with ip(8) through the system. */
import type { Clock } from '../../platform/time/clock.ts';
import type { IpArguments, StaticAddress } from '../kernel-line/ip-argument.ts';
import { cardsOf, firstCard, vlanLinks } from './line-cards.ts';
import type { NetworkState } from './network-state.ts';
import { announceNameservers, type ResolvConfContext } from './resolv-conf-writer.ts';

interface ConfigureContext extends ResolvConfContext {
  readonly clock: Clock;
  /** ip(8), found on the PATH by default. */
  readonly ip?: string;
}

/** Steps that belong together: when one fails, those after it are not tried. */
export interface Setup {
  /** In words: `VLAN 100 on eth1`. */
  readonly what: string;
  /** Arguments of ip(8). */
  readonly steps: readonly (readonly [string, ...string[]])[];
  /** The interface that it is about: without a VLAN there is no address on it. */
  readonly nic: string;
  /** Kernel module that is needed, and may not be loaded. */
  readonly module?: string;
}

/** What can be configured now, and what that waits for, in words. Pure. */
export function planConfiguration(
  state: NetworkState,
  wanted: IpArguments,
): { readonly setups: readonly Setup[]; readonly missing: readonly string[] } {
  const names = new Set(state.nics.map((nic) => nic.name));
  const setups: Setup[] = [];
  const missing: string[] = [];
  const links = vlanLinks(state, wanted);
  for (const { vlan, parent, name } of links) {
    if (parent === undefined || name === undefined) {
      missing.push(vlan.nic === undefined ? `a NIC for VLAN ${vlan.id}` : `the NIC ${vlan.nic} of VLAN ${vlan.id}`);
    } else if (!names.has(name)) setups.push(vlanSetup(vlan.id, parent, name));
  }
  const vlanNames = links.flatMap(({ name, parent }) => (parent === undefined ? [] : (name ?? [])));
  for (const item of wanted.statics) {
    // an address without a NIC goes on the VLAN when one was asked for
    const nic = item.nic === undefined ? (vlanNames[0] ?? firstCard(state, wanted)) : nicFor(item.nic);
    if (nic === undefined) {
      missing.push(item.nic === undefined ? `a NIC for ${item.address}` : `the NIC ${item.nic} for ${item.address}`);
    } else if (!state.nics.some((known) => known.name === nic && known.addresses.includes(item.address))) {
      setups.push(addressSetup(item, nic));
    }
  }
  return { setups, missing };

  function nicFor(reference: string): string | undefined {
    return vlanNames.includes(reference) ? reference : cardsOf(reference, state.nics, wanted)[0];
  }
}

function vlanSetup(id: number, parent: string, name: string): Setup {
  const add = ['link', 'add', 'link', parent, 'name', name, 'type', 'vlan', 'id', String(id)] as const;
  const steps = [['link', 'set', 'dev', parent, 'up'], add, ['link', 'set', 'dev', name, 'up']] as const;
  return { what: `VLAN ${id} on ${parent}`, nic: name, module: '8021q', steps };
}

function addressSetup(item: StaticAddress, nic: string): Setup {
  const steps: (readonly [string, ...string[]])[] = [
    ['link', 'set', 'dev', nic, 'up'],
    ...(item.mtu === undefined ? [] : [['link', 'set', 'dev', nic, 'mtu', String(item.mtu)] as const]),
    ['addr', 'add', `${item.address}/${item.prefix}`, 'dev', nic],
  ];
  if (item.gateway !== undefined) {
    const route = ['route', 'add', 'default', 'via', item.gateway, 'dev', nic] as const;
    steps.push(item.gateway.includes(':') ? ['-6', ...route] : [...route]);
  }
  return { what: `${item.address} on ${nic}`, nic, steps };
}

/** What failed last, so that it is tried again with a growing distance, and said each time it is asked for. */
export interface ConfigureMemory {
  failures: readonly string[];
  /** Interfaces whose address could not be set: DHCP may be asked there. */
  failedNics?: ReadonlySet<string>;
  count: number;
  at: number;
}

const RETRY_FIRST_MS = 5000;
const RETRY_CAP_MS = 120_000;

/** Does what is due. The result is what is missing, in words. Never throws: a later round tries again. */
export async function configureNetwork(
  state: NetworkState,
  wanted: IpArguments,
  context: ConfigureContext,
  memory: ConfigureMemory = { failures: [], count: 0, at: -Infinity },
): Promise<readonly string[]> {
  const { setups, missing } = planConfiguration(state, wanted);
  const now = context.clock.now();
  const distance = memory.count === 0 ? 0 : Math.min(RETRY_CAP_MS, RETRY_FIRST_MS * 2 ** (memory.count - 1));
  if (setups.length === 0 || now - memory.at < distance) return [...missing, ...memory.failures];
  const failures: string[] = [];
  const failedNics = new Set<string>();
  const absent = new Set<string>();
  for (const setup of setups) {
    if (absent.has(setup.nic)) continue; // an address on a VLAN that could not be made
    const failure = await carryOut(setup, context);
    if (failure === undefined) continue;
    failures.push(failure);
    failedNics.add(setup.nic);
    if (setup.module !== undefined) absent.add(setup.nic);
  }
  memory.failures = failures;
  memory.failedNics = failedNics;
  memory.count = failures.length === 0 ? 0 : memory.count + 1;
  memory.at = now;
  if (absent.size === 0) await announceNameservers(wanted, context);
  return [...missing, ...failures];
}

/** The routes of `rd.route=`, once there is a network. Never throws; the result is what could not be set, in words. */
export async function addRoutes(
  state: NetworkState,
  wanted: IpArguments,
  context: ConfigureContext,
): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const { destination, gateway, nic } of wanted.routes) {
    const card = nic === undefined ? undefined : (cardsOf(nic, state.nics, wanted)[0] ?? nic);
    const step: readonly [string, ...string[]] = [
      destination.includes(':') ? '-6' : '-4',
      'route',
      'replace',
      destination,
      ...(gateway === undefined ? [] : ['via', gateway]),
      ...(card === undefined ? [] : ['dev', card]),
    ];
    const failure = await carryOut({ what: `the route to ${destination}`, nic: card ?? '', steps: [step] }, context);
    if (failure !== undefined) failures.push(failure);
  }
  return failures;
}

async function carryOut(setup: Setup, { system, ip }: ConfigureContext): Promise<string | undefined> {
  // built in, or loaded already, or absent: what counts is whether the next steps work
  if (setup.module !== undefined) await system.run(`load the module ${setup.module}`, ['modprobe', setup.module]);
  for (const step of setup.steps) {
    const result = await system.run(`${setup.what}: ip ${step.join(' ')}`, [ip ?? 'ip', ...step], {
      timeoutMs: 10_000,
    });
    const said = result.stderr.toString().trim().split('\n')[0] ?? '';
    if (result.status === 0 || /File exists/i.test(said)) continue;
    const hint = setup.module === undefined ? '' : `; is the module ${setup.module} in the image?`;
    return `${setup.what} (${said || (result.failure ?? `status ${result.status}`)}${hint})`;
  }
  return undefined;
}
