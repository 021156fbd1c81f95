/** When a machine in virtual time did what, by the packets that QEMU's filter-dump wrote down. */

interface Packet {
  /** Virtual seconds since power-on. */
  readonly at: number;
  /** An Ethernet frame, or its beginning. */
  readonly frame: Buffer;
}

export interface VirtualMoments {
  /** Virtual seconds from power-on to the first question for an address, and to the first check-in. */
  readonly dhcp: number;
  readonly checkin: number;
}

/** The real-time clock of the machine at power-on: 2020-01-01 00:00:00 UTC, which filter-dump counts from. */
const POWER_ON_S = 1_577_836_800;
const FILE_HEADER = 24;
const PACKET_HEADER = 16;

/** The packets of a file of libpcap's classic form, in microseconds and little-endian, as filter-dump writes it. */
export function packetsOf(file: Buffer): Packet[] {
  const packets: Packet[] = [];
  for (let at = FILE_HEADER; at + PACKET_HEADER <= file.length;) {
    const [seconds, micros, length] = [file.readUInt32LE(at), file.readUInt32LE(at + 4), file.readUInt32LE(at + 8)];
    const start = at + PACKET_HEADER;
    packets.push({ at: seconds - POWER_ON_S + micros / 1e6, frame: file.subarray(start, start + length) });
    at = start + length;
  }
  return packets;
}

/** Throws where one of the two is not among them. */
export function virtualMoments(packets: readonly Packet[]): VirtualMoments {
  const first = (what: string, matches: (frame: Buffer) => boolean): number => {
    const packet = packets.find(({ frame }) => matches(frame));
    if (packet === undefined) throw new Error(`the machine has sent no ${what}`);
    return packet.at;
  };
  return { dhcp: first('DHCP question', isDhcp), checkin: first('check-in', (frame) => frame.includes('/checkin?')) };
}

/** IPv4, UDP, from port 68 to port 67. */
function isDhcp(frame: Buffer): boolean {
  if (frame.length < 42 || frame.readUInt16BE(12) !== 0x0800 || frame[23] !== 17) return false;
  const udp = 14 + ((frame[14] ?? 0) & 15) * 4;
  return frame.readUInt16BE(udp) === 68 && frame.readUInt16BE(udp + 2) === 67;
}
