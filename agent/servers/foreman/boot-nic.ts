/** The card that the machine booted from: Foreman knows a machine by its address, and finds its subnet by its IP address. */
import type { Identity } from '../../../facts/identity/identity-types.ts';
import { factName } from '../../../facts/groups/format.ts';
import type { ForemanParameters } from './foreman-parameters.ts';

type Facts = Readonly<Record<string, string>>;

export interface BootNic {
  /** Lower case with colons. */
  readonly mac: string;
  /** As fact names spell it; undefined when no interface has that address. */
  readonly name: string | undefined;
  /** Its IPv4 address, else its IPv6 one. */
  readonly address: string | undefined;
  /** How it was found, in words. */
  readonly why: string;
}

/** BOOTIF, else fdi.pxmac, else what the firmware says, else the first card with a link. Undefined without any card. */
export function findBootNic(
  { bootMac, bootMacFrom }: ForemanParameters,
  identity: Identity,
  facts: Facts,
): BootNic | undefined {
  const address = (name: string): string | undefined => facts[`ipaddress_${name}`] ?? facts[`ipaddress6_${name}`];
  const mac = bootMac ?? facts['mk_boot_mac']?.toLowerCase();
  if (mac !== undefined) {
    // a bond or a VLAN has the address of a card below it, and the IP address is where the traffic goes
    const names = interfacesOf(facts).filter((name) => facts[`macaddress_${name}`]?.toLowerCase() === mac);
    const name = names.find((one) => address(one) !== undefined) ?? names[0];
    const why = bootMac === undefined ? 'the firmware booted from it' : `${bootMacFrom ?? 'the kernel line'} names it`;
    return { mac, name, address: name === undefined ? undefined : address(name), why };
  }
  const cards = identity.interfaces.map(({ name, mac }) => ({ name: factName(name), mac: mac.toLowerCase() }));
  const carrier = (name: string): string | undefined => facts[`mk_nic_${name}_carrier`];
  const ways: readonly [string, (name: string) => boolean][] = [
    ['the first card with a link and an address', (name) => carrier(name) === 'true' && address(name) !== undefined],
    ['the first card with an address', (name) => carrier(name) !== 'false' && address(name) !== undefined],
    ['the first card with a link', (name) => carrier(name) === 'true'],
    ['the first card', () => true],
  ];
  for (const [why, fits] of ways) {
    const card = cards.find(({ name }) => fits(name));
    if (card !== undefined) return { ...card, address: address(card.name), why };
  }
  return undefined;
}

/** Names of the fact `interfaces`, as the other facts spell them. */
export function interfacesOf(facts: Facts): readonly string[] {
  return (facts['interfaces'] ?? '').split(',').filter((name) => name !== '');
}
