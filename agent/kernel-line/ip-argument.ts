/**
 * `ip=` and `nameserver=` of the kernel line in the kernel's forms (Documentation/admin-guide/nfs/nfsroot.rst), dracut's
 * (dracut.cmdline(7)) and NetworkManager's (nm-initrd-generator(8)). Pure. An optional field that cannot be used costs only
 * itself, and a warning. The boot script reads the same forms (tinycore/overlay/all/usr/share/udhcpc/kernel-line); one table of
 * cases runs through both (test/agent/kernel-line/ip-cases.json).
 */
import { macOfBootif, parseCommandLine } from '../../platform/kernel-line.ts';
import { addressOf, defaultPrefix, isHostName, nicOf, prefixLengthOf, splitFields, splitPrefix } from './ip-fields.ts';
import { parseLinkArguments, type LinkArguments } from './link-arguments.ts';
import { bootedCard, foreignWarnings, parseRoutes, type RouteRequest } from './network-words.ts';

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
  /** `nameserver=`, and those of an `ip=` without an address: for the whole machine, with DHCP too. */
  readonly nameservers: readonly string[];
  /** NTP servers of every `ip=`. */
  readonly ntpServers: readonly string[];
  /** `rd.route=` */
  readonly routes: readonly RouteRequest[];
  /** The host name of an `ip=` with an address or without one. */
  readonly hostname?: string;
  /** `ip=off`: NICs that are not named are left alone. */
  readonly off: boolean;
  /** The NIC that was booted from, a MAC in lower case with colons (`BOOTIF=`) or a name (`bootdev=`): addresses without a NIC go there. */
  readonly booted?: string;
  /** What could not be understood, in words; the rest is used all the same. */
  readonly warnings: readonly string[];
}

/** nfsroot.rst, dracut and NetworkManager; all of them mean "ask" here, router advertisements being the kernel's. */
const AUTOMATIC = new Set(
  'dhcp on any both bootp rarp dhcp4 dhcp6 auto auto6 either6 link6 local6 link-local single-dhcp ibft fw'.split(' '),
);
/** nfsroot.rst: `dhcp,TYPE,VALUE` with the client identifier, which dhcp.sh hands to udhcpc. */
const WITH_CLIENT_ID = /^dhcp,(0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5]),[A-Za-z0-9._-]{1,64}$/;
const OFF = new Set(['off', 'none', 'static']);

