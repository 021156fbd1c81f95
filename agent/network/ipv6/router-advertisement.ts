/**
 * Router advertisements as they lie on the wire (RFC 4861, 4.2; DNS in them RFC 8106). The kernel takes addresses and routes from
 * them, but hands the DNS servers over by netlink only, which Node does not have. Pure.
 */
import { macOfBootif } from '../../../platform/kernel-line.ts';

export interface AdvertisedDns {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  /** Seconds for which they hold; 0 takes them back. */
  readonly lifetimeS: number;
}

const IPV6 = 0x86dd;
const ICMPV6 = 58;
const SOLICITATION = 133;
const ADVERTISEMENT = 134;
const RDNSS = 25;
const DNSSL = 31;
/** Ethernet, IPv6 and the fixed part of an advertisement. */
const [AT_IP, AT_ICMP, AT_OPTIONS] = [14, 54, 70] as const;
const MOST = 8;
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?$/i;

/** What a frame says of DNS, or undefined where it is no advertisement of a router on this link. */
export function parseAdvertisement(frame: Buffer): AdvertisedDns | undefined {
  if (frame.length < AT_OPTIONS || frame.readUInt16BE(12) !== IPV6 || frame[AT_IP + 6] !== ICMPV6) return undefined;
  // a router on the link sends with the full hop limit and from its link-local address
  const fromLink = frame[AT_IP + 8] === 0xfe && ((frame[AT_IP + 9] ?? 0) & 0xc0) === 0x80;
  if (frame[AT_IP + 7] !== 255 || !fromLink || frame[AT_ICMP] !== ADVERTISEMENT) return undefined;
  const end = Math.min(frame.length, AT_ICMP + frame.readUInt16BE(AT_IP + 4));
  const [servers, search] = [new Set<string>(), new Set<string>()];
  let lifetimeS = Infinity;
  for (let at = AT_OPTIONS; at + 8 <= end;) {
    const length = (frame[at + 1] ?? 0) * 8;
    if (length === 0 || at + length > end) break;
    const option = frame.subarray(at, at + length);
    at += length;
    if (option[0] !== RDNSS && option[0] !== DNSSL) continue;
    lifetimeS = Math.min(lifetimeS, option.readUInt32BE(4));
    if (option[0] === DNSSL) for (const name of domainNames(option.subarray(8))) search.add(name);
    else for (let each = 8; each + 16 <= length; each += 16) servers.add(ipv6Text(option.subarray(each, each + 16)));
  }
  const usable = [...servers].filter((address) => address !== '::' && !address.startsWith('ff'));
  return {
    servers: usable.slice(0, MOST),
    search: [...search].slice(0, MOST),
    lifetimeS: Number.isFinite(lifetimeS) ? lifetimeS : 0,
  };
}

/** Sixteen bytes as the kernel writes them: short, in lower case. */
export function ipv6Text(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** Names one after the other as DNS writes them, without compression (RFC 8106, 5.2; RFC 8415, 10); what is no name ends them. */
export function domainNames(bytes: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at < bytes.length && names.length < MOST;) {
    const labels: string[] = [];
    for (let length = bytes[at] ?? 0; length !== 0; length = bytes[at] ?? 0) {
      labels.push(bytes.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
      if (length > 63 || at >= bytes.length) return names;
    }
    at++;
    if (labels.length === 0) return names;
    if (labels.every((label) => LABEL.test(label))) names.push(labels.join('.').toLowerCase());
  }
  return names;
}

/** A router solicitation from no address, which routers answer to everybody (RFC 4861, 6.2.6). */
export function solicitation(mac: string): Buffer {
  const frame = Buffer.alloc(AT_ICMP + 8);
  Buffer.from('333300000002', 'hex').copy(frame);
  Buffer.from((macOfBootif(mac) ?? '').replaceAll(':', ''), 'hex').copy(frame, 6);
  frame.writeUInt16BE(IPV6, 12);
  frame[AT_IP] = 0x60;
  frame.writeUInt16BE(8, AT_IP + 4);
  frame[AT_IP + 6] = ICMPV6;
  frame[AT_IP + 7] = 255;
  Buffer.from('ff020000000000000000000000000002', 'hex').copy(frame, AT_IP + 24);
  frame[AT_ICMP] = SOLICITATION;
  frame.writeUInt16BE(checksum(frame), AT_ICMP + 2);
  return frame;
}

/** RFC 4443, 2.3: over the addresses, the length, the number of the protocol and the message. */
function checksum(frame: Buffer): number {
  const message = frame.subarray(AT_ICMP);
  let sum = message.length + ICMPV6;
  for (let at = AT_IP + 8; at < AT_ICMP; at += 2) sum += frame.readUInt16BE(at);
  for (let at = 0; at < message.length; at += 2) sum += message.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}
