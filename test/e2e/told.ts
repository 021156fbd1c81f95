/** The machine of scenario h: QEMU's arguments, and the facts that must come of them, from one table. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MIB = 1024 * 1024;
const UUID = '0b7a4c1e-53d2-4f7a-9c1d-2a6f8e0d4b11';
const SOCKETS = 2;
const CORES = 4;
export const MEMORY_MIB = 768;

interface ToldDisk {
  /** How the kernel's name of it begins; which sdX it becomes is the order in which drivers are ready. */
  readonly prefix: string;
  readonly mib: number;
  readonly serial: string;
  readonly transport: string;
  readonly model?: string;
  readonly rotational?: boolean;
  /** QEMU's arguments; the drive is `d` and the serial's place is given. */
  readonly device: (drive: string, serial: string) => readonly string[];
}

const DISKS: readonly ToldDisk[] = [
  {
    prefix: 'vd',
    mib: 96,
    serial: 'VBLK-7001',
    transport: 'virtio',
    device: (drive, serial) => ['-device', `virtio-blk-pci,drive=${drive},serial=${serial}`],
  },
  {
    prefix: 'sd',
    mib: 160,
    serial: 'SCSI-7002',
    transport: 'scsi',
    model: 'RAZOR DISK',
    device: (drive, serial) => [
      ...['-device', 'megasas,id=ctrl'],
      ...['-device', `scsi-hd,drive=${drive},bus=ctrl.0,serial=${serial},vendor=MAKER,product=RAZOR DISK`],
    ],
  },
  {
    prefix: 'sd',
    mib: 224,
    serial: 'SATA-7003',
    transport: 'sata',
    model: 'RAZOR SATA',
    rotational: true,
    device: (drive, serial) => [
      '-device',
      `ide-hd,drive=${drive},bus=ide.1,serial=${serial},model=RAZOR SATA,rotation_rate=7200`,
    ],
  },
  {
    prefix: 'nvme',
    mib: 288,
    serial: 'NVME-7004',
    transport: 'nvme',
    rotational: false,
    device: (drive, serial) => ['-device', `nvme,drive=${drive},serial=${serial}`],
  },
];

export const NIC = { mac: '52:54:00:00:48:01', model: 'e1000e' } as const;

const SMBIOS = {
  0: { vendor: 'Firmware House', version: 'FW-4.2', date: '03/04/2025' },
  1: {
    manufacturer: 'Maker of Machines',
    product: 'Model H',
    version: 'rev 8',
    serial: 'SYS-8001',
    uuid: UUID,
    sku: 'SKU-8',
    family: 'Scenarios',
  },
  2: { manufacturer: 'Maker of Boards', product: 'Board H', version: 'b2', serial: 'BRD-8002', asset: 'BA-8' },
  3: { manufacturer: 'Maker of Cases', version: 'c3', serial: 'CAS-8003', asset: 'RACK-7-U12' },
  4: { sock_pfx: 'SOCKET', manufacturer: 'Maker of Chips', version: 'Chip H 3.10GHz', serial: 'CPU-8004' },
  17: {
    loc_pfx: 'DIMM',
    bank: 'Bank',
    manufacturer: 'Maker of Memory',
    serial: 'MEM-8005',
    part: 'M-768',
    speed: 2933,
  },
} as const;

