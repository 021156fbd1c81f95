/** LLDP's frames (IEEE 802.1AB, clauses 8 and 9; 802.1Q annex D, 802.3 clause 79). Pure. */
import type { NeighbourFrame } from './neighbour-types.ts';
import { neighbourAddress, neighbourId, neighbourMac, neighbourText } from './tlv-text.ts';

type Tlv = readonly [type: number, value: Buffer];

/** A frame has room for more; no switch sends so many. */
const MOST_TLVS = 128;
const MOST_ADDRESSES = 8;

const CHASSIS = 1;
const PORT = 2;
const TTL = 3;
const PORT_DESCRIPTION = 4;
const SYSTEM_NAME = 5;
const SYSTEM_DESCRIPTION = 6;
const MANAGEMENT_ADDRESS = 8;
const ORGANIZATION = 127;
/** Organization and subtype: the VLAN of untagged frames (802.1), the largest frame (802.3). */
const PORT_VLAN = '0080c201';
const LARGEST_FRAME = '00120f04';

/** The data of a frame, or undefined where it names neither chassis nor port. What is cut off or odd is left out. */
export function parseLldp(data: Buffer): NeighbourFrame | undefined {
  const tlvs = split(data);
  const value = (type: number): Buffer | undefined => tlvs.find(([each]) => each === type)?.[1];
  const text = (type: number): string | undefined => neighbourText(value(type) ?? Buffer.alloc(0));
  const chassis = idOf(value(CHASSIS), CHASSIS);
  const port = idOf(value(PORT), PORT);
  if (chassis === undefined && port === undefined) return undefined;
  const ttl = value(TTL);
  return {
    protocol: 'lldp',
    chassis,
    port,
    ttl: ttl !== undefined && ttl.length >= 2 ? ttl.readUInt16BE(0) : undefined,
    system: text(SYSTEM_NAME),
    systemDescription: text(SYSTEM_DESCRIPTION),
    portDescription: text(PORT_DESCRIPTION),
    vlan: inRange(number(tlvs, PORT_VLAN), 4094),
    mtu: inRange(number(tlvs, LARGEST_FRAME), 65_535),
    addresses: addresses(tlvs),
    tlvs: tlvs.map(([type, bytes]) => [type, bytes.toString('hex')] as const),
  };
}

/** Zeroes, in place, the TLVs that say more than a place in the network: descriptions, and what makers and sites add. */
export function blankLldp(data: Buffer): void {
  const kept = new Set([CHASSIS, PORT, TTL, SYSTEM_NAME, MANAGEMENT_ADDRESS]);
  for (const [type, value] of split(data)) {
    const isKept = kept.has(type) || [PORT_VLAN, LARGEST_FRAME].includes(value.toString('hex', 0, 4));
    if (!isKept) value.fill(0);
  }
}

/** Type in seven bits, length in nine. The end of the frame, or a TLV that is longer than what is left, ends the list. */
function split(data: Buffer): Tlv[] {
  const found: Tlv[] = [];
  for (let at = 0; at + 2 <= data.length && found.length < MOST_TLVS;) {
    const head = data.readUInt16BE(at);
    const type = head >> 9;
    const end = at + 2 + (head & 0x1ff);
    if (type === 0 || end > data.length) break;
    found.push([type, data.subarray(at + 2, end)]);
    at = end;
  }
  return found;
}

/** Of chassis and port ids the first byte says what they are (tables 8-2 and 8-3). */
function idOf(value: Buffer | undefined, type: number): NeighbourFrame['chassis'] {
  if (value === undefined || value.length < 2) return undefined;
  const bytes = value.subarray(1);
  const kind = (type === CHASSIS ? CHASSIS_KINDS : PORT_KINDS)[value[0] ?? 0] ?? 'other';
  const known = kind === 'mac' ? neighbourMac(bytes) : kind === 'address' ? networkAddress(bytes) : undefined;
  const text = known ?? neighbourId(bytes);
  return text === undefined ? undefined : { kind, text };
}

const CHASSIS_KINDS = ['other', 'component', 'alias', 'component', 'mac', 'address', 'name', 'local'] as const;
const PORT_KINDS = ['other', 'alias', 'component', 'mac', 'address', 'name', 'circuit', 'local'] as const;

/** A family of IANA's list (1 IPv4, 2 IPv6) and the address. */
function networkAddress(bytes: Buffer): string | undefined {
  const [family] = bytes;
  return family === 1 || family === 2 ? neighbourAddress(bytes.subarray(1)) : undefined;
}

function number(tlvs: readonly Tlv[], organization: string): number | undefined {
  const found = tlvs.find(([type, value]) => type === ORGANIZATION && value.toString('hex', 0, 4) === organization);
  return found !== undefined && found[1].length >= 6 ? found[1].readUInt16BE(4) : undefined;
}

function inRange(value: number | undefined, most: number): number | undefined {
  return value !== undefined && value > 0 && value <= most ? value : undefined;
}

/** The length of family and address comes first. */
function addresses(tlvs: readonly Tlv[]): string[] {
  const found = tlvs
    .filter(([type, value]) => type === MANAGEMENT_ADDRESS && value.length > 1)
    .map(([, value]) => networkAddress(value.subarray(1, 1 + (value[0] ?? 0))))
    .filter((address) => address !== undefined);
  return [...new Set(found)].slice(0, MOST_ADDRESSES);
}
