/** Interfaces and addresses under Facter 1.7's names; MACs in upper case, as the microkernel's busybox printed them. */
import type { OsAddress, Sources } from '../../sources/sources.ts';
import { factName } from '../format.ts';
import type { Group } from '../group.ts';
import { type Nic, readNics } from './nics.ts';
import { nicRules } from '../../identity/identity.ts';

const ADDRESSES = 'getifaddrs';

/** `10.0.2.0` from `10.0.2.15` and `255.255.255.0`. */
export function networkOf(address: string, netmask: string): string | undefined {
  const left = address.split('.').map(Number);
  const right = netmask.split('.').map(Number);
  if (left.length !== 4 || right.length !== 4 || [...left, ...right].some((n) => !(n >= 0 && n <= 255)))
    return undefined;
  return left.map((n, i) => n & (right[i] as number)).join('.');
}

/** Link-local and loopback addresses say nothing about where a machine is. Facter's pattern meant this and missed more. */
function isLocal6(address: string): boolean {
  return /^fe[89ab]/i.test(address) || address === '::1';
}

interface Row {
  readonly name: string;
  readonly up: boolean;
  readonly addresses: readonly OsAddress[];
  readonly nic: Nic | undefined;
}

/** Interfaces, and the labels (`eth0:1`) that addresses may have, which ifconfig shows as interfaces of their own. */
function rows(sources: Sources): Row[] {
  const nics = readNics(sources);
  const labels = Object.entries(sources.os().addresses).filter(([name]) => name.includes(':'));
  const all: Row[] = nics.map((nic) => ({ name: nic.name, up: nic.up, addresses: nic.addresses, nic }));
  for (const [name, addresses] of labels) {
    const base = nics.find((nic) => nic.name === name.split(':', 1)[0]);
    const at = all.findLastIndex((row) => row.nic === base) + 1;
    all.splice(at === 0 ? all.length : at, 0, { name, up: true, addresses, nic: base });
  }
  return all;
}

export const networkGroup: Group = {
  name: 'network',
  collect({ sources, add, identityChoice }) {
    const all = rows(sources);
    add('interfaces', [...new Set(all.map((row) => factName(row.name)))].join(','), '/sys/class/net');
    for (const row of all) interfaceFacts(row, add);
    const first4 = all
      .filter((row) => row.up)
      .flatMap((row) => row.addresses)
      .find(({ family, address }) => family === 'IPv4' && !address.startsWith('127.'));
    add('ipaddress', first4?.address, ADDRESSES);
    add('netmask', first4?.netmask, ADDRESSES);
    const last6 = all
      .filter((row) => row.up)
      .flatMap((row) => row.addresses)
      .findLast(({ family, address }) => family === 'IPv6' && !isLocal6(address));
    add('ipaddress6', last6?.address, ADDRESSES);
    const ethernet = all.filter((row) => row.nic?.type === 1 && row.nic.mac !== undefined);
    const rules = nicRules(sources, identityChoice);
    const main = ethernet.find((row) => row.nic && rules.whyOut(row.nic) === undefined) ?? ethernet[0];
    if (main?.nic) add('macaddress', main.nic.mac?.toUpperCase(), `/sys/class/net/${main.nic.name}/address`);
    const vlans = [...(sources.text('/proc/net/vlan/config') ?? '').matchAll(/^\S+\.(\d{1,4})\s/gm)].map((m) => m[1]);
    add('vlans', vlans.join(','), '/proc/net/vlan/config');
  },
};

function interfaceFacts(row: Row, add: Parameters<Group['collect']>[0]['add']): void {
  const { nic } = row;
  const name = factName(row.name);
  const base = `/sys/class/net/${nic?.name ?? row.name}`;
  if (nic && (nic.type === 1 || nic.type === 32)) {
    const mac = nic.permanentMac ?? nic.mac;
    const from = nic.permanentMac === undefined ? `${base}/address` : `${base}/bonding_slave/perm_hwaddr`;
    add(`macaddress_${name}`, mac?.toUpperCase(), from, { raw: mac });
  }
  if (nic) add(`mtu_${name}`, nic.mtu, `${base}/mtu`);
  const four = row.addresses.find(({ family }) => family === 'IPv4');
  if (four) {
    add(`ipaddress_${name}`, four.address, ADDRESSES);
    add(`netmask_${name}`, four.netmask, ADDRESSES);
    add(`network_${name}`, networkOf(four.address, four.netmask), ADDRESSES, {
      raw: `${four.address} & ${four.netmask}`,
    });
  }
  const six = row.addresses.find(({ family, address }) => family === 'IPv6' && !isLocal6(address));
  add(`ipaddress6_${name}`, six?.address, ADDRESSES);
}
