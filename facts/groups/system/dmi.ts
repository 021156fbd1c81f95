/**
 * The machine's firmware record (DMI, SMBIOS) under Facter's names, with the texts that dmidecode prints. The raw table is
 * decoded where it may be read; the kernel's own decoding in /sys/class/dmi/id stands in for it elsewhere.
 */
import { decodeSmbiosTable, type SmbiosStructure, smbiosVersion, structuresOf } from '../../smbios/smbios.ts';
import { oncePer } from '../../sources/recording.ts';
import type { Sources } from '../../sources/sources.ts';
import type { Group } from '../group.ts';

const DMI = '/sys/class/dmi/id';
const TABLE = '/sys/firmware/dmi/tables/DMI';
const ENTRY_POINT = '/sys/firmware/dmi/tables/smbios_entry_point';

interface DmiField {
  readonly value: string;
  readonly source: string;
}

interface Dmi {
  readonly present: boolean;
  /** By sysfs name: sys_vendor, product_name … `chassis_type` in words. Absent and blank ones are left out. */
  readonly fields: ReadonlyMap<string, DmiField>;
  /** All structures of the raw table; empty without it. */
  readonly structures: readonly SmbiosStructure[];
  readonly problem: string | undefined;
  /** Sockets that hold a processor, from SMBIOS type 4; undefined without the table. */
  readonly processors:
    { readonly sockets: number; readonly cores: number | undefined; readonly source: string } | undefined;
}

const SYSFS_FIELDS = [
  'sys_vendor',
  'product_name',
  'product_version',
  'product_serial',
  'product_uuid',
  'product_family',
  'product_sku',
  'board_vendor',
  'board_name',
  'board_version',
  'board_serial',
  'board_asset_tag',
  'bios_vendor',
  'bios_version',
  'bios_date',
  'bios_release',
  'chassis_type',
  'chassis_vendor',
  'chassis_serial',
  'chassis_asset_tag',
  'chassis_version',
] as const;

export const readDmi = oncePer((sources): Dmi => {
  const bytes = sources.bytes(TABLE);
  if (bytes === undefined || bytes.length < 4)
    return { ...fromSysfs(sources), structures: [], problem: undefined, processors: undefined };
  const version = smbiosVersion(sources.bytes(ENTRY_POINT) ?? Buffer.alloc(0));
  const { structures, problem } = decodeSmbiosTable(bytes, version);
  return { present: true, fields: fromTable(structures), structures, problem, processors: sockets(structures) };
});

function fromSysfs(sources: Sources): Pick<Dmi, 'present' | 'fields'> {
  const names = new Set(sources.list(DMI));
  const fields = new Map<string, DmiField>();
  for (const name of SYSFS_FIELDS) {
    const line = names.has(name) ? sources.line(`${DMI}/${name}`) : undefined;
    const value = name === 'chassis_type' ? chassisType(Number(line ?? NaN)) : line;
    if (value !== undefined) fields.set(name, { value, source: `${DMI}/${name}` });
  }
  return { present: names.size > 0, fields };
}

/** The first structure of each kind is the machine's own, as dmidecode's readers take it. */
function fromTable(structures: readonly SmbiosStructure[]): Map<string, DmiField> {
  const [bios] = structuresOf(structures, 'bios');
  const [system] = structuresOf(structures, 'system');
  const [board] = structuresOf(structures, 'board');
  const [chassis] = structuresOf(structures, 'chassis');
  const values: Readonly<Record<(typeof SYSFS_FIELDS)[number], string | undefined>> = {
    sys_vendor: system?.manufacturer,
    product_name: system?.productName,
    product_version: system?.version,
    product_serial: system?.serialNumber,
    product_uuid: system?.uuid,
    product_family: system?.family,
    product_sku: system?.skuNumber,
    board_vendor: board?.manufacturer,
    board_name: board?.productName,
    board_version: board?.version,
    board_serial: board?.serialNumber,
    board_asset_tag: board?.assetTag,
    bios_vendor: bios?.vendor,
    bios_version: bios?.version,
    bios_date: bios?.releaseDate,
    bios_release: bios?.biosRevision,
    chassis_type: chassis?.chassisType,
    chassis_vendor: chassis?.manufacturer,
    chassis_serial: chassis?.serialNumber,
    chassis_asset_tag: chassis?.assetTag,
    chassis_version: chassis?.version,
  };
  const fields = new Map<string, DmiField>();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value.trim() !== '') fields.set(name, { value: value.trim(), source: TABLE });
  }
  return fields;
}

function sockets(structures: readonly SmbiosStructure[]): Dmi['processors'] {
  const populated = structuresOf(structures, 'processor').filter((one) => one.populated);
  if (populated.length === 0) return undefined;
  const cores = populated.reduce((sum, one) => sum + (one.coreCount ?? 0), 0);
  return { sockets: populated.length, cores: cores || undefined, source: TABLE };
}

/** Facter's name for each field. */
const FACTS: readonly (readonly [string, (typeof SYSFS_FIELDS)[number]])[] = [
  ['manufacturer', 'sys_vendor'],
  ['productname', 'product_name'],
  ['serialnumber', 'product_serial'],
  ['uuid', 'product_uuid'],
  ['boardmanufacturer', 'board_vendor'],
  ['boardproductname', 'board_name'],
  ['boardserialnumber', 'board_serial'],
  ['bios_vendor', 'bios_vendor'],
  ['bios_version', 'bios_version'],
  ['bios_release_date', 'bios_date'],
  ['type', 'chassis_type'],
  // not of Facter's: what people write on their machines
  ['mk_asset_tag', 'chassis_asset_tag'],
];

/** SMBIOS 3.7, 7.4.1: the chassis types, from 1. */
const CHASSIS_TYPES =
  'Other|Unknown|Desktop|Low Profile Desktop|Pizza Box|Mini Tower|Tower|Portable|Laptop|Notebook|Hand Held|Docking Station|All In One|Sub Notebook|Space-saving|Lunch Box|Main Server Chassis|Expansion Chassis|Sub Chassis|Bus Expansion Chassis|Peripheral Chassis|RAID Chassis|Rack Mount Chassis|Sealed-case PC|Multi-system|CompactPCI|AdvancedTCA|Blade|Blade Enclosing|Tablet|Convertible|Detachable|IoT Gateway|Embedded PC|Mini PC|Stick PC'.split(
    '|',
  );

/** The words for a chassis type number; bit 7 (a lock is present) is not part of it. */
export function chassisType(number: number): string | undefined {
  return Number.isInteger(number) ? CHASSIS_TYPES[(number & 0x7f) - 1] : undefined;
}

export const dmiGroup: Group = {
  name: 'dmi',
  collect({ sources, add }) {
    const { fields, problem } = readDmi(sources);
    for (const [name, key] of FACTS) {
      const field = fields.get(key);
      if (!field) continue;
      if (name === 'mk_asset_tag' && field.value === 'Not Specified') continue;
      const value = key === 'product_uuid' && field.value.includes('-') ? field.value.toLowerCase() : field.value;
      add(name, value, field.source, { raw: field.value });
    }
    if (problem !== undefined) throw new Error(`the SMBIOS table is damaged: ${problem}`);
  },
};
