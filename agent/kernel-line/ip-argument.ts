/**
 * `ip=` and `nameserver=` of the kernel line in the kernel's forms (Documentation/admin-guide/nfs/nfsroot.rst), dracut's
 * (dracut.cmdline(7)) and NetworkManager's (nm-initrd-generator(8)). Pure. An optional field that cannot be used costs only
 * itself, and a warning. The boot script reads the same forms (tinycore/overlay/all/usr/share/udhcpc/kernel-line); one table of
 * cases runs through both (test/agent/kernel-line/ip-cases.json).
 */
import { macOfBootif, parseCommandLine } from '../../platform/kernel-line.ts';
import { addressOf, defaultPrefix, isHostName, nicOf, prefixLengthOf, splitFields } from './ip-fields.ts';
import { parseLinkArguments, type LinkArguments } from './link-arguments.ts';

export interface StaticAddress {
  /** A name, or a MAC with colons. Undefined: the NIC that was booted from, else the first that has a link. */
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

export interface IpArguments extends LinkArguments {
  readonly statics: readonly StaticAddress[];
  /** NICs that DHCP was asked for by name or MAC. */
  readonly dhcpNics: readonly string[];
  /** NICs that are to be left alone (`ip=eth0:off`). */
  readonly offNics: readonly string[];
  /** `nameserver=`: for the whole machine, with DHCP too. */
  readonly nameservers: readonly string[];
  /** The host name of an `ip=` with an address or without one. */
  readonly hostname?: string;
  /** `ip=off`: NICs that are not named are left alone. */
  readonly off: boolean;
  /** The NIC that was booted from (`BOOTIF=`, lower case with colons): addresses without a NIC go there. */
  readonly bootMac?: string;
  /** What could not be understood, in words; the rest is used all the same. */
  readonly warnings: readonly string[];
}

/** nfsroot.rst, dracut and NetworkManager; all of them mean "ask" here, router advertisements being the kernel's. */
const AUTOMATIC = new Set(
  'dhcp on any both bootp rarp dhcp4 dhcp6 auto6 either6 link6 link-local single-dhcp ibft'.split(' '),
);
const OFF = new Set(['off', 'none', 'static']);

/** Reads `ip=` (every one of them), `nameserver=`, `BOOTIF=` and the links of a kernel command line. Never throws. */
export function parseIpArguments(cmdline: string): IpArguments {
  const line = parseCommandLine(cmdline);
  const links = parseLinkArguments(line);
  const warnings: string[] = [...links.warnings];
  const found: Found[] = line.all('ip').map((value) => {
    const one = parseIp(value);
    warnings.push(...one.warnings.map((text) => `ip=${value.slice(0, 100)}: ${text}`));
    return one.found;
  });
  const nameservers = line.all('nameserver').flatMap((text) =>
    text.split(',').flatMap((each) => {
      const address = addressOf(each);
      if (address === undefined) warnings.push(`nameserver=${text.slice(0, 60)}: invalid address`);
      return address ?? [];
    }),
  );
  return {
    ...links,
    statics: found.flatMap(({ address }) => address ?? []),
    dhcpNics: found.flatMap(({ dhcp }) => dhcp ?? []),
    offNics: found.flatMap(({ left }) => left ?? []),
    nameservers,
    hostname: found.map(({ hostname }) => hostname).find((name) => name !== undefined),
    off: found.some(({ off }) => off === true),
    bootMac: macOfBootif(line.value('BOOTIF')),
    warnings,
  };
}

/** What one `ip=` says. */
interface Found {
  readonly address?: StaticAddress;
  readonly dhcp?: string;
  readonly left?: string;
  readonly off?: boolean;
  readonly hostname?: string | undefined;
}

interface Read {
  readonly found: Found;
  readonly warnings: readonly string[];
}

const nothing = (warning: string): Read => ({ found: {}, warnings: [warning] });

function parseIp(value: string): Read {
  const fields = splitFields(value);
  const [first = '', second = ''] = fields;
  if (fields.length === 1) {
    if (isAutomatic(first)) return { found: {}, warnings: [] };
    if (OFF.has(first) || first === '') return { found: { off: true }, warnings: [] };
    return addressOf(first) === undefined ? nothing('neither an address nor a method') : parseStatic(fields);
  }
  if (first === '') return parseWithoutAddress(fields);
  if (addressOf(first) !== undefined) return parseStatic(fields);
  const nic = nicOf(first);
  // dracut's `eth0:dhcp:MTU:MAC`, whose MAC has colons of its own; DHCP brings the MTU
  if (nic !== undefined && isAutomatic(second)) return { found: { dhcp: nic }, warnings: [] };
  if (nic !== undefined && (second === 'off' || second === 'none')) return { found: { left: nic }, warnings: [] };
  if (nic !== undefined && fields.length < 4)
    return nothing(`"${second}" is not a method: write NIC:dhcp, NIC:off or ADDRESS::GATEWAY:NETMASK::NIC:none`);
  return nothing('the client address is not an IP address');
}

/** NetworkManager takes several methods, with commas. */
function isAutomatic(method: string): boolean {
  return method.split(',').every((each) => AUTOMATIC.has(each));
}

function parseWithoutAddress(fields: readonly string[]): Read {
  const [, , , , host = '', card = '', method = ''] = fields;
  const warnings: string[] = [];
  const hostname = hostOf(host, warnings);
  const nic = card === '' ? undefined : nicOf(card);
  if (card !== '' && nic === undefined) warnings.push(`invalid interface name "${card}"`);
  else if (!OFF.has(method)) return { found: { dhcp: nic, hostname }, warnings };
  else return { found: nic === undefined ? { off: true, hostname } : { left: nic, hostname }, warnings };
  return { found: { hostname }, warnings };
}

/** An address; every other field may be left out, and is left out when it cannot be used. */
function parseStatic(fields: readonly string[]): Read {
  const [client = '', server = '', gateway = '', mask = '', host = '', card = '', method = '', ...rest] = fields;
  const address = addressOf(client) ?? '';
  const warnings: string[] = [];
  const hostname = hostOf(host, warnings);
  const nic = card === '' ? undefined : nicOf(card);
  if (card !== '' && nic === undefined) {
    return {
      found: { hostname },
      warnings: [...warnings, `invalid interface name "${card}": the address has no place`],
    };
  }
  const prefix = mask === '' ? undefined : prefixLengthOf(mask, !address.includes(':'));
  const usual = defaultPrefix(address);
  if (mask !== '' && prefix === undefined) warnings.push(`invalid netmask "${mask}": /${usual} is used`);
  if (method !== '' && !isAutomatic(method) && !OFF.has(method)) warnings.push(`unknown method "${method}"`);
  const found: StaticAddress = {
    nic,
    address,
    prefix: prefix ?? usual,
    gateway: optionalAddress('gateway', gateway, warnings),
    server: optionalAddress('boot server', server, warnings),
    hostname,
    ...behindMethod(rest, warnings),
  };
  return { found: { address: found, hostname }, warnings };
}

/** DNS servers and NTP servers (nfsroot.rst), or dracut's MTU and MAC, of which the MAC is left alone. */
function behindMethod(
  rest: readonly string[],
  warnings: string[],
): Pick<StaticAddress, 'nameservers' | 'ntpServers' | 'mtu'> {
  const [first = ''] = rest;
  const isMac = macOfBootif(rest.slice(1, 7).join(':')) !== undefined;
  if (/^\d{1,5}$/.test(first) || isMac) {
    const mtu = Number(first);
    if (first !== '' && mtu < 576) warnings.push(`invalid MTU "${first}"`);
    return { nameservers: [], ntpServers: [], mtu: mtu >= 576 ? mtu : undefined };
  }
  const servers = (what: string, texts: readonly string[]): readonly string[] =>
    texts.flatMap((text) => optionalAddress(what, text, warnings) ?? []);
  return { nameservers: servers('DNS server', rest.slice(0, 2)), ntpServers: servers('NTP server', rest.slice(2, 4)) };
}

function hostOf(text: string, warnings: string[]): string | undefined {
  if (text === '' || isHostName(text)) return text || undefined;
  warnings.push(`invalid host name "${text.slice(0, 60)}"`);
  return undefined;
}

function optionalAddress(what: string, text: string, warnings: string[]): string | undefined {
  const address = addressOf(text);
  if (text !== '' && address === undefined) warnings.push(`the ${what} "${text.slice(0, 60)}" is not an IP address`);
  return address;
}
