/**
 * SMBIOS (DMI) tables, decoded from /sys/firmware/dmi/tables/DMI without dmidecode (DMTF DSP0134, 3.7).
 *
 * String fields are as dmidecode prints them: `Not Specified` for an empty one, undefined where the structure is too
 * short to have it. `specified()` turns the fillers into undefined. Sizes are bytes, speeds MHz or MT/s.
 */
import {
  type BaseBoardInformation,
  type BiosInformation,
  type ChassisInformation,
  type SystemInformation,
} from './machine.ts';
import { decodeBios, decodeBoard, decodeChassis, decodeSystem } from './machine.ts';
import {
  type HostInterface,
  type IpmiDevice,
  type OemStrings,
  type OnboardDevice,
  type SystemSlot,
  type TpmDevice,
} from './devices.ts';
import { decodeHostInterface, decodeIpmi, decodeOemStrings, decodeOnboard, decodeSlot, decodeTpm } from './devices.ts';
import { DEFAULT_VERSION } from './entry-point.ts';
import { fieldsOf, type Fields } from './fields.ts';
import { decodeMemoryArray, decodeMemoryDevice, type MemoryArray, type MemoryDevice } from './memory-device.ts';
import { type CacheInformation, decodeCache, decodeProcessor, type ProcessorInformation } from './processor.ts';
import { type RawStructure, readTable } from './structure.ts';

export { smbiosVersion } from './entry-point.ts';
export { specified } from './fields.ts';
export type * from './devices.ts';
export type * from './machine.ts';
export type * from './memory-device.ts';
export type * from './processor.ts';

type Decoded =
  | BiosInformation
  | SystemInformation
  | BaseBoardInformation
  | ChassisInformation
  | ProcessorInformation
  | CacheInformation
  | SystemSlot
  | OemStrings
  | MemoryArray
  | MemoryDevice
  | IpmiDevice
  | OnboardDevice
  | HostInterface
  | TpmDevice
  | { readonly kind: 'other' };

/** One structure: its type and handle, and by `kind` the fields of the types that are decoded. */
export type SmbiosStructure = Decoded & { readonly type: number; readonly handle: number };

interface SmbiosTable {
  readonly structures: readonly SmbiosStructure[];
  /** In words, when the table is truncated or broken; what lies before that point is decoded. */
  readonly problem: string | undefined;
}

/**
 * Decodes a table (the bytes of /sys/firmware/dmi/tables/DMI). `version` as `smbiosVersion()` gives it, which decides
 * the byte order of the UUID. Never throws; an empty table has no structures.
 */
export function decodeSmbiosTable(table: Uint8Array, version: number = DEFAULT_VERSION): SmbiosTable {
  const { structures, problem } = readTable(table);
  return { structures: structures.map((raw) => decode(raw, version)), problem };
}

/** The structures alone. */
export function decodeSmbios(table: Uint8Array, version: number = DEFAULT_VERSION): SmbiosStructure[] {
  return [...decodeSmbiosTable(table, version).structures];
}

/** All structures of one kind, in table order. */
export function structuresOf<K extends SmbiosStructure['kind']>(
  structures: readonly SmbiosStructure[],
  kind: K,
): (SmbiosStructure & { readonly kind: K })[] {
  return structures.filter((structure): structure is SmbiosStructure & { readonly kind: K } => structure.kind === kind);
}

function decode(raw: RawStructure, version: number): SmbiosStructure {
  return { type: raw.type, handle: raw.handle, ...decodeFields(raw, fieldsOf(raw), version) };
}

function decodeFields(raw: RawStructure, fields: Fields, version: number): Decoded {
  switch (raw.type) {
    case 0:
      return decodeBios(fields);
    case 1:
      return decodeSystem(fields, version);
    case 2:
      return decodeBoard(fields);
    case 3:
      return decodeChassis(fields);
    case 4:
      return decodeProcessor(fields);
    case 7:
      return decodeCache(fields);
    case 9:
      return decodeSlot(fields);
    case 11:
      return decodeOemStrings(fields, raw);
    case 16:
      return decodeMemoryArray(fields);
    case 17:
      return decodeMemoryDevice(fields);
    case 38:
      return decodeIpmi(fields);
    case 41:
      return decodeOnboard(fields);
    case 42:
      return decodeHostInterface(fields);
    case 43:
      return decodeTpm(fields);
    default:
      return { kind: 'other' };
  }
}