/** Reads `ip=` (every one of them), `nameserver=`, `BOOTIF=` and the links of a kernel command line. Never throws. */
export function parseIpArguments(cmdline: string): IpArguments {
  const line = parseCommandLine(cmdline);
  const links = parseLinkArguments(line);
  const routes = parseRoutes(line);
  const warnings: string[] = [...links.warnings, ...routes.warnings, ...foreignWarnings(line)];
  const found: Found[] = line.all('ip').map((value) => {
    const one = parseIp(value);
    warnings.push(...one.warnings.map((text) => `ip=${value.slice(0, 100)}: ${text}`));
    return one.found;
  });
  const named = line.all('nameserver').flatMap((text) =>
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
    nameservers: [...found.flatMap(({ nameservers }) => nameservers ?? []), ...named],
    ntpServers: found.flatMap(({ address, ntpServers }) => address?.ntpServers ?? ntpServers ?? []),
    routes: routes.routes,
    hostname: found.map(({ hostname }) => hostname).find((name) => name !== undefined),
    off: found.some(({ off }) => off === true),
    booted: bootedCard(line),
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
  /** Of a form without an address. */
  readonly nameservers?: readonly string[];
  readonly ntpServers?: readonly string[];
}

interface Read {
  readonly found: Found;
  readonly warnings: readonly string[];
}

const nothing = (warning: string): Read => ({ found: {}, warnings: [warning] });

function parseIp(value: string): Read {
  const fields = splitFields(value);
  const [first = '', second = ''] = fields;
  const nic = nicOf(first);
  if (fields.length === 1) {
    if (isAutomatic(first)) return { found: {}, warnings: [] };
    if (OFF.has(first) || first === '') return { found: { off: true }, warnings: [] };
    return clientOf(first) === undefined ? nothing('neither an address nor a method') : parseStatic(fields);
  }
  if (clientOf(first) !== undefined) return parseStatic(fields);
  if (first === '' || nic !== undefined) {
    // dracut's `eth0:dhcp:MTU:MAC` and NetworkManager's `eth0:dhcp:DNS:DNS`
    if (isAutomatic(second)) return behindCard(nic, fields.slice(2));
    if (first === '') return parseWithoutAddress(fields);
    if (second === 'off' || second === 'none') return { found: { left: nic }, warnings: [] };
    if (fields.length < 4)
      return nothing(`"${second}" is not a method: write NIC:dhcp, NIC:off or ADDRESS::GATEWAY:NETMASK::NIC:none`);
  }
  return nothing('the client address is not an IP address');
}

/** The client's address, with its prefix length where that is written behind a slash, as NetworkManager takes it. */
function clientOf(text: string): { readonly address: string; readonly prefix: number | undefined } | undefined {
  const { bare, length } = splitPrefix(text);
  const address = addressOf(bare);
  if (address === undefined) return undefined;
  return { address, prefix: length === undefined ? undefined : prefixLengthOf(length, !address.includes(':')) };
}

/** NetworkManager takes several methods, with commas. */
function isAutomatic(method: string): boolean {
  return method !== '' && (WITH_CLIENT_ID.test(method) || method.split(',').every((each) => AUTOMATIC.has(each)));
}

/** DHCP on a card; the MTU is set with its lease, by the script (tinycore/overlay/all/usr/share/udhcpc/dhcp_mk_config.script). */
function behindCard(nic: string | undefined, rest: readonly string[]): Read {
  const warnings: string[] = [];
  const { nameservers, ntpServers } = behindMethod(rest, warnings);
  return { found: { dhcp: nic, nameservers, ntpServers }, warnings };
}

function parseWithoutAddress(fields: readonly string[]): Read {
  const [, , , , host = '', card = '', method = '', ...rest] = fields;
  const warnings: string[] = [];
  const hostname = hostOf(host, warnings);
  const { nameservers, ntpServers } = behindMethod(rest, warnings);
  const nic = card === '' ? undefined : nicOf(card);
  const found = { hostname, nameservers, ntpServers };
  if (card !== '' && nic === undefined) warnings.push(`invalid interface name "${card}"`);
  else if (!OFF.has(method)) Object.assign(found, { dhcp: nic });
  else Object.assign(found, nic === undefined ? { off: true } : { left: nic });
  return { found, warnings };
}

/** An address; every other field may be left out, and is left out when it cannot be used. */
function parseStatic(fields: readonly string[]): Read {
  const [client = '', server = '', gateway = '', mask = '', host = '', card = '', method = '', ...rest] = fields;
  const { address = '', prefix: behind } = clientOf(client) ?? {};
  const warnings: string[] = [];
  const hostname = hostOf(host, warnings);
  const nic = card === '' ? undefined : nicOf(card);
  if (card !== '' && nic === undefined) {
    return {
      found: { hostname },
      warnings: [...warnings, `invalid interface name "${card}": the address has no place`],
    };
  }
  const four = !address.includes(':');
  const peer = splitPrefix(server);
  const written = mask === '' ? undefined : prefixLengthOf(mask, four);
  // dracut's peer may have the prefix length of the network behind it
  const prefix = written ?? behind ?? prefixLengthOf(peer.length ?? '', four);
  const usual = defaultPrefix(address);
  if (mask !== '' && written === undefined) warnings.push(`invalid netmask "${mask}": /${prefix ?? usual} is used`);
  if (method !== '' && !isAutomatic(method) && !OFF.has(method)) warnings.push(`unknown method "${method}"`);
  const found: StaticAddress = {
    nic,
    address,
    prefix: prefix ?? usual,
    gateway: optionalAddress('gateway', gateway, warnings),
    server: optionalAddress('boot server', peer.bare, warnings),
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
  // with colons of its own, or with dashes
  const mac = macOfBootif(rest.slice(1, 7).join(':')) ?? macOfBootif(rest[1]);
  if (mac !== undefined) warnings.push(`the MAC ${mac} is not set: the card keeps its own`);
  if (/^\d{1,5}$/.test(first) || mac !== undefined) {
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
