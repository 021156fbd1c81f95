/** Network interfaces of the inventory, with what is under them and behind them. */
import { readLinks } from '../groups/network/link.ts';
import type { Neighbour } from '../groups/network/neighbours/neighbour-types.ts';
import { readNeighbours } from '../groups/network/neighbours/neighbours.ts';
import { readNics } from '../groups/network/nics.ts';
import { readPciDetails } from '../groups/devices/pci.ts';
import { nicRules } from '../identity/identity.ts';
import type { IdentityChoice } from '../identity/identity-types.ts';
import type { Sources } from '../sources/sources.ts';
import { inventoryAddresses, type InventoryAddress } from './inventory-address.ts';

export interface InventoryInterface {
  readonly name: string;
  /** Lower case with colons. */
  readonly mac: string | undefined;
  readonly permanentMac: string | undefined;
  readonly addresses: readonly InventoryAddress[];
  readonly up: boolean;
  /** There is hardware under it. */
  readonly physical: boolean;
  /** RFC 2863's word for its state, as the kernel has it: up, down, dormant, lowerlayerdown, unknown … */
  readonly operationalState: string | undefined;
  readonly carrier: boolean | undefined;
  /** Mbit/s. */
  readonly speedMbps: number | undefined;
  readonly duplex: string | undefined;
  readonly mtu: number | undefined;
  readonly driver: string | undefined;
  readonly pciAddress: string | undefined;
  /** Four hex digits, lower case. */
  readonly vendorId: string | undefined;
  readonly deviceId: string | undefined;
  readonly numaNode: number | undefined;
  readonly sriovTotal: number | undefined;
  readonly sriovEnabled: number | undefined;
  /** Part of the machine's id: Ethernet hardware that a boot firmware could have used, with an address of its own. */
  readonly bootable: boolean;
  /** Why its address is not this machine's own, in words: a BMC's, a modem's, one that many machines have. */
  readonly foreign: string | undefined;
  /** ARPHRD number: 1 Ethernet, 32 InfiniBand. */
  readonly linkType: number;
  /** Devices at the other end of its cable, the one that counts first. */
  readonly neighbours: readonly Neighbour[];
}

export type InventoryLoopback = Pick<
  InventoryInterface,
  'name' | 'addresses' | 'mtu' | 'physical' | 'operationalState'
>;

/** The loopback interface, where there is one. */
export function readLoopback(sources: Sources): InventoryLoopback | undefined {
  const nic = readNics(sources).find(({ type }) => type === 772);
  return (
    nic && {
      name: nic.name,
      addresses: inventoryAddresses(sources, nic),
      mtu: nic.mtu,
      physical: false,
      operationalState: operationalState(sources, nic.name),
    }
  );
}

function operationalState(sources: Sources, name: string): string | undefined {
  return sources.line(`/sys/class/net/${name}/operstate`) || undefined;
}

/** All others, in the kernel's order. */
export function readInterfaces(sources: Sources, choice: IdentityChoice): InventoryInterface[] {
  const rules = nicRules(sources, choice);
  const nodes = new Map<string | undefined, number | undefined>(
    readPciDetails(sources).map(({ address, numaNode }) => [address, numaNode]),
  );
  const links = new Map(readLinks(sources).map((link) => [link.name, link]));
  const neighbours = readNeighbours(sources);
  return readNics(sources)
    .filter((nic) => nic.type !== 772)
    .map((nic) => {
      const link = links.get(nic.name);
      return {
        name: nic.name,
        mac: nic.mac,
        permanentMac: nic.permanentMac,
        addresses: inventoryAddresses(sources, nic),
        up: nic.up,
        physical: nic.hasDevice,
        operationalState: operationalState(sources, nic.name),
        carrier: link?.carrier,
        speedMbps: link?.speed,
        duplex: link?.duplex,
        mtu: nic.mtu,
        driver: nic.driver,
        pciAddress: link?.pciAddress,
        vendorId: link?.vendor,
        deviceId: link?.device,
        numaNode: nodes.get(link?.pciAddress),
        sriovTotal: link?.sriovTotal,
        sriovEnabled: link?.sriovEnabled,
        bootable: rules.whyOut(nic) === undefined,
        foreign: rules.whyForeign(nic),
        linkType: nic.type,
        neighbours: neighbours.filter((one) => one.interface === nic.name),
      };
    });
}
