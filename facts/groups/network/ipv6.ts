/** IPv6 addresses: their parts, their networks, and what the kernel says of each. */
import { oncePer } from '../../sources/recording.ts';
import type { OsAddress } from '../../sources/sources.ts';

/** Names of the kernel's flags, as Facter spells them (include/uapi/linux/if_addr.h: IFA_F_*; the file has eight bits). */
const FLAGS: readonly (readonly [name: string, bit: number])[] = [
  ['temporary', 0x01],
  ['noad', 0x02],
  ['optimistic', 0x04],
  ['dadfailed', 0x08],
  ['homeaddress', 0x10],
  ['deprecated', 0x20],
  ['tentative', 0x40],
  ['permanent', 0x80],
];

/** Gives the flags of an interface's address; undefined where the kernel's list has it not. */
export const readIpv6Flags = oncePer((sources): ((name: string, address: OsAddress) => string[] | undefined) => {
  const known = new Map<string, string[]>();
  for (const line of (sources.text('/proc/net/if_inet6') ?? '').split('\n', 10_000)) {
    const [hex = '', , , , bits = '', name] = line.trim().split(/\s+/);
    if (name === undefined) continue;
    const flags = parseInt(bits, 16);
    known.set(
      `${name} ${hex}`,
      FLAGS.filter(([, bit]) => (flags & bit) !== 0).map(([flag]) => flag),
    );
  }
  return (name, { address }) => {
    const groups = groupsOf(address);
    return groups && known.get(`${name} ${groups.map((group) => group.toString(16).padStart(4, '0')).join('')}`);
  };
});

/** The network of an IPv6 address; undefined where either text is not an address. */
export function network6Of(address: string, netmask: string): string | undefined {
  const [left, right] = [groupsOf(address), groupsOf(netmask)];
  if (left === undefined || right === undefined) return undefined;
  return shortened(left.map((group, i) => group & (right[i] as number)));
}

/** Eight groups of an IPv6 address, `::` filled up. */
function groupsOf(address: string): number[] | undefined {
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const parse = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const [left, right] = [parse(head), parse(tail ?? '')];
  const missing = 8 - left.length - right.length;
  const groups = tail === undefined ? left : [...left, ...Array<number>(Math.max(0, missing)).fill(0), ...right];
  return groups.length === 8 && groups.every((group) => group >= 0 && group <= 0xffff) ? groups : undefined;
}

/** RFC 5952: the longest run of zero groups becomes `::`. */
function shortened(groups: readonly number[]): string {
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (best.length < 2) return text(groups);
  return `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}
