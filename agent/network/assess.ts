/** What the network state means: usable or not, and if not, what is missing and what a person should check. Pure. */
import { isIPv4, isIPv6 } from 'node:net';
import type { NetworkState, NicState } from './network-state.ts';

type NetworkStage = 'no-nic' | 'no-link' | 'no-address' | 'ready';

export interface UsableAddress {
  readonly nic: string;
  readonly address: string;
}

export interface Assessment {
  readonly stage: NetworkStage;
  readonly usable: readonly UsableAddress[];
  /** One line: what is missing. Empty when ready. */
  readonly missing: string;
  /** One line: what to check. Empty when ready. */
  readonly check: string;
}

/**
 * Whether an address can reach a server. Loopback (127/8, ::1), IPv4 link-local (169.254/16, RFC 3927), IPv6 link-local
 * (fe80::/10), multicast and the unspecified address cannot. Other 169.x addresses can: the original refused them all.
 */
export function isUsableAddress(address: string): boolean {
  const bare = address.split('%')[0] ?? '';
  if (isIPv4(bare)) {
    const [a = 0, b = 0] = bare.split('.').map(Number);
    return a !== 0 && a !== 127 && a < 224 && !(a === 169 && b === 254);
  }
  if (!isIPv6(bare)) return false;
  const low = bare.toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(low)?.[1];
  if (mapped !== undefined) return isUsableAddress(mapped);
  return low !== '::' && low !== '::1' && !/^fe[89ab]/.test(low) && !low.startsWith('ff');
}

/** The interfaces that matter: those with a device behind them, or all where there is none (a container). */
export function candidateNics(state: NetworkState): readonly NicState[] {
  const physical = state.nics.filter((nic) => nic.physical);
  return physical.length > 0 ? physical : state.nics;
}

/**
 * Judges the state. Addresses of every interface count (a bond or VLAN has them instead of its NIC). `addressGiven`: the kernel
 * line has an ip= with an address, so that nobody is advised to give one.
 */
export function assessNetwork(state: NetworkState, addressGiven = false): Assessment {
  const usable = state.nics.flatMap((nic) =>
    nic.carrier || !nic.physical
      ? nic.addresses.filter(isUsableAddress).map((address) => ({ nic: nic.name, address }))
      : [],
  );
  if (usable.length > 0) return { stage: 'ready', usable, missing: '', check: '' };
  const nics = candidateNics(state);
  if (nics.length === 0) return { stage: 'no-nic', usable, ...explainNoNic(state) };
  const linked = nics.filter((nic) => nic.carrier);
  if (linked.length === 0) {
    const names = nics.map((nic) => `${nic.name} ${nic.mac}${nic.up ? '' : ' (down)'}`).join(', ');
    return {
      stage: 'no-link',
      usable,
      missing: `no NIC has a link: ${names}`,
      check: 'cable, switch port and its VLAN; the link lights; another NIC of the machine',
    };
  }
  const unusable = linked.flatMap((nic) => nic.addresses.map((address) => `${nic.name} ${address}`));
  return {
    stage: 'no-address',
    usable,
    missing:
      `no usable address on ${linked.map((nic) => nic.name).join(', ')}` +
      (unusable.length > 0 ? ` (only ${unusable.join(', ')})` : ''),
    check: addressGiven
      ? 'ip= on the kernel line: its interface, and what the log says cannot be used of it'
      : 'DHCP server and relay of this VLAN, free leases, spanning tree (portfast) of the switch port, or give ip= on the kernel line',
  };
}

function explainNoNic(state: NetworkState): { missing: string; check: string } {
  const firmware = state.firmwareErrors.at(-1);
  if (state.undriven.length > 0) {
    return {
      missing: `no driver took the network controller ${state.undriven.join(', ')}`,
      check:
        firmware === undefined
          ? 'the driver module of this PCI id is in the image and loaded (lspci -k, modprobe)'
          : `the firmware is in the image: ${firmware}`,
    };
  }
  return {
    missing: 'the kernel knows no network interface',
    check:
      firmware === undefined
        ? 'the NIC is enabled in the firmware setup and its driver module is in the image'
        : `the firmware is in the image: ${firmware}`,
  };
}
