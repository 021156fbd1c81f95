/** Block devices: virtio, SCSI and ATA, NVMe. Where lshw asks the device, this reads what the kernel asked it before. */
import type { Sources } from '../../sources/sources.ts';
import {
  addCapability,
  addChild,
  configure,
  findByBusInfo,
  findHardwareNode,
  type HardwareNode,
  newNode,
} from '../lshw-node.ts';
import { readPartitionTable } from '../partition-table.ts';

const MOST_DISKS = 4096;

/** Sizes of a disk, and what its partition table says. `name` is the one of /sys/block. */
function describeDisk(node: HardwareNode, sources: Sources, name: string): void {
  // of a whole disk the same files as the other groups read
  const base = sources.list('/sys/block').includes(name) ? `/sys/block/${name}` : `/sys/class/block/${name}`;
  configure(node, 'sectorsize', sources.int(`${base}/queue/physical_block_size`));
  configure(node, 'logicalsectorsize', sources.int(`${base}/queue/logical_block_size`));
  // always in units of 512 bytes (Documentation/block/stat.rst)
  if (node.size === 0) node.size = (sources.int(`${base}/size`) ?? 0) * 512;
  if (node.size === 0) return;
  const table = readPartitionTable(sources, name);
  if (table === undefined) return;
  if (table.capability !== undefined) addCapability(node, table.capability);
  addCapability(node, 'partitioned');
  addCapability(node, `partitioned:${table.kind}`);
  configure(node, table.kind === 'gpt' ? 'guid' : 'signature', table.id);
}

/** Names in numerical order as they are in lists of lshw: sg0, sg1, sg10, sg2. */
function sortedList(sources: Sources, path: string): readonly string[] {
  return sources.list(path).slice(0, MOST_DISKS);
}

/** Devices of the virtio bus. Network ones are described by native-network.ts. */
export function addVirtio(root: HardwareNode, core: HardwareNode, sources: Sources): void {
  const base = '/sys/bus/virtio/devices';
  for (const name of sortedList(sources, base)) {
    const driver = sources.linkName(`${base}/${name}/driver`) ?? '';
    const hardwareClass = { virtio_net: 'network', virtio_blk: 'disk' }[driver] as 'network' | 'disk' | undefined;
    const node = newNode(name, hardwareClass ?? 'generic', {
      description: 'Virtual I/O device',
      busInfo: `virtio@${name.replace(/^virtio/, '')}`,
    });
    configure(node, 'driver', driver);
    const disk = driver === 'virtio_blk' ? sources.list(`${base}/${name}/block`).at(-1) : undefined;
    if (disk !== undefined) {
      node.logicalNames.push(`/dev/${disk}`);
      describeDisk(node, sources, disk);
      node.claimed = true;
    }
    const parent = findByBusInfo(root, busInfoAbove(sources, `${base}/${name}`));
    addChild(parent ?? core, node);
  }
}

/** The PCI address of the device that a path of /sys lies below: `pci@0000:00:02.0`, or empty. */
function busInfoAbove(sources: Sources, path: string): string {
  const match = /([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])\/[^/]+$/i.exec(sources.real(path) ?? '');
  return match?.[1] === undefined ? '' : `pci@${match[1]}`;
}

const SCSI_TYPES: Readonly<Record<number, readonly [id: string, description: string]>> = {
  0: ['disk', 'Disk'],
  1: ['tape', 'Tape'],
  3: ['processor', 'Processor'],
  4: ['cdrom', 'Write-Once Read-Only Memory'],
  5: ['cdrom', 'CD-ROM'],
  6: ['scanner', 'Scanner'],
  7: ['magnetooptical', 'Magneto-optical Disk'],
  8: ['changer', 'Medium Changer'],
  13: ['enclosure', 'Enclosure'],
  14: ['disk', 'Simplified direct-access device'],
  20: ['disk', 'Host managed zoned block device'],
};
const DISK_TYPES = new Set([0, 7, 14, 20]);

/** SCSI devices, ATA and USB disks among them, in the order of their generic devices where the kernel has these. */
export function addScsi(root: HardwareNode, core: HardwareNode, sources: Sources): void {
  const generic = sortedList(sources, '/sys/class/scsi_generic').map(
    (name) => `/sys/class/scsi_generic/${name}/device`,
  );
  const devices =
    generic.length > 0
      ? generic
      : sortedList(sources, '/sys/bus/scsi/devices')
          .filter((name) => /^\d+:\d+:\d+:\d+$/.test(name))
          .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
          .map((name) => `/sys/bus/scsi/devices/${name}`);
  for (const path of devices) {
    const real = sources.real(path);
    const address = /(\d+):(\d+):(\d+):(\d+)$/.exec(real ?? '');
    if (real === undefined || address === null) continue;
    const [host = 0, channel = 0, target = 0, lun = 0] = address.slice(1).map(Number);
    const node = scsiNode(sources, real);
    node.busInfo = `scsi@${host}:${channel}.${target}.${lun}`;
    node.physicalId = `${channel.toString(16)}.${target.toString(16)}.${lun.toString(16)}`;
    const controller = scsiController(root, core, real, host);
    addChild(controller, node);
  }
}