/** QEMU's arguments; the disks' files are made in `dir`. */
export function toldArgs(dir: string): string[] {
  const half = MEMORY_MIB / 2;
  const cpus = SOCKETS * CORES;
  return [
    ...['-smp', `${cpus},sockets=${SOCKETS},cores=${CORES},threads=1`],
    ...['-object', `memory-backend-ram,id=m0,size=${half}M`, '-object', `memory-backend-ram,id=m1,size=${half}M`],
    ...['-numa', `node,nodeid=0,cpus=0-${CORES - 1},memdev=m0`],
    ...['-numa', `node,nodeid=1,cpus=${CORES}-${cpus - 1},memdev=m1`],
    ...Object.entries(SMBIOS).flatMap(([type, fields]) => [
      '-smbios',
      [`type=${type}`, ...Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`)].join(','),
    ]),
    ...DISKS.flatMap((disk, index) => {
      const file = diskFile(dir, disk.transport);
      writeFileSync(file, '');
      truncateSync(file, disk.mib * MIB);
      const drive = `if=none,id=d${index},format=raw,file=${file}`;
      return ['-drive', drive, ...disk.device(`d${index}`, disk.serial)];
    }),
  ];
}

/** The file of the disk on this bus. */
export function diskFile(dir: string, transport: string): string {
  return join(dir, `${transport}.raw`);
}

type Wanted = string | RegExp | undefined;

/**
 * What each fact must be: a pattern where the kernel keeps some for itself, undefined for an absent fact. `facts` are only
 * asked for the name that the kernel gave to the disk of a serial number.
 */
export function toldFacts(facts: Readonly<Record<string, string>>, options: { tpm: boolean }): Record<string, Wanted> {
  const wanted: Record<string, Wanted> = {};
  for (const disk of DISKS) {
    const found = Object.keys(facts).find((name) => /^mk_disk_.+_serial$/.test(name) && facts[name] === disk.serial);
    const name = found?.slice('mk_disk_'.length, -'_serial'.length) ?? `${disk.prefix}_with_serial_${disk.serial}`;
    wanted[`mk_disk_${name}_serial`] = disk.serial;
    wanted[`blockdevice_${name}_size`] = String(disk.mib * MIB);
    wanted[`mk_disk_${name}_transport`] = disk.transport;
    if (!name.startsWith(disk.prefix)) wanted[`mk_disk_${disk.prefix}*_serial`] = disk.serial;
    if (disk.model !== undefined) wanted[`blockdevice_${name}_model`] = disk.model;
    if (disk.rotational !== undefined) wanted[`mk_disk_${name}_rotational`] = String(disk.rotational);
  }
  return {
    ...wanted,
    blockdevices: 'nvme0n1,sda,sdb,vda',
    mk_disk_count: String(DISKS.length),
    bios_vendor: SMBIOS[0].vendor,
    bios_version: SMBIOS[0].version,
    bios_release_date: SMBIOS[0].date,
    manufacturer: SMBIOS[1].manufacturer,
    productname: SMBIOS[1].product,
    serialnumber: SMBIOS[1].serial,
    uuid: UUID,
    boardmanufacturer: SMBIOS[2].manufacturer,
    boardproductname: SMBIOS[2].product,
    boardserialnumber: SMBIOS[2].serial,
    mk_hw_bus_vendor: SMBIOS[2].manufacturer,
    mk_hw_bus_serial: SMBIOS[2].serial,
    mk_asset_tag: SMBIOS[3].asset,
    mk_hw_cpu1_vendor: SMBIOS[4].manufacturer,
    mk_hw_cpu1_version: SMBIOS[4].version,
    mk_hw_cpu1_serial: SMBIOS[4].serial,
    mk_hw_cpu1_slot: /^SOCKET\s*1$/,
    mk_dimm_count: '1',
    mk_dimm0_size_mb: String(MEMORY_MIB),
    mk_dimm0_speed: String(SMBIOS[17].speed),
    mk_dimm0_part: SMBIOS[17].part,
    mk_dimm0_locator: /^DIMM\s*0$/,
    mk_hw_mem_size: `${MEMORY_MIB}MiB`,
    processorcount: String(SOCKETS * CORES),
    physicalprocessorcount: String(SOCKETS),
    mk_hw_cpu_count: String(SOCKETS),
    mk_hw_cpu1_configuration: new RegExp(`\\bcores=${CORES}\\b.*\\benabledcores=${CORES}\\b`),
    mk_kernel_cmdline: /\bmaxcpus=1\b/,
    mk_numa_node_count: '2',
    mk_numa_node0_cpus: `0-${CORES - 1}`,
    mk_numa_node1_cpus: `${CORES}-${2 * CORES - 1}`,
    mk_numa_node0_memory_mb: near(MEMORY_MIB / 2),
    mk_numa_node1_memory_mb: near(MEMORY_MIB / 2),
    mk_firmware_mode: 'bios',
    mk_tpm: options.tpm ? 'true' : /^false$/,
    mk_tpm_version: options.tpm ? /^2/ : undefined,
    mk_hw_nic_count: '1',
    macaddress_eth0: NIC.mac.toUpperCase(),
    mk_nic_eth0_driver: NIC.model,
    is_virtual: 'true',
  };
}

/** Within 20 % below: the kernel keeps page tables and its own code. */
function near(mib: number): RegExp {
  const values = Array.from({ length: Math.ceil(mib / 5) }, (_, index) => mib - index);
  return new RegExp(`^(${values.join('|')})$`);
}
