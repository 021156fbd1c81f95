/** Network interfaces: what lshw asks the drivers by ioctl, as far as /sys says it. */
import { isListener } from '../../groups/network/nics.ts';
import type { Sources } from '../../sources/sources.ts';
import { linkModes } from '../link-modes.ts';
import {
  addCapability,
  addChild,
  configure,
  findByBusInfo,
  findHardwareNode,
  type HardwareNode,
  newNode,
} from '../lshw-node.ts';

const NET = '/sys/class/net';
const MOST_INTERFACES = 4096;

/** Hardware types of include/uapi/linux/if_arp.h under lshw's names. */
const TYPES: Readonly<Record<number, string>> = {
  1: 'Ethernet',
  24: 'IEEE1394',
  256: 'SLIP',
  264: 'IRDA',
  271: 'X25',
  512: 'PPP',
  768: 'IPtunnel',
  769: 'IP6tunnel',
  772: 'loopback',
  774: 'FDDI',
  776: 'IP6inIP4',
};
/** include/uapi/linux/if.h */
const FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [1, 'broadcast'],
  [2, 'debug'],
  [3, 'loopback'],
  [4, 'point-to-point'],
  [8, 'promiscuous'],
  [11, 'slave'],
  [10, 'master'],
  [12, 'multicast'],
];
/** Speeds that lshw knows, Mbit/s. */
const SPEEDS: Readonly<Record<number, string>> = {
  10: '10Mbit/s',
  100: '100Mbit/s',
  1000: '1Gbit/s',
  10000: '10Gbit/s',
};
/** Makers' prefixes of addresses that hosts of virtual machines give themselves. */
const HOST_SIDE = /^(00:05:69|00:0c:29|00:50:56|00:1c:42|0a:00:27)/;

/** Files that ask a driver, which may be slow: read with `prefetch` before `addNetwork`. */
export function slowNetworkFiles(sources: Sources): string[] {
  return interfaceNames(sources)
    .filter((name) => sources.list(`${NET}/${name}`).includes('device'))
    .flatMap((name) => ['speed', 'duplex', 'carrier'].map((file) => `${NET}/${name}/${file}`));
}

/** In the kernel's order, which is the one of /proc/net/dev. */
function interfaceNames(sources: Sources): string[] {
  const listed = [...(sources.text('/proc/net/dev') ?? '').matchAll(/^\s*([^\s:|]+):/gm)].flatMap(
    ([, name]) => name ?? [],
  );
  const names = listed.length > 0 ? listed : [...sources.list(NET)];
  return names.filter((name) => name !== 'bonding_masters' && !isListener(name)).slice(0, MOST_INTERFACES);
}

/** Describes the node of each interface's device, or adds one. */
export function addNetwork(root: HardwareNode, sources: Sources): void {
  for (const name of interfaceNames(sources)) {
    if (!sources.exists(`${NET}/${name}`)) continue;
    const node = interfaceNode(sources, name);
    const existing = findByBusInfo(root, node.busInfo);
    if (existing !== undefined && (existing.serial === '' || existing.serial === node.serial)) {
      merge(existing, node);
      if (node.description !== '') existing.description = node.description;
      continue;
    }
    const named = findHardwareNode(root, ({ logicalNames }) => logicalNames.includes(name));
    if (named !== undefined) merge(named, node);
    else if (!node.capabilities.includes('loopback') && !node.capabilities.includes('logical')) addChild(root, node);
  }
}

function interfaceNode(sources: Sources, name: string): HardwareNode {
  const base = `${NET}/${name}`;
  const real = sources.real(base) ?? '';
  const driver = sources.list(base).includes('device') ? sources.linkName(`${base}/device/driver`) : undefined;
  const type = sources.int(`${base}/type`) ?? 0;
  const node = newNode('network', 'network', { claimed: true, logicalNames: [name], busInfo: busInfoOf(real) });
  const address = firstAddress(sources, name);
  configure(node, 'ip', address);
  const flags = sources.int(`${base}/flags`) ?? 0;
  node.disabled = (flags & 1) === 0;
  for (const [bit, word] of FLAGS) if (((flags >> bit) & 1) === 1) configure(node, word, 'yes');
  const kind = TYPES[type] ?? '';
  if (kind !== '') addCapability(node, kind);
  addCapability(node, type >= 256 ? 'logical' : 'physical');
  node.description = `${kind} interface`.trim();
  node.serial = hardwareAddress(sources.line(`${base}/address`) ?? '', type);
  if (HOST_SIDE.test(node.serial)) addCapability(node, 'logical');
  if (sources.exists(`${base}/wireless`) || sources.exists(`${base}/phy80211`)) {
    addCapability(node, 'wireless');
    configure(node, 'wireless', 'IEEE 802.11');
    node.description = 'Wireless interface';
  }
  if (driver !== undefined) addDriver(node, sources, base, driver);
  if (real.includes('/devices/virtual/')) addCapability(node, 'logical');
  return node;
}

