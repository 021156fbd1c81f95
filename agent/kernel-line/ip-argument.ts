/**
 * The kernel line's `ip=` in its known forms (Documentation/admin-guide/nfs/nfsroot.rst; dracut.cmdline(7)) and
 * `razor.vlan=`. Pure. Everything that comes out matched a strict pattern, because it becomes part of an argv.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { macOfBootif, parseCommandLine } from '../../platform/kernel-line.ts';

export interface StaticAddress {
  /** Undefined: the first NIC that has a link. */
  readonly nic: string | undefined;
  readonly address: string;
  readonly prefix: number;
  readonly gateway: string | undefined;
  readonly nameservers: readonly string[];
  readonly ntpServers: readonly string[];
  /** The boot server of the second field, if one is named. */
  readonly server: string | undefined;
  readonly hostname: string | undefined;
  /** dracut's field behind the method, in bytes. */
  readonly mtu?: number;
}

export interface VlanRequest {
  readonly id: number;
  /** Undefined: the first NIC that has a link. */
  readonly nic: string | undefined;
}

export interface IpArguments {
  readonly statics: readonly StaticAddress[];
  /** NICs that DHCP was asked for by name. */
  readonly dhcpNics: readonly string[];
  /** The host name of an `ip=` with an address or without one. */
  readonly hostname?: string;
  /** `ip=off` or `ip=none` without an address: nobody configures anything. */
  readonly off: boolean;
  readonly vlans: readonly VlanRequest[];
  /** The NIC that was booted from (`BOOTIF=`, lower case with colons): addresses without a NIC go there. */
  readonly bootMac?: string;
  /** What could not be understood, in words; the rest is used all the same. */
  readonly warnings: readonly string[];
}

/** Kernel interface names: IFNAMSIZ is 16, and no slash, blank or colon (net/core/dev.c, dev_valid_name). */
const NIC_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,14}$/;
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;
const AUTO = new Set([
  'dhcp',
  'on',
  'any',
  'both',
  'bootp',
  'rarp',
  'dhcp6',
  'auto6',
  'either6',
  'link6',
  'ibft',
  'dhcp4',
]);
const OFF = new Set(['off', 'none', 'static']);

/** Whether a text may be used as an interface name in an argv. */
export function isNicName(text: string): boolean {
  return NIC_NAME.test(text) && text !== '.' && text !== '..';
}

/** Reads `ip=` (every one of them), `nameserver=` and `razor.vlan=` of a kernel command line. Never throws. */
export function parseIpArguments(cmdline: string): IpArguments {
  const line = parseCommandLine(cmdline);
  const values = (key: string): readonly string[] => line.all(key);
  const warnings: string[] = [];
  const statics: StaticAddress[] = [];
  const dhcpNics: string[] = [];
  let off = false;
  let hostname: string | undefined;
  const extraDns = values('nameserver').flatMap((text) =>
    addressOf(text) === undefined ? [] : [addressOf(text) as string],
  );
  for (const value of values('ip')) {
    const result = parseOne(value, extraDns);
    if (typeof result === 'string') warnings.push(`ip=${value.slice(0, 100)}: ${result}`);
    else if ('off' in result) off = true;
    else if ('dhcp' in result) {
      if (result.dhcp !== undefined) dhcpNics.push(result.dhcp);
      hostname ??= result.hostname;
    } else {
      statics.push(result);
      hostname ??= result.hostname;
    }
  }
  const vlans: VlanRequest[] = [];
  for (const value of values('razor.vlan').flatMap((text) => text.split(','))) {
    const vlan = parseVlan(value);
    if (typeof vlan === 'string') warnings.push(`razor.vlan=${value.slice(0, 40)}: ${vlan}`);
    else vlans.push(vlan);
  }
  const bootMac = macOfBootif(line.value('BOOTIF'));
  return {
    statics,
    dhcpNics,
    off: off && statics.length === 0 && dhcpNics.length === 0,
    vlans,
    ...(bootMac !== undefined && { bootMac }),
    ...(hostname !== undefined && { hostname }),
    warnings,
  };
}

