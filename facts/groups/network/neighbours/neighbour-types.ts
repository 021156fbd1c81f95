/** What is known of a device at the other end of a cable. Types only. */

/** What an id is: a MAC or network address, an interface's name or alias, … `local` is whatever the device's maker chose. */
interface NeighbourId {
  readonly kind: 'mac' | 'address' | 'name' | 'alias' | 'component' | 'circuit' | 'local' | 'other';
  readonly text: string;
}

/** What one frame says. Texts are bounded and free of control characters. */
export interface NeighbourFrame {
  readonly protocol: 'lldp' | 'cdp';
  readonly chassis: NeighbourId | undefined;
  readonly port: NeighbourId | undefined;
  /** Seconds for which it counts. 0 takes back what was said before. */
  readonly ttl: number | undefined;
  readonly system: string | undefined;
  readonly systemDescription: string | undefined;
  readonly portDescription: string | undefined;
  /** The VLAN of untagged frames, 1 to 4094. */
  readonly vlan: number | undefined;
  /** Bytes. */
  readonly mtu: number | undefined;
  /** Where the device is managed, IPv4 and IPv6; at most eight. */
  readonly addresses: readonly string[];
  /** LLDP's TLVs as they came: type, and value in hexadecimal digits. Empty for CDP. */
  readonly tlvs: readonly (readonly [type: number, hex: string])[];
}

/** A neighbour of one card. */
export interface Neighbour extends NeighbourFrame {
  /** The card that it was heard on. */
  readonly interface: string;
  /** The MAC address that it sends from, lower case with colons; undefined where lldpd was asked. */
  readonly source: string | undefined;
  /** The file, or the program, that it is known of. */
  readonly from: string;
}
