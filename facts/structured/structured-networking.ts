/** Facter 4's `networking`: names of the machine, its interfaces with their addresses, and the one that the default route uses. */
import { BlockList } from 'node:net';
import { network6Of } from '../groups/network/ipv6.ts';
import { networkOf } from '../groups/network/network.ts';
import type { InventoryAddress } from '../inventory/inventory-address.ts';
import type { InventoryInterface } from '../inventory/inventory-interface.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { StructuredValue } from './structured-value.ts';

const MOST_ENTRIES = 100;

/** One of them is the loopback interface. `fact` gives flat facts: hostname, domain, fqdn, and ipaddress, which names the main interface where no route does. */
export function structuredNetworking(
  inventory: Inventory,
  fact: (name: string) => string | undefined,
): StructuredValue {
  const interfaces: Record<string, InterfaceValue> = Object.fromEntries(
    inventory.interfaces.slice(0, MOST_ENTRIES - 1).map((nic) => [nic.name, interfaceOf(nic)]),
  );
  const { loopback } = inventory;
  if (loopback !== undefined) interfaces[loopback.name] = interfaceOf(loopback);
  const primary =
    inventory.defaultInterface ??
    inventory.interfaces.find(({ addresses }) => addresses.some(({ address }) => address === fact('ipaddress')))?.name;
  const main = primary === undefined ? undefined : interfaces[primary];
  return {
    hostname: fact('hostname'),
    domain: fact('domain'),
    fqdn: fact('fqdn') ?? fact('hostname'),
    primary: main === undefined ? undefined : primary,
    mac: main?.['mac'],
    mtu: main?.['mtu'],
    ip: main?.['ip'],
    netmask: main?.['netmask'],
    network: main?.['network'],
    ip6: main?.['ip6'],
    netmask6: main?.['netmask6'],
    network6: main?.['network6'],
    scope6: main?.['scope6'],
    interfaces,
  };
}

type InterfaceValue = { readonly [name: string]: StructuredValue | undefined };
type Binding = {
  readonly address: string;
  readonly netmask: string;
  readonly network: string | undefined;
  readonly scope6?: string;
  readonly flags?: readonly string[] | undefined;
};

function interfaceOf(nic: NonNullable<Inventory['loopback']> & Partial<InventoryInterface>): InterfaceValue {
  const bindings = nic.addresses.filter(({ family }) => family === 'IPv4').map(binding4);
  const bindings6 = nic.addresses.filter(({ family }) => family === 'IPv6').map(binding6);
  const [four, six] = [mainOf(bindings), mainOf(bindings6)];
  return {
    mac: (nic.permanentMac ?? nic.mac)?.toLowerCase(),
    mtu: nic.mtu,
    physical: nic.physical,
    operational_state: nic.operationalState,
    speed: nic.speedMbps,
    duplex: nic.duplex,
    ip: four?.address,
    netmask: four?.netmask,
    network: four?.network,
    ip6: six?.address,
    netmask6: six?.netmask,
    network6: six?.network,
    scope6: six?.scope6,
    bindings: bindings.length > 0 ? bindings : undefined,
    bindings6: bindings6.length > 0 ? bindings6 : undefined,
  };
}

function binding4({ address, netmask }: InventoryAddress): Binding {
  return { address, netmask, network: networkOf(address, netmask) };
}

function binding6({ address, netmask, flags }: InventoryAddress): Binding {
  return { address, netmask, network: network6Of(address, netmask), scope6: scopeOf(address), flags };
}

/** A list of whole networks, made when it is first asked: most runs show no structured facts. */
function networks(...subnets: readonly string[]): (address: string) => boolean {
  let list: BlockList | undefined;
  return (address) => {
    list ??= subnets.reduce((made, subnet) => {
      const [network = '', bits = ''] = subnet.split('/');
      made.addSubnet(network, Number(bits), familyOf(network));
      return made;
    }, new BlockList());
    return list.check(address, familyOf(address));
  };
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4');

/** Addresses by which nobody else finds the machine. */
const isLocal = networks('127.0.0.0/8', '169.254.0.0/16', '::1/128', 'fe80::/10', 'fc00::/7');
const isLink = networks('fe80::/10');
const isSite = networks('fec0::/10');

/** Facter's choice: the first that is not local, else the first. */
function mainOf(bindings: readonly Binding[]): Binding | undefined {
  return bindings.find(({ address }) => !isLocal(address.replace(/%.*$/, ''))) ?? bindings[0];
}

function scopeOf(text: string): string {
  const address = text.replace(/%.*$/, '');
  if (address === '::1') return 'host';
  return isLink(address) ? 'link' : isSite(address) ? 'site' : 'global';
}
