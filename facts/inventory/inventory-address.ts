/** Addresses of an interface with what the kernel says of each. */
import { readIpv6Flags } from '../groups/network/ipv6.ts';
import type { Nic } from '../groups/network/nics.ts';
import type { OsAddress, Sources } from '../sources/sources.ts';

export interface InventoryAddress extends OsAddress {
  /** Of an IPv6 address: what the kernel says of it, `permanent`, `tentative` …; undefined where its list has it not. */
  readonly flags?: readonly string[] | undefined;
}

/** Those of an interface, in the system's order. */
export function inventoryAddresses(sources: Sources, { name, addresses }: Nic): InventoryAddress[] {
  const flagsOf = readIpv6Flags(sources);
  return addresses.map((address) => {
    const flags = address.family === 'IPv6' ? flagsOf(name, address) : undefined;
    return flags === undefined ? address : { ...address, flags };
  });
}
