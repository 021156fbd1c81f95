/** Messages of DHCPv6 between client and server (RFC 8415, 7.3, 8 and 21; DNS in them RFC 3646). Pure. */
import { macOfBootif } from '../../../platform/kernel-line.ts';
import { domainNames, ipv6Text } from './router-advertisement.ts';

export const SOLICIT = 1;
export const ADVERTISE = 2;
export const REQUEST = 3;
export const RENEW = 5;
export const REPLY = 7;
export const INFORMATION_REQUEST = 11;

const CLIENT_ID = 1;
const SERVER_ID = 2;
const IA_NA = 3;
const IA_ADDRESS = 5;
const OPTION_REQUEST = 6;
const ELAPSED = 8;
const STATUS = 13;
const RAPID_COMMIT = 14;
const DNS_SERVERS = 23;
const DOMAIN_LIST = 24;
const MOST_SERVERS = 8;

/** What a server says. */
export interface Dhcpv6Answer {
  readonly type: number;
  readonly serverId: Buffer;
  /** It may be used at once: a reply to a solicitation (rapid commit), or to a request. */
  readonly committed: boolean;
  readonly address: string | undefined;
  /** Seconds until it is to be renewed; the half of its lifetime where the server leaves that open. */
  readonly renewS: number;
  readonly servers: readonly string[];
  readonly search: readonly string[];
}

/** What a message is about. */
export interface Dhcpv6Question {
  readonly type: number;
  /** Three bytes. */
  readonly transaction: Buffer;
  /** The card's, lower case with colons. */
  readonly mac: string;
  /** Hundredths of a second since the first one. */
  readonly elapsed: number;
  /** Whose offer is taken or renewed. */
  readonly serverId?: Buffer;
  /** The address that is asked for. */
  readonly address?: string;
}

/** Its bytes. Every question asks for the DNS servers and the search list. */
export function encodeDhcpv6({ type, transaction, mac, elapsed, serverId, address }: Dhcpv6Question): Buffer {
  const hardware = Buffer.from((macOfBootif(mac) ?? '').replaceAll(':', ''), 'hex');
  const time = Buffer.alloc(2);
  time.writeUInt16BE(Math.min(elapsed, 0xffff));
  const parts = [
    Buffer.from([type]),
    transaction,
    // DUID-LL of Ethernet (11.4)
    option(CLIENT_ID, Buffer.concat([Buffer.from([0, 3, 0, 1]), hardware])),
    option(OPTION_REQUEST, Buffer.from([0, DNS_SERVERS, 0, DOMAIN_LIST])),
    option(ELAPSED, time),
  ];
  if (serverId !== undefined) parts.push(option(SERVER_ID, serverId));
  if (type === SOLICIT) parts.push(option(RAPID_COMMIT, Buffer.alloc(0)));
  if (type !== INFORMATION_REQUEST) {
    const wanted =
      address === undefined ? [] : [option(IA_ADDRESS, Buffer.concat([ipv6Bytes(address), Buffer.alloc(8)]))];
    // the card's last four bytes are the number of the association
    parts.push(option(IA_NA, Buffer.concat([hardware.subarray(2), Buffer.alloc(8), ...wanted])));
  }
  return Buffer.concat(parts);
}

/** An answer to that question, or undefined for anything else: another transaction, another client's, no server named. */
export function decodeDhcpv6(bytes: Buffer, { transaction, mac, type }: Dhcpv6Question): Dhcpv6Answer | undefined {
  if (bytes.length < 4 || !bytes.subarray(1, 4).equals(transaction)) return undefined;
  const kind = bytes[0] ?? 0;
  const options = optionsOf(bytes.subarray(4));
  const serverId = options.get(SERVER_ID);
  const ours = options.get(CLIENT_ID)?.subarray(4).toString('hex') === mac.replaceAll(':', '');
  if ((kind !== ADVERTISE && kind !== REPLY) || serverId === undefined || !ours) return undefined;
  const association = options.get(IA_NA);
  const inside = optionsOf(association?.subarray(12) ?? Buffer.alloc(0));
  const refused = [options, inside].some((each) => (each.get(STATUS)?.readUInt16BE(0) ?? 0) !== 0);
  const found = refused ? undefined : inside.get(IA_ADDRESS);
  const valid = found !== undefined && found.length >= 24 ? found.readUInt32BE(20) : 0;
  const first = association !== undefined && association.length >= 12 ? association.readUInt32BE(4) : 0;
  const dns = options.get(DNS_SERVERS) ?? Buffer.alloc(0);
  return {
    type: kind,
    serverId,
    committed: kind === REPLY && (type !== SOLICIT || options.has(RAPID_COMMIT)),
    address: found === undefined || valid === 0 ? undefined : ipv6Text(found.subarray(0, 16)),
    renewS: first > 0 && first < valid ? first : Math.floor(valid / 2),
    servers: Array.from({ length: Math.min(MOST_SERVERS, dns.length >> 4) }, (_, at) =>
      ipv6Text(dns.subarray(at * 16, at * 16 + 16)),
    ),
    search: domainNames(options.get(DOMAIN_LIST) ?? Buffer.alloc(0)),
  };
}

function option(code: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(code);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]);
}

/** The first of each code; one that is longer than what is left ends the list. */
function optionsOf(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const code = bytes.readUInt16BE(at);
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) break;
    if (!found.has(code) && !(code === STATUS && end - at < 6)) found.set(code, bytes.subarray(at + 4, end));
    at = end;
  }
  return found;
}

/** An address as it is written, `::` included, in sixteen bytes. */
function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const bytes = Buffer.alloc(16);
  before.forEach((group, at) => bytes.writeUInt16BE(group, at * 2));
  after.forEach((group, at) => bytes.writeUInt16BE(group, (8 - after.length + at) * 2));
  return bytes;
}
