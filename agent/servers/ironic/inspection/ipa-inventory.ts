/**
 * The inventory in ironic-python-agent's form, made of our facts. Numbers are JSON numbers (Metal3 decodes them in Go), what is
 * not known is null, and the disks' field names are the vocabulary of root device hints. Pure.
 */
import type { FactSet } from '../../../../facts/fact-types.ts';
import type { Inventory, InventoryInterface } from '../../../../facts/facts.ts';
import { bySize, notByDefault } from '../../../disks/choose-disk.ts';

type Disk = Inventory['disks'][number];

interface IpaInterface {
  readonly name: string;
  readonly mac_address: string;
  readonly lldp: readonly (readonly [type: number, hex: string])[] | null;
  readonly [more: string]: unknown;
}

interface IpaDisk {
  readonly name: string;
  readonly size: number;
  readonly [more: string]: unknown;
}

interface IpaInventory {
  readonly interfaces: readonly IpaInterface[];
  readonly disks: readonly IpaDisk[];
  readonly [more: string]: unknown;
}

/** The inventory of a gathering; `bootif` is BOOTIF as it stands on the kernel line. */
export function ipaInventory(set: FactSet, bootif: string | undefined): IpaInventory {
  const inventory = set.inventory?.();
  const fact = (name: string): string | null => set.facts.get(name)?.value ?? null;
  if (inventory === undefined) return { interfaces: [], disks: [] };
  const { cpu, memory, system, firmware } = inventory;
  const physical = memory.physical ?? memory.total;
  return {
    interfaces: interfacesOf(inventory, set).map((nic) => interfaceOf(nic)),
    cpu: {
      model_name: cpu.model ?? null,
      frequency: cpu.frequencyMhz === undefined ? null : cpu.frequencyMhz.toFixed(4),
      count: cpu.count,
      architecture: cpu.machine,
      flags: cpu.flags,
      socket_count: cpu.sockets,
    },
    disks: inventory.disks.filter((disk) => disk.unfit === undefined).map((disk) => diskOf(disk)),
    memory: { total: memory.total, physical_mb: Math.floor(physical / 2 ** 20) },
    bmc_address: fact('mk_bmc_address'),
    bmc_v6address: null,
    bmc_mac: fact('mk_bmc_mac')?.toLowerCase() ?? null,
    system_vendor: {
      product_name: system.product ?? '',
      serial_number: system.serial ?? '',
      manufacturer: system.manufacturer ?? '',
      firmware: {
        vendor: firmware.vendor ?? '',
        version: firmware.version ?? '',
        build_date: firmware.date ?? '',
      },
    },
    boot: { current_boot_mode: firmware.mode ?? 'bios', pxe_interface: bootif ?? null },
    hostname: inventory.hostname,
  };
}

/**
 * Hardware that could carry the node's network; what identifies the machine where there is no such hardware (containers).
 * A BMC's host interface, a modem or a FireWire card is none: Ironic finds two nodes by one address (metal3-docs#595).
 */
function interfacesOf(inventory: Inventory, set: FactSet): InventoryInterface[] {
  const carries = (nic: InventoryInterface): boolean =>
    nic.bootable ||
    nic.linkType === 32 ||
    (nic.linkType === 1 && nic.pciAddress !== undefined && nic.foreign === undefined);
  const hardware = inventory.interfaces.filter((nic) => macOf(nic) !== undefined && carries(nic));
  if (hardware.length > 0) return withoutBmcCards(hardware);
  const known = new Set(set.identity.interfaces.map(({ name }) => name));
  return inventory.interfaces.filter((nic) => macOf(nic) !== undefined && known.has(nic.name));
}

/** An InfiniBand port has 20 bytes, and is known by the Ethernet-like address that is made of its GUID. */
function macOf({ mac, permanentMac, linkType }: InventoryInterface): string | undefined {
  const bytes = mac?.split(':') ?? [];
  if (linkType !== 32) return permanentMac ?? mac;
  if (bytes.length !== 20) return undefined;
  const guid = bytes.slice(12);
  return [...guid.slice(0, 3), ...guid.slice(5)].join(':');
}

/**
 * In-band cards of BMCs have addresses that begin with fa: and are the same on other machines; ironic-python-agent leaves them out
 * (netutils.py, since 2026-06). Virtual machines of OpenStack have nothing else, and keep theirs.
 */
function withoutBmcCards(interfaces: readonly InventoryInterface[]): InventoryInterface[] {
  const others = interfaces.filter((nic) => !/^fa:/i.test(macOf(nic) ?? ''));
  return others.length > 0 ? others : [...interfaces];
}

function interfaceOf(nic: InventoryInterface): IpaInterface {
  const v4 = nic.addresses.find(({ family }) => family === 'IPv4')?.address;
  const v6 = nic.addresses.find(({ family, address }) => family === 'IPv6' && !/^fe[89ab]/i.test(address))?.address;
  return {
    name: nic.name,
    mac_address: (macOf(nic) ?? '').toLowerCase(),
    ipv4_address: v4 ?? null,
    ipv6_address: v6?.replace(/%.*$/, '') ?? null,
    has_carrier: nic.carrier ?? false,
    lldp: lldpOf(nic),
    vendor: hex(nic.vendorId),
    product: hex(nic.deviceId),
    client_id: clientId(nic),
    biosdevname: null,
    speed_mbps: nic.speedMbps ?? null,
    pci_address: nic.pciAddress ?? null,
    driver: nic.driver ?? null,
  };
}

/** DHCP's client identifier of an InfiniBand port (RFC 4390), with the GUID at its end. */
function clientId({ mac, linkType }: InventoryInterface): string | null {
  if (linkType !== 32 || mac === undefined) return null;
  return `ff:00:00:00:00:00:02:00:00:02:c9:00:${mac.split(':').slice(12).join(':')}`;
}

function hex(id: string | undefined): string | null {
  return id === undefined ? null : `0x${id}`;
}

function diskOf(disk: Disk): IpaDisk {
  return {
    name: `/dev/${disk.name.replaceAll('!', '/')}`,
    model: disk.model ?? '',
    size: disk.size,
    rotational: disk.rotational ?? false,
    wwn: disk.wwn ?? null,
    serial: disk.serial ?? null,
    vendor: disk.vendor ?? null,
    wwn_with_extension: disk.wwnWithExtension ?? null,
    wwn_vendor_extension: disk.wwnVendorExtension ?? null,
    hctl: disk.hctl ?? null,
    by_path: disk.byPath ?? null,
    logical_sectors: disk.logicalSector ?? null,
    physical_sectors: disk.physicalSector ?? null,
    tran: disk.transport ?? null,
  };
}

/** What would be deployed to without hints: the rule is the deployment's own (agent/disks/choose-disk.ts). */
export function rootDisk(disks: readonly Disk[]): IpaDisk | undefined {
  const [first] = disks
    .filter(({ unfit }) => unfit === undefined)
    .map((disk) => ({ disk, name: disk.name, sizeBytes: disk.size, removable: disk.removable }))
    .filter((each) => notByDefault(each) === undefined)
    .toSorted(bySize);
  return first && diskOf(first.disk);
}

/** The TLVs of LLDP as they came, by type and in hexadecimal digits; null where nobody listened or nobody spoke. */
export function lldpOf({ neighbours }: Pick<InventoryInterface, 'neighbours'>): IpaInterface['lldp'] {
  const [tlvs] = neighbours.filter((one) => one.protocol === 'lldp' && one.tlvs.length > 0).map((one) => one.tlvs);
  return tlvs ?? null;
}
