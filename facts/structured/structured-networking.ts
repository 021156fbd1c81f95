/** Facter 4's `networking`: names of the machine, its interfaces with their addresses, and the one that the default route uses. */
import { BlockList } from 'node:net';
import { networkOf } from '../groups/network/network.ts';
import type { Inventory, InventoryInterface } from '../inventory/inventory.ts';
import type { StructuredValue } from './structured-value.ts';

const MOST_ENTRIES = 100;

/** `fact` gives flat facts: hostname, domain, fqdn, and ipaddress, which names the main interface where no route does. */
export function structuredNetworking(
  inventory: Inventory,
  fact: (name: string) => string | undefined,
): StructuredValue {
  const interfaces: Record<string, InterfaceValue> = Object.fromEntries(
    inventory.interfaces.slice(0, MOST_ENTRIES).map((nic) => [nic.name, interfaceOf(nic)]),
  );
  if (fact('mtu_lo') !== undefined) interfaces['lo'] = loopback(fact);
  const primary =
    inventory.defaultInterface ??
    inventory.interfaces.find(({ addresses }) => addresses.some(({ address }) => address === fact('ipaddress')))?.name;
  const main = primary === undefined ? undefined : interfaces[primary];
  const { bindings: _, bindings6: __, ...first } = main ?? {};
  return {
    hostname: fact('hostname'),
    domain: fact('domain'),
    fqdn: fact('fqdn') ?? fact('hostname'),
    primary: main === undefined ? undefined : primary,
    ...first,
    interfaces,
  };
}

type InterfaceValue = { readonly [name: string]: StructuredValue | undefined };

function interfaceOf(nic: InventoryInterface): InterfaceValue {
  const bindings = nic.addresses
    .filter(({ family }) => family === 'IPv4')
    .map(({ address, netmask }) => ({ address, netmask, network: networkOf(address, netmask) }));
  const bindings6 = nic.addresses
    .filter(({ family }) => family === 'IPv6')
    .map(({ address, netmask }) => ({
      address,
      netmask,
      network: network6Of(address, netmask),
      scope6: scopeOf(address),
    }));
  const [first] = bindings;
  const six = bindings6.find(({ scope6 }) => scope6 !== 'link') ?? bindings6[0];
  return {
    mac: (nic.permanentMac ?? nic.mac)?.toLowerCase(),
    mtu: nic.mtu,
    ip: first?.address,
    netmask: first?.netmask,
    network: first?.network,
    ip6: six?.address,
    netmask6: six?.netmask,
    network6: six?.network,
    scope6: six?.scope6,
    bindings: bindings.length > 0 ? bindings : undefined,
    bindings6: bindings6.length > 0 ? bindings6 : undefined,
  };
}

/** The inventory has no loopback interface; the flat facts have. */
function loopback(fact: (name: string) => string | undefined): InterfaceValue {
  const [address, netmask, network] = [fact('ipaddress_lo'), fact('netmask_lo'), fact('network_lo')];
  const bindings = address === undefined ? undefined : [{ address, netmask, network }];
  return { mtu: Number(fact('mtu_lo')), ip: address, netmask, network, bindings };
}

function scopeOf(address: string): string {
  if (address === '::1') return 'host';
  return isIn(address, 'fe80::', 10) ? 'link' : isIn(address, 'fec0::', 10) ? 'site' : 'global';
}

function isIn(address: string, network: string, bits: number): boolean {
  const list = new BlockList();
  list.addSubnet(network, bits, 'ipv6');
  return list.check(address.replace(/%.*$/, ''), 'ipv6');
}

/** The network of an IPv6 address; undefined where either text is not an address. */
export function network6Of(address: string, netmask: string): string | undefined {
  const [left, right] = [groupsOf(address), groupsOf(netmask)];
  if (left === undefined || right === undefined) return undefined;
  return shortened(left.map((group, i) => group & (right[i] as number)));
}

/** Eight groups of an IPv6 address, `::` filled up. */
function groupsOf(address: string): number[] | undefined {
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const parse = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const [left, right] = [parse(head), parse(tail ?? '')];
  const missing = 8 - left.length - right.length;
  const groups = tail === undefined ? left : [...left, ...Array<number>(Math.max(0, missing)).fill(0), ...right];
  return groups.length === 8 && groups.every((group) => group >= 0 && group <= 0xffff) ? groups : undefined;
}

/** RFC 5952: the longest run of zero groups becomes `::`. */
function shortened(groups: readonly number[]): string {
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (best.length < 2) return text(groups);
  return `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}
