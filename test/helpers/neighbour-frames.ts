/**
 * Frames that a real lldpd 1.0.16 sent, as they came out of a macvtap device without its ten bytes in front: a switch
 * `switch-7.example.net` at 02:00:5e:10:00:01, managed at 192.0.2.7 and 2001:db8::7, with untagged frames in VLAN 120.
 */
import { NEIGHBOUR_DIR } from '../../facts/groups/network/neighbours/neighbours.ts';
import { writePcap } from '../../facts/groups/network/neighbours/pcap.ts';

export const LLDP_FRAME = Buffer.from(
  '0180c200000e02005e10000188cc02070402005e1000010416074769676162697445746865726e6574312f302f3132060200080a1473776974' +
    '63682d372e6578616d706c652e6e65740c0f546573742053776974636820312e300e04009c0080100c0501c000020702000000030010181102' +
    '20010db80000000000000000000000070200000003000803737730fe0900120f030100000000fe0900120f010080000036fe070012bb01003f' +
    '04fe130012bb07362e31382e34342d66632d76353935fe060080c20100780000',
  'hex',
);

/** What the same lldpd sends when it ends: a lifetime of 0. */
export const LLDP_FAREWELL = Buffer.from(
  '0180c200000e02005e10000188cc02070402005e1000010416074769676162697445746865726e6574312f302f3132060200000000',
  'hex',
);

export const CDP_FRAME = Buffer.from(
  '01000ccccccc02005e1000010060aaaa0300000c2000020895a9000100187377697463682d372e6578616d706c652e6e65740002001100000001' +
    '0101cc0004c000020700030007737730000400080000001000050013546573742053776974636820312e30000600094c696e7578',
  'hex',
);

/** Files of a machine whose agent heard frames on one card. */
export function heardOn(card: string, ...frames: readonly Buffer[]): Record<string, Buffer> {
  return { [`${NEIGHBOUR_DIR}/${card}.pcap`]: writePcap(frames.map((bytes) => ({ seconds: 1_800_000_000, bytes }))) };
}