function scsiNode(sources: Sources, path: string): HardwareNode {
  const type = sources.int(`${path}/type`) ?? -1;
  const [id, words] = SCSI_TYPES[type] ?? ['generic', ''];
  const vendor = sources.line(`${path}/vendor`) ?? '';
  const node = newNode(
    id,
    id === 'tape' || id === 'processor' ? id : /disk|cdrom|magneto/.test(id) ? 'disk' : 'generic',
    {
      description: `${vendor === 'ATA' ? 'ATA' : 'SCSI'} ${words}`.trim(),
      vendor: vendor === 'ATA' ? '' : vendor,
      product: sources.line(`${path}/model`) ?? '',
      version: sources.line(`${path}/rev`) ?? '',
      serial: vitalSerial(sources.bytes(`${path}/vpd_pg80`, 4096)),
    },
  );
  // sysfs counts the standard's version from 1, INQUIRY from 0 (drivers/scsi/scsi_scan.c); 1 is used twice
  const level = sources.int(`${path}/scsi_level`) ?? 0;
  const version = (sources.bytes(`${path}/inquiry`, 256)?.[2] ?? (level > 2 ? level - 1 : level)) & 7;
  configure(node, 'ansiversion', version === 0 ? '' : version);
  const name = sources.list(`${path}/block`).at(-1);
  if (name !== undefined) {
    if (sources.line(`${path}/block/${name}/removable`) === '1') addCapability(node, 'removable');
    node.logicalNames.push(`/dev/${name}`);
    if (DISK_TYPES.has(type)) describeDisk(node, sources, name);
  }
  return node;
}

/** The unit serial number page (SPC-4, 7.8.18): four bytes of header, the last of them the length. */
function vitalSerial(page: Buffer | undefined): string {
  if (page === undefined || page.length < 4 || page[1] !== 0x80) return '';
  const text = page.subarray(4, 4 + (page[3] ?? 0)).toString('latin1');
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\uffff]/g, '').trim();
}

/** The node of the adapter: by the bus that its host hangs on, else by name, else one of its own. */
function scsiController(root: HardwareNode, core: HardwareNode, path: string, host: number): HardwareNode {
  const name = `scsi${host}`;
  const above = path
    .slice(0, path.search(/\/host\d+\//))
    .split('/')
    .slice(-2);
  const busInfo = adapterBusInfo(above);
  const node =
    findByBusInfo(root, busInfo) ??
    findHardwareNode(root, ({ logicalNames }) => logicalNames.includes(name)) ??
    addChild(core, newNode('scsi', 'storage', { busInfo }));
  node.claimed = true;
  if (!node.logicalNames.includes(name)) node.logicalNames.push(name);
  return node;
}

/** The host's device itself, or the one above it: there is a port between an ATA host and its PCI device. */
function adapterBusInfo(above: readonly string[]): string {
  for (const part of [...above].reverse()) {
    if (/^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$/i.test(part)) return `pci@${part}`;
    const virtio = /^virtio(\d+)$/.exec(part);
    if (virtio !== null) return `virtio@${virtio[1] ?? ''}`;
    const usb = /^(\d+)-(\d+(?:\.\d+)*):\d+\.\d+$/.exec(part);
    if (usb !== null) return `usb@${usb[1] ?? ''}:${usb[2] ?? ''}`;
  }
  return '';
}

/** NVMe controllers and whatever hangs below them, all of which lshw calls namespaces. */
export function addNvme(root: HardwareNode, sources: Sources): void {
  for (const name of sortedList(sources, '/sys/class/nvme')) {
    const base = `/sys/class/nvme/${name}`;
    const address = /([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])\/nvme\/[^/]+$/i.exec(
      sources.real(base) ?? '',
    )?.[1];
    const node =
      findByBusInfo(root, address === undefined ? '' : `pci@${address}`) ?? addChild(root, newNode(name, 'storage'));
    node.claimed = true;
    node.logicalNames.push(`/dev/${name}`);
    node.description = 'NVMe device';
    node.product = sources.line(`${base}/model`) ?? '';
    node.serial = sources.line(`${base}/serial`) ?? '';
    node.version = sources.line(`${base}/firmware_rev`) ?? '';
    configure(node, 'nqn', sources.line(`${base}/subsysnqn`));
    configure(node, 'state', sources.line(`${base}/state`));
    for (const part of sources.list(base).slice(0, MOST_DISKS)) {
      if (!sources.exists(`${base}/${part}/uevent`) || /^(device|subsystem|power)$/.test(part)) continue;
      addChild(node, namespaceNode(sources, base, part));
    }
  }
}

function namespaceNode(sources: Sources, base: string, name: string): HardwareNode {
  const match = /^nvme(\d+)n(\d+)$/.exec(name);
  const node = newNode('namespace', 'disk', {
    claimed: true,
    description: 'NVMe disk',
    busInfo: match === null ? '' : `nvme@${match[1] ?? ''}:${match[2] ?? ''}`,
    physicalId: sources.line(`${base}/${name}/nsid`) ?? '',
    // what has a device file is printed with it
    logicalNames: [sources.exists(`${base}/${name}/dev`) ? `/dev/${name}` : name],
  });
  configure(node, 'wwid', sources.line(`${base}/${name}/wwid`));
  if (match !== null) describeDisk(node, sources, name);
  return node;
}
