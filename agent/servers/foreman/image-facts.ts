/**
 * Facts that Foreman's own discovery image adds to Facter's, under its names, for searches and rules of a site that are written for
 * them (docs/contracts/foreman.md#facts). Made of our facts and of the lease of the boot card. Pure.
 */
import type { BootNic } from './boot-nic.ts';

type Facts = Readonly<Record<string, string>>;

/** A value of the boot card's lease by the name that the image's DHCP script gives it; empty where there is none. */
export type LeaseValue = (name: string) => string;

/** The parts of a neighbour by our names, and Foreman's. */
const NEIGHBOUR: Readonly<Record<string, string>> = { system: 'sysname', port: 'portid', vlan: 'pvid', mtu: 'mtu' };

/** All of them; values that are not known are left out. */
export function imageFacts(facts: Facts, bootNic: BootNic, lease: LeaseValue): Facts {
  const all = { ...efi(facts), ...ipmi(facts), ...neighbours(facts), ...primary(facts, bootNic, lease) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== '')) as Facts;
}

type Some = Record<string, string | undefined>;

function efi({ mk_firmware_mode: mode }: Facts): Some {
  return mode === undefined ? {} : { efi: String(mode === 'uefi') };
}

/** The management processor becomes an interface of the host. */
function ipmi(facts: Facts): Some {
  if (facts['mk_bmc'] !== 'true') return {};
  return {
    ipmi_enabled: 'true',
    ipmi_ipaddress: facts['mk_bmc_address'],
    ipmi_macaddress: facts['mk_bmc_mac']?.toLowerCase(),
    ipmi_subnet_mask: facts['mk_bmc_netmask'],
    ipmi_gateway: facts['mk_bmc_gateway'],
    ipmi_ipaddress_source: facts['mk_bmc_address_source'],
  };
}

/** LLDP's neighbours, by card; its image knows no CDP. Facter writes names in lower case. */
function neighbours(facts: Facts): Some {
  const made: Some = {};
  for (const [name, protocol] of Object.entries(facts)) {
    const card = /^mk_lldp_(.+)_protocol$/.exec(name)?.[1];
    if (card === undefined || protocol !== 'lldp') continue;
    const of = (part: string): string | undefined => facts[`mk_lldp_${card}_${part}`];
    const chassis = of('chassis')?.toLowerCase();
    // of the ids of a chassis it takes addresses only
    if (chassis !== undefined && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(chassis))
      made[`lldp_neighbor_chassisid_${card}`] = chassis;
    const address = of('address');
    if (address !== undefined)
      made[`lldp_neighbor_mngaddr_${address.includes(':') ? 'ipv6' : 'ipv4'}_${card}`] = address;
    for (const [ours, theirs] of Object.entries(NEIGHBOUR)) made[`lldp_neighbor_${theirs}_${card}`] = of(ours);
  }
  return made;
}

/**
 * What NetworkManager knows there of the connection of the boot card. `address` of the lease is ADDRESS/BITS and what the script
 * remembers of it, between bars.
 */
function primary(facts: Facts, { name, address }: BootNic, lease: LeaseValue): Some {
  if (name === undefined || address === undefined) return {};
  const [leased = '', , gateways = ''] = lease('address').split('|');
  const [host, domain] = [lease('host-name'), lease('domain')];
  const isV4 = !address.includes(':');
  const facts4: Some = {
    nmprimary_ip4_address: leased,
    nmprimary_ip4_gateway: gateways.split(' ')[0],
    nmprimary_dhcp4_option_ip_address: leased.split('/')[0],
    nmprimary_dhcp4_option_subnet_mask: leased === '' ? undefined : facts[`netmask_${name}`],
    nmprimary_dhcp4_option_routers: gateways,
    nmprimary_dhcp4_option_host_name: host,
    nmprimary_dhcp4_option_domain_name: domain,
    nmprimary_dhcp4_option_fqdn: host !== '' && domain !== '' ? `${host}.${domain}` : undefined,
    nmprimary_dhcp4_option_domain_name_servers: lease('dns'),
    nmprimary_dhcp4_option_ntp_servers: lease('ntp'),
    nmprimary_dhcp4_option_dhcp_server_identifier: lease('dhcp-server'),
    nmprimary_dhcp4_option_next_server: lease('next-server'),
  };
  return {
    nmprimary_connection_id: 'primary',
    nmprimary_connection_interface_name: name,
    nmprimary_general_devices: name,
    ...(isV4 ? facts4 : {}),
  };
}
