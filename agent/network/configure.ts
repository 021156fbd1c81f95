/** Static addresses and VLANs of the kernel line, done with ip(8) through the system. */
import { messageOf } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { System } from '../../platform/system.ts';
import { candidateNics } from './assess.ts';
import type { IpArguments, StaticAddress } from './ip-argument.ts';
import type { NetworkState } from './state.ts';

export interface ConfigureContext {
  readonly system: System;
  readonly log: Log;
  /** ip(8), found on the PATH by default. */
  readonly ip?: string;
  /** Where resolv.conf lies; /etc/resolv.conf by default. */
  readonly resolvConf?: string;
}

/** The argv of every step for the addresses and VLANs that can be configured now. Pure. */
export function planConfiguration(
  state: NetworkState,
  wanted: IpArguments,
): { readonly steps: readonly (readonly [string, ...string[]])[]; readonly missing: readonly string[] } {
  const nics = candidateNics(state);
  const first = nics.find((nic) => nic.carrier)?.name;
  const names = new Set(state.nics.map((nic) => nic.name));
  const steps: [string, ...string[]][] = [];
  const missing: string[] = [];
  const vlanNames: string[] = [];
  for (const vlan of wanted.vlans) {
    const parent = vlan.nic ?? first;
    if (parent === undefined || !names.has(parent)) {
      missing.push(
        vlan.nic === undefined ? `a NIC with a link for VLAN ${vlan.id}` : `the NIC ${vlan.nic} of VLAN ${vlan.id}`,
      );
      continue;
    }
    const name = `${parent}.${vlan.id}`.slice(0, 15);
    vlanNames.push(name);
    if (names.has(name)) continue;
    steps.push(['link', 'set', 'dev', parent, 'up']);
    steps.push(['link', 'add', 'link', parent, 'name', name, 'type', 'vlan', 'id', String(vlan.id)]);
    steps.push(['link', 'set', 'dev', name, 'up']);
  }
  for (const item of wanted.statics) {
    // an address without a NIC goes on the VLAN when one was asked for
    const nic = item.nic ?? vlanNames[0] ?? first;
    if (nic === undefined || !(names.has(nic) || vlanNames.includes(nic))) {
      missing.push(
        item.nic === undefined ? `a NIC with a link for ${item.address}` : `the NIC ${item.nic} for ${item.address}`,
      );
      continue;
    }
    if (state.nics.some((known) => known.name === nic && known.addresses.includes(item.address))) continue;
    steps.push(['link', 'set', 'dev', nic, 'up']);
    steps.push(['addr', 'add', `${item.address}/${item.prefix}`, 'dev', nic]);
    if (item.gateway !== undefined) {
      const route = ['route', 'add', 'default', 'via', item.gateway, 'dev', nic] as const;
      steps.push(item.gateway.includes(':') ? ['-6', ...route] : [...route]);
    }
  }
  return { steps, missing };
}

/** VLAN interfaces that DHCP should be asked on: those that no static address is meant for. */
export function dhcpVlans(wanted: IpArguments): boolean {
  return wanted.vlans.length > 0 && wanted.statics.length === 0 && !wanted.off;
}

/** Does what is due. Failures are warned about, never thrown: the next round tries again. */
export async function configureNetwork(
  state: NetworkState,
  wanted: IpArguments,
  context: ConfigureContext,
): Promise<readonly string[]> {
  const { steps, missing } = planConfiguration(state, wanted);
  for (const step of steps) {
    const result = await context.system.run(
      `configure the network: ip ${step.join(' ')}`,
      [context.ip ?? 'ip', ...step],
      {
        timeoutMs: 10_000,
      },
    );
    const said = result.stderr.toString().trim();
    if (result.status !== 0 && !/File exists/i.test(said)) {
      context.log.warn(`ip ${step.join(' ')} failed: ${said || (result.failure ?? `status ${result.status}`)}`);
    }
  }
  if (steps.length > 0) writeResolvConf(wanted.statics, context);
  return missing;
}

function writeResolvConf(statics: readonly StaticAddress[], context: ConfigureContext): void {
  const servers = [...new Set(statics.flatMap((item) => item.nameservers))];
  if (servers.length === 0) return;
  const path = context.resolvConf ?? '/etc/resolv.conf';
  try {
    context.system.write(
      `name the DNS servers ${servers.join(', ')} in ${path}`,
      path,
      servers.map((server) => `nameserver ${server}\n`).join(''),
    );
  } catch (error) {
    context.log.warn(messageOf(error));
  }
}