/** As many bytes as lshw prints for the type; nothing for an address of zeros. */
function hardwareAddress(text: string, type: number): string {
  const bytes = text.toLowerCase().split(':');
  if (bytes.length < 2 || bytes.every((byte) => byte === '00')) return '';
  return bytes.slice(0, type === 32 ? 20 : type === 1 ? 6 : 14).join(':');
}

/** The bus of the device that the interface belongs to: the last PCI, virtio or USB part of its path. */
function busInfoOf(real: string): string {
  const device = /\/([^/]+)\/net\/[^/]+$/.exec(real)?.[1] ?? '';
  if (/^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$/i.test(device)) return `pci@${device}`;
  const virtio = /^virtio(\d+)$/.exec(device);
  if (virtio !== null) return `virtio@${virtio[1] ?? ''}`;
  const usb = /^(\d+)-(\d+(?:\.\d+)*):\d+\.\d+$/.exec(device);
  return usb === null ? '' : `usb@${usb[1] ?? ''}:${usb[2] ?? ''}`;
}

/** Link state, speed and port: from sysfs where it says so, else what is fixed for the driver. */
function addDriver(node: HardwareNode, sources: Sources, base: string, driver: string): void {
  const carrier = sources.line(`${base}/carrier`);
  configure(node, 'link', carrier === '1' ? 'yes' : 'no');
  const modes = linkModes(driver);
  for (const name of modes.capabilities) addCapability(node, name);
  node.capacity = modes.capacity * 1_000_000;
  configure(node, 'port', modes.port);
  configure(node, 'autonegotiation', modes.autonegotiation ? 'on' : 'off');
  const speed = sources.int(`${base}/speed`) ?? -1;
  const words = SPEEDS[speed];
  if (words !== undefined) {
    configure(node, 'speed', words);
    node.size = speed * 1_000_000;
  }
  const duplex = sources.line(`${base}/duplex`);
  if (duplex === 'half' || duplex === 'full') configure(node, 'duplex', duplex);
  configure(node, 'driver', driver);
  const own = sources.line(`/sys/module/${driver}/version`);
  const version = own === undefined ? undefined : `${own}${modes.versionSuffix ?? ''}`;
  configure(node, 'driverversion', version ?? modes.version ?? kernelRelease(sources));
}

/** Drivers without a version of their own report the kernel's (net/ethtool/ioctl.c, since Linux 5.7). */
function kernelRelease(sources: Sources): string {
  return sources.os().release;
}

/** The first IPv4 address: of Node's list; on a recorded tree from the routes and local addresses of /proc/net. */
function firstAddress(sources: Sources, name: string): string | undefined {
  const listed = sources.os().addresses[name]?.find(({ family }) => family === 'IPv4');
  if (listed !== undefined || sources.kind !== 'tree') return listed?.address;
  const local = new Set(
    [...(sources.text('/proc/net/fib_trie') ?? '').matchAll(/\|-- (\S+)\n\s+\/32 host LOCAL/g)].map(
      ([, ip]) => ip ?? '',
    ),
  );
  for (const line of (sources.text('/proc/net/route') ?? '').split('\n').slice(1)) {
    const [device, destination = '', gateway, , , , , mask = ''] = line.trim().split(/\s+/);
    if (device !== name || gateway !== '00000000' || mask === '00000000') continue;
    const [net, bits] = [littleEndian(destination), littleEndian(mask)];
    const found = [...local].find((ip) => (numberOf(ip) & bits) >>> 0 === net);
    if (found !== undefined) return found;
  }
  return undefined;
}

function littleEndian(hex: string): number {
  return /^[0-9A-F]{8}$/i.test(hex) ? Buffer.from(hex, 'hex').readUInt32LE(0) : 0;
}

function numberOf(ip: string): number {
  return ip.split('.').reduce((value, part) => value * 256 + (Number(part) & 255), 0);
}

/** What the interface says fills what the device's node does not know; settings and capabilities are added. */
function merge(node: HardwareNode, from: HardwareNode): void {
  for (const key of ['vendor', 'product', 'version', 'serial', 'description', 'busInfo', 'physicalId'] as const) {
    if (node[key] === '') node[key] = from[key];
  }
  for (const key of ['size', 'capacity', 'clock', 'width'] as const) if (node[key] === 0) node[key] = from[key];
  if (node.hardwareClass === 'generic') node.hardwareClass = from.hardwareClass;
  node.disabled = from.disabled;
  node.claimed ||= from.claimed;
  for (const name of from.logicalNames) if (!node.logicalNames.includes(name)) node.logicalNames.push(name);
  for (const name of from.capabilities) addCapability(node, name);
  for (const [key, value] of from.configuration) configure(node, key, value);
}
