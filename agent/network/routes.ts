/** Routes of /proc/net/route and /proc/net/ipv6_route. Pure parsers. */
import { isIPv4 } from 'node:net';

export interface Route {
  readonly nic: string;
  readonly family: 4 | 6;
  /** Undefined: no gateway, the network is on the link. */
  readonly gateway: string | undefined;
  readonly network: string;
  readonly prefix: number;
}

const RTF_UP = 1;
const RTF_REJECT = 0x0200;

/** `Iface Destination Gateway Flags … Mask …`, addresses as little-endian hex. */
export function parseRoutes4(text: string): Route[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words.length >= 8 && usable(words[3] as string))
    .map(([nic = '', destination = '', gateway = '', , , , , mask = '']) => ({
      nic,
      family: 4,
      network: dotted(destination),
      gateway: /^0+$/.test(gateway) ? undefined : dotted(gateway),
      prefix: [...parseInt(mask, 16).toString(2)].filter((bit) => bit === '1').length,
    }));
}

/** `destination prefix source prefix next-hop metric refcount use flags interface`, big-endian hex. */
export function parseRoutes6(text: string): Route[] {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words.length === 10 && words[9] !== 'lo' && usable(words[8] as string))
    .map((words) => ({
      nic: words[9] as string,
      family: 6,
      network: colons(words[0] as string),
      gateway: /^0+$/.test(words[4] as string) ? undefined : colons(words[4] as string),
      prefix: parseInt(words[1] as string, 16),
    }));
}

function usable(flags: string): boolean {
  const bits = parseInt(flags, 16);
  return (bits & RTF_UP) !== 0 && (bits & RTF_REJECT) === 0;
}

/** The route that an address would take: the longest prefix wins. Undefined when there is none. */
export function routeTo(address: string, routes: readonly Route[]): Route | undefined {
  const family = isIPv4(address) ? 4 : 6;
  const bits = toBits(address);
  return routes
    .filter(
      (route) =>
        route.family === family && toBits(route.network).slice(0, route.prefix) === bits.slice(0, route.prefix),
    )
    .sort((a, b) => b.prefix - a.prefix)[0];
}

function dotted(hex: string): string {
  return (hex.match(/../g) ?? [])
    .reverse()
    .map((pair) => parseInt(pair, 16))
    .join('.');
}

function colons(hex: string): string {
  return new URL(`http://[${(hex.match(/.{4}/g) ?? []).join(':')}]`).hostname.slice(1, -1);
}

function toBits(address: string): string {
  if (isIPv4(address))
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  const bare = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [head = '', tail] = bare.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...middle, ...right].map((group) => parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}
