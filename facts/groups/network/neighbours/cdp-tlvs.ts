/** Cisco's discovery protocol, versions 1 and 2: a header of four bytes, then TLVs whose length counts their own head. Pure. */
import type { NeighbourFrame } from './neighbour-types.ts';
import { neighbourAddress, neighbourId, neighbourText } from './tlv-text.ts';

const MOST_TLVS = 128;
const MOST_ADDRESSES = 8;

const DEVICE = 0x01;
const ADDRESSES = 0x02;
const PORT = 0x03;
const SOFTWARE = 0x05;
const NATIVE_VLAN = 0x0a;
const MTU = 0x11;
const SYSTEM_NAME = 0x14;
const MANAGEMENT = 0x16;

/** What is behind the SNAP header, or undefined where it names neither device nor port. What is cut off or odd is left out. */
export function parseCdp(data: Buffer): NeighbourFrame | undefined {
  if (data.length < 4 || (data[0] !== 1 && data[0] !== 2)) return undefined;
  const tlvs = split(data.subarray(4));
  const device = neighbourId(tlvs.get(DEVICE) ?? Buffer.alloc(0));
  const port = neighbourId(tlvs.get(PORT) ?? Buffer.alloc(0));
  if (device === undefined && port === undefined) return undefined;
  const vlan = tlvs.get(NATIVE_VLAN);
  const mtu = tlvs.get(MTU);
  const found = [MANAGEMENT, ADDRESSES].flatMap((type) => addressesIn(tlvs.get(type) ?? Buffer.alloc(0)));
  return {
    protocol: 'cdp',
    chassis: device === undefined ? undefined : { kind: 'local', text: device },
    port: port === undefined ? undefined : { kind: 'name', text: port },
    ttl: data[1],
    system: neighbourText(tlvs.get(SYSTEM_NAME) ?? Buffer.alloc(0)) ?? device,
    systemDescription: neighbourText(tlvs.get(SOFTWARE) ?? Buffer.alloc(0)),
    portDescription: undefined,
    vlan: vlan?.length === 2 ? inRange(vlan.readUInt16BE(0), 4094) : undefined,
    mtu: mtu?.length === 4 ? inRange(mtu.readUInt32BE(0), 65_535) : undefined,
    addresses: [...new Set(found)].slice(0, MOST_ADDRESSES),
    tlvs: [],
  };
}

/** Zeroes, in place, the TLVs that say more than a place in the network: software, platform, and what makers add. */
export function blankCdp(data: Buffer): void {
  const kept = new Set([DEVICE, ADDRESSES, PORT, NATIVE_VLAN, MTU, SYSTEM_NAME, MANAGEMENT]);
  for (const [type, value] of split(data.subarray(4))) if (!kept.has(type)) value.fill(0);
}

/** The first of each type. A length below its own head, or beyond the data, ends the list. */
function split(data: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0, count = 0; at + 4 <= data.length && count < MOST_TLVS; count++) {
    const type = data.readUInt16BE(at);
    const end = at + data.readUInt16BE(at + 2);
    if (end < at + 4 || end > data.length) break;
    if (!found.has(type)) found.set(type, data.subarray(at + 4, end));
    at = end;
  }
  return found;
}

/** A count, then for each: kind and length of the protocol's number, that number, length of the address, the address. */
function addressesIn(value: Buffer): string[] {
  const found: string[] = [];
  if (value.length < 4) return found;
  const count = Math.min(value.readUInt32BE(0), MOST_ADDRESSES);
  for (let at = 4, each = 0; each < count && at + 2 <= value.length; each++) {
    const length = at + 2 + (value[at + 1] ?? 0);
    if (length + 2 > value.length) break;
    const end = length + 2 + value.readUInt16BE(length);
    if (end > value.length) break;
    const address = neighbourAddress(value.subarray(length + 2, end));
    if (address !== undefined) found.push(address);
    at = end;
  }
  return found;
}

function inRange(value: number, most: number): number | undefined {
  return value > 0 && value <= most ? value : undefined;
}
