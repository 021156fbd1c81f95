/** The machine's firmware record (DMI, SMBIOS) as the kernel decodes it, under Facter's names. */
import { oncePer } from '../sources/memory.ts';
import type { Group } from './group.ts';

const DMI = '/sys/class/dmi/id';

export interface Dmi {
  readonly present: boolean;
  /** By sysfs name: sys_vendor, product_name … Blank values are left out. */
  readonly fields: ReadonlyMap<string, string>;
  /** Sockets that hold a processor, from SMBIOS type 4; undefined without the table. */
  readonly processors:
    { readonly sockets: number; readonly cores: number | undefined; readonly source: string } | undefined;
}

const FIELDS = [
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
  const names = new Set(sources.list(DMI));
  const fields = new Map<string, string>();
  for (const name of FIELDS) {
    const value = names.has(name) ? sources.line(`${DMI}/${name}`) : undefined;
    if (value !== undefined) fields.set(name, value);
  }
  return { present: names.size > 0, fields, processors: undefined };
});

/** Facter's name for each field. */
const FACTS: readonly (readonly [string, (typeof FIELDS)[number]])[] = [
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
];

/** SMBIOS 3.7, 7.4.1: the chassis types, from 1. */
const CHASSIS_TYPES =
  'Other|Unknown|Desktop|Low Profile Desktop|Pizza Box|Mini Tower|Tower|Portable|Laptop|Notebook|Hand Held|Docking Station|All In One|Sub Notebook|Space-saving|Lunch Box|Main Server Chassis|Expansion Chassis|Sub Chassis|Bus Expansion Chassis|Peripheral Chassis|RAID Chassis|Rack Mount Chassis|Sealed-case PC|Multi-system|CompactPCI|AdvancedTCA|Blade|Blade Enclosing|Tablet|Convertible|Detachable|IoT Gateway|Embedded PC|Mini PC|Stick PC'.split(
    '|',
  );

/** The words for a chassis type number; bit 7 (a lock is present) is not part of it. */
export function chassisType(number: number | undefined): string | undefined {
  return number === undefined ? undefined : CHASSIS_TYPES[(number & 0x7f) - 1];
}

export const dmiGroup: Group = {
  name: 'dmi',
  collect({ sources, add }) {
    const { fields } = readDmi(sources);
    for (const [name, field] of FACTS) {
      const value = fields.get(field);
      add(name, field === 'product_uuid' ? value?.toLowerCase() : value, `${DMI}/${field}`);
    }
    add('type', chassisType(Number(fields.get('chassis_type') ?? NaN)), `${DMI}/chassis_type`, {
      raw: fields.get('chassis_type'),
    });
  },
};
