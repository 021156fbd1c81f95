/** Network interfaces as /sys/class/net has them, with the addresses of Node's own list. */
import { oncePer } from '../../sources/recording.ts';
import type { OsAddress, Sources } from '../../sources/sources.ts';
import { byNumberedName } from '../format.ts';

const NET = '/sys/class/net';

export interface Nic {
  readonly name: string;
  readonly index: number;
  /** ARPHRD_*: 1 is Ethernet, 32 InfiniBand, 772 loopback. */
  readonly type: number;
  /** Lower case with colons; undefined where there is none, or only zeros. */
  readonly mac: string | undefined;
  /** The address from before a bond gave it another one. */
  readonly permanentMac: string | undefined;
  /** Of one with a device, addr_assign_type: 0 permanent, 1 random, 2 stolen, 3 set. */
  readonly macAssigned: number | undefined;
  readonly mtu: number | undefined;
  readonly up: boolean;
  /** It has a device under it: hardware, or a virtual machine's. */
  readonly hasDevice: boolean;
  /** A part of another card (SR-IOV virtual function). */
  readonly virtualFunction: boolean;
  readonly wireless: boolean;
  readonly bridge: boolean;
  readonly bond: boolean;
  readonly vlan: boolean;
  /** `wwan`, `wlan`, `vlan` …: the kernel's DEVTYPE. */
  readonly deviceType: string | undefined;
  /** Where it hangs in /sys/devices: the link of /sys/class/net; undefined in a tree without links. */
  readonly path: string | undefined;
  /** phys_port_name: `p0` of an uplink, `pf0vf3` of a representor (Documentation/networking/switchdev.rst). */
  readonly portName: string | undefined;
  readonly driver: string | undefined;
  readonly bondMaster: string | undefined;
  readonly addresses: readonly OsAddress[];
}

/** The agent's ears on a card (agent/network/neighbours/ear.ts), there for a minute: `rzlldp4`. They are no cards of the machine. */
export const LISTENER_PREFIX = 'rzlldp';
/** The one for router advertisements (agent/network/ipv6/advertised-dns.ts), there for some seconds: `rzra4`. */
export const ROUTER_LISTENER_PREFIX = 'rzra';

/** Whether an interface is such a listener. */
export function isListener(name: string): boolean {
  return name.startsWith(LISTENER_PREFIX) || name.startsWith(ROUTER_LISTENER_PREFIX);
}

/** Every interface, as ifconfig sorts them. At most 4,096. */
export const readNics = oncePer((sources): readonly Nic[] => {
  const { addresses } = sources.os();
  const names = sources.list(NET).filter((name) => name !== 'bonding_masters' && !isListener(name));
  return [...names]
    .sort(byNumberedName)
    .slice(0, 4096)
    .map((name) => readNic(sources, name, addresses[name] ?? []));
});

function readNic(sources: Sources, name: string, addresses: readonly OsAddress[]): Nic {
  const base = `${NET}/${name}`;
  const entries = new Set(sources.list(base));
  const uevent = sources.text(`${base}/uevent`) ?? '';
  const devtype = /^DEVTYPE=(.+)$/m.exec(uevent)?.[1];
  const flags = sources.int(`${base}/flags`) ?? 0;
  const hasDevice = entries.has('device');
  const driver = hasDevice ? sources.linkName(`${base}/device/driver`) : undefined;
  const master = entries.has('master') ? sources.linkName(`${base}/master`) : undefined;
  return {
    name,
    index: Number(/^IFINDEX=(\d{1,9})$/m.exec(uevent)?.[1] ?? sources.int(`${base}/ifindex`) ?? 0),
    type: sources.int(`${base}/type`) ?? 0,
    mac: macOf(sources.line(`${base}/address`)),
    permanentMac: permanentMac(sources, base, name, entries, master),
    macAssigned: hasDevice ? sources.int(`${base}/addr_assign_type`) : undefined,
    mtu: sources.int(`${base}/mtu`),
    up: (flags & 1) === 1,
    hasDevice,
    virtualFunction: hasDevice && sources.exists(`${base}/device/physfn`),
    wireless: entries.has('wireless') || entries.has('phy80211') || devtype === 'wlan',
    bridge: entries.has('bridge') || devtype === 'bridge',
    bond: entries.has('bonding') || devtype === 'bond',
    deviceType: devtype,
    path: hasDevice ? (sources.link(base) ?? sources.real(base)) : undefined,
    portName: hasDevice && driver !== 'virtio_net' ? sources.line(`${base}/phys_port_name`) : undefined,
    vlan: devtype === 'vlan' || (hasVlans(sources) && sources.exists(`/proc/net/vlan/${name}`)),
    driver,
    bondMaster: master,
    addresses,
  };
}

/** Whether the kernel's 802.1Q module is there. */
function hasVlans(sources: Sources): boolean {
  return sources.text('/proc/net/vlan/config') !== undefined;
}

/** Whether an interface hangs on USB. */
export function isUsb(nic: Nic): boolean {
  return /\/usb\d+\//.test(nic.path ?? '');
}

/** The USB ids of an interface's device, `046b:ffb0`, from the kernel's PRODUCT=46b/ffb0/100. */
export function usbIdOf(sources: Sources, nic: Nic): string | undefined {
  if (!nic.hasDevice) return undefined;
  const product = /^PRODUCT=([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/[0-9a-f]{1,4}$/im;
  const [, vendor, device] = product.exec(sources.text(`${NET}/${nic.name}/device/uevent`) ?? '') ?? [];
  if (vendor === undefined || device === undefined) return undefined;
  return `${vendor.padStart(4, '0')}:${device.padStart(4, '0')}`.toLowerCase();
}

/** A MAC or a longer hardware address, lower case; undefined for none and for zeros only. */
function macOf(text: string | undefined): string | undefined {
  const mac = text?.toLowerCase();
  if (mac === undefined || !/^[0-9a-f]{2}(:[0-9a-f]{2}){5,31}$/.test(mac) || /^[0:]+$/.test(mac)) return undefined;
  return mac;
}

/** From sysfs (Linux 3.14), else from /proc/net/bonding/MASTER (Documentation/networking/bonding.rst). */
function permanentMac(
  sources: Sources,
  base: string,
  name: string,
  entries: ReadonlySet<string>,
  master: string | undefined,
): string | undefined {
  const direct = entries.has('bonding_slave') ? macOf(sources.line(`${base}/bonding_slave/perm_hwaddr`)) : undefined;
  if (direct !== undefined || master === undefined) return direct;
  const text = sources.text(`/proc/net/bonding/${master}`);
  const block = text?.split(/^Slave Interface: /m).find((part) => part.split('\n', 1)[0]?.trim() === name);
  return macOf(/^Permanent HW addr: (\S+)/m.exec(block ?? '')?.[1]);
}