type One = StaticAddress | { dhcp: string | undefined; hostname?: string | undefined } | { off: true } | string;

function parseOne(value: string, extraDns: readonly string[]): One {
  const fields = splitFields(value);
  const first = fields[0] ?? '';
  if (fields.length === 1) {
    if (AUTO.has(first)) return { dhcp: undefined };
    if (OFF.has(first) || first === '') return { off: true };
    return isIPv4(first) ? withDefaults(first, extraDns) : 'not an address and not a method';
  }
  // dracut's `eth0:dhcp:MTU:MAC`, whose MAC has colons of its own; DHCP brings the MTU
  if (isNicName(first) && AUTO.has(fields[1] ?? '')) return { dhcp: first };
  const [client = '', server = '', gateway = '', mask = '', host = '', nic = '', method = '', ...rest] = fields;
  if (nic !== '' && !isNicName(nic)) return 'the interface name is not valid';
  if (host !== '' && !HOST_NAME.test(host)) return 'the host name is not valid';
  const hostname = host === '' ? undefined : host;
  if (client === '') return OFF.has(method) ? { off: true } : { dhcp: nic === '' ? undefined : nic, hostname };
  const address = addressOf(client);
  if (address === undefined) return 'the client address is not an IP address';
  const prefix = mask === '' ? (isIPv4(address) ? classfulPrefix(address) : 64) : prefixOf(mask, isIPv4(address));
  if (prefix === undefined) return 'the netmask is not a netmask';
  const route = gateway === '' ? undefined : addressOf(gateway);
  if (gateway !== '' && route === undefined) return 'the gateway is not an IP address';
  const known = rest.map(addressOf);
  const mtu = /^\d{3,5}$/.test(rest[0] ?? '') ? Number(rest[0]) : undefined;
  return {
    nic: nic === '' ? undefined : nic,
    address,
    prefix,
    gateway: route,
    server: addressOf(server),
    hostname,
    nameservers: [...known.slice(0, 2), ...extraDns].filter((item) => item !== undefined),
    ntpServers: known.slice(2, 4).filter((item) => item !== undefined),
    ...(mtu !== undefined && mtu >= 576 && { mtu }),
  };
}

function withDefaults(address: string, nameservers: readonly string[]): StaticAddress {
  const prefix = classfulPrefix(address);
  return {
    nic: undefined,
    address,
    prefix,
    gateway: undefined,
    nameservers,
    ntpServers: [],
    server: undefined,
    hostname: undefined,
  };
}

/** Splits at colons outside of brackets: IPv6 addresses are written `[fd00::1]`. */
function splitFields(value: string): string[] {
  const fields = [''];
  let inside = false;
  for (const char of value) {
    if (char === '[') inside = true;
    if (char === ']') inside = false;
    if (char === ':' && !inside) fields.push('');
    else fields[fields.length - 1] += char;
  }
  return fields;
}

/** An address as the kernel writes it: IPv6 without brackets, short and in lower case. */
function addressOf(text: string): string | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (isIPv4(bare)) return bare;
  return isIPv6(bare) && !bare.includes('%') ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : undefined;
}

/** `255.255.255.0` or `24`. Undefined where bits are missing in the middle. */
export function prefixOf(mask: string, four: boolean): number | undefined {
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= (four ? 32 : 128) ? Number(mask) : undefined;
  if (!four || !isIPv4(mask)) return undefined;
  const bits = mask
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}

/** The kernel's default when no netmask is given (net/ipv4/ipconfig.c): by the address's class. */
function classfulPrefix(address: string): number {
  const first = Number(address.split('.')[0]);
  return first < 128 ? 8 : first < 192 ? 16 : 24;
}

function parseVlan(value: string): VlanRequest | string {
  const match = /^(?:([^\s:]+)[:.])?(\d{1,4})$/.exec(value);
  const id = Number(match?.[2]);
  if (match === null || id < 1 || id > 4094) return 'write razor.vlan=ID or razor.vlan=NIC.ID, ID from 1 to 4094';
  const nic = match[1];
  return nic !== undefined && !isNicName(nic) ? 'the interface name is not valid' : { id, nic };
}
