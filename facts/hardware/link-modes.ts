/**
 * What network drivers report as their ports and link modes. Linux tells them by ioctl and netlink only, which plain
 * Node cannot ask; for drivers of copper cards with one answer it is written down here, under lshw's names.
 */

interface LinkModes {
  readonly capabilities: readonly string[];
  /** Mbit/s, 0 when unknown. */
  readonly capacity: number;
  readonly port: string | undefined;
  readonly autonegotiation: boolean;
  /** The driver's own version where the module does not show it. */
  readonly version?: string;
  /** What the driver appends to its module's version. */
  readonly versionSuffix?: string;
}

const FAST = ['10bt', '10bt-fd', '100bt', '100bt-fd'];
const GIGABIT: LinkModes = {
  capabilities: ['tp', ...FAST, '1000bt-fd', 'autonegotiation'],
  capacity: 1000,
  port: 'twisted pair',
  autonegotiation: true,
};
const GIGABIT_HALF: LinkModes = {
  ...GIGABIT,
  capabilities: ['tp', ...FAST, '1000bt', '1000bt-fd', 'autonegotiation'],
};
const MII: LinkModes = {
  capabilities: ['tp', 'mii', ...FAST, 'autonegotiation'],
  capacity: 100,
  port: 'MII',
  autonegotiation: true,
};
const UNKNOWN: LinkModes = { capabilities: [], capacity: 0, port: undefined, autonegotiation: false };

const BY_DRIVER: Readonly<Record<string, LinkModes>> = {
  e1000: GIGABIT,
  e1000e: GIGABIT,
  igb: GIGABIT,
  bnx2: GIGABIT,
  tg3: GIGABIT_HALF,
  '8139cp': MII,
  '8139too': MII,
  e100: MII,
  vmxnet3: {
    capabilities: ['tp', '1000bt-fd', '10000bt-fd'],
    capacity: 10_000,
    port: 'twisted pair',
    autonegotiation: false,
    versionSuffix: '-NAPI',
  },
  virtio_net: { ...UNKNOWN, version: '1.0.0' },
};

/** Nothing for a driver whose cards differ: sysfs still says speed, duplex and carrier. */
export function linkModes(driver: string): LinkModes {
  return BY_DRIVER[driver] ?? UNKNOWN;
}
