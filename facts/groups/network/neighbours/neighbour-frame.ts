/** An Ethernet frame by which the device at the other end of a cable introduces itself: LLDP, or Cisco's CDP. Pure. */
import { blankCdp, parseCdp } from './cdp-tlvs.ts';
import { blankLldp, parseLldp } from './lldp-tlvs.ts';
import type { NeighbourFrame } from './neighbour-types.ts';
import { neighbourMac } from './tlv-text.ts';

const LLDP_TYPE = 0x88cc;
const TAG_TYPES = new Set([0x8100, 0x88a8]);
/** LLC and SNAP headers of CDP: organization 00-00-0c, protocol 2000. */
const CDP_HEADER = 'aaaa0300000c2000';

/** The MAC of the sender and what it says, or undefined for every other frame. Never throws. */
export function parseNeighbourFrame(frame: Buffer): { source: string; neighbour: NeighbourFrame } | undefined {
  const found = locate(frame);
  const neighbour = found && (found.isLldp ? parseLldp(found.data) : parseCdp(found.data));
  return neighbour && { source: neighbourMac(frame.subarray(6, 12)) ?? '', neighbour };
}

/** A copy without what says more than a place in the network; of another frame nothing is left. */
export function blankNeighbourFrame(frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  const found = locate(copy);
  if (found === undefined) copy.fill(0);
  else if (found.isLldp) blankLldp(found.data);
  else blankCdp(found.data);
  return copy;
}

/** Where the data of LLDP or CDP lie in a frame. Some switches send them in VLAN 0, which only gives a priority. */
function locate(frame: Buffer): { readonly isLldp: boolean; readonly data: Buffer } | undefined {
  if (frame.length < 16) return undefined;
  let at = 12;
  for (let tags = 0; tags < 2 && at + 6 <= frame.length && TAG_TYPES.has(frame.readUInt16BE(at)); tags++) at += 4;
  const type = frame.readUInt16BE(at);
  const data = frame.subarray(at + 2);
  if (type === LLDP_TYPE) return { isLldp: true, data };
  const isCdp = type <= 1500 && data.toString('hex', 0, 8) === CDP_HEADER;
  return isCdp ? { isLldp: false, data: data.subarray(8, type) } : undefined;
}
