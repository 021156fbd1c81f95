/** SMBIOS types 16 and 17: memory arrays and their devices (slots). */
import { type Fields, nameFrom1 } from './fields.ts';
import {
  ARRAY_ECC,
  ARRAY_LOCATIONS,
  ARRAY_USES,
  MEMORY_FORM_FACTORS,
  MEMORY_TYPES,
  MEMORY_TYPE_DETAILS,
} from './names.ts';

/** Type 16. */
export interface MemoryArray {
  readonly kind: 'memoryArray';
  readonly location: string | undefined;
  readonly use: string | undefined;
  readonly errorCorrection: string | undefined;
  /** Bytes; undefined when unknown. */
  readonly maximumCapacity: number | undefined;
  readonly deviceCount: number | undefined;
}

/** Fields of a type 16 structure; sizes in bytes. */
export function decodeMemoryArray(fields: Fields): MemoryArray {
  const kib = fields.dword(0x07);
  return {
    kind: 'memoryArray',
    location: nameFrom1(ARRAY_LOCATIONS, fields.byte(0x04)),
    use: nameFrom1(ARRAY_USES, fields.byte(0x05)),
    errorCorrection: nameFrom1(ARRAY_ECC, fields.byte(0x06)),
    maximumCapacity: kib === undefined ? undefined : kib === 0x80000000 ? fields.qword(0x0f) : kib * 1024,
    deviceCount: fields.word(0x0d),
  };
}

/** Type 17. */
export interface MemoryDevice {
  readonly kind: 'memoryDevice';
  readonly arrayHandle: number | undefined;
  /** Bits, ECC included; undefined when unknown. */
  readonly totalWidth: number | undefined;
  /** Bits, ECC left out. */
  readonly dataWidth: number | undefined;
  /** Bytes; 0 for an empty slot, undefined when unknown. */
  readonly size: number | undefined;
  readonly formFactor: string | undefined;
  readonly locator: string | undefined;
  readonly bankLocator: string | undefined;
  /** `DDR4` … */
  readonly memoryType: string | undefined;
  /** `Synchronous`, `Registered (Buffered)` … */
  readonly typeDetail: readonly string[];
  /** MT/s; undefined when unknown. */
  readonly speed: number | undefined;
  readonly manufacturer: string | undefined;
  readonly serialNumber: string | undefined;
  readonly assetTag: string | undefined;
  readonly partNumber: string | undefined;
  readonly rank: number | undefined;
  /** MT/s that the memory runs at. */
  readonly configuredSpeed: number | undefined;
}

/** Fields of a type 17 structure; sizes in bytes, speeds in MT/s. */
export function decodeMemoryDevice(fields: Fields): MemoryDevice {
  const detail = fields.word(0x13) ?? 0;
  return {
    kind: 'memoryDevice',
    arrayHandle: fields.word(0x04),
    totalWidth: width(fields.word(0x08)),
    dataWidth: width(fields.word(0x0a)),
    size: deviceSize(fields.word(0x0c), fields.dword(0x1c)),
    formFactor: nameFrom1(MEMORY_FORM_FACTORS, fields.byte(0x0e)),
    locator: fields.text(0x10),
    bankLocator: fields.text(0x11),
    memoryType: nameFrom1(MEMORY_TYPES, fields.byte(0x12)),
    typeDetail: MEMORY_TYPE_DETAILS.filter((_, index) => (detail & (2 << index)) !== 0),
    speed: speed(fields.word(0x15), fields.dword(0x54)),
    manufacturer: fields.text(0x17),
    serialNumber: fields.text(0x18),
    assetTag: fields.text(0x19),
    partNumber: fields.text(0x1a),
    rank: (fields.byte(0x1b) ?? 0) & 0x0f || undefined,
    configuredSpeed: speed(fields.word(0x20), fields.dword(0x58)),
  };
}

function width(bits: number | undefined): number | undefined {
  return bits === undefined || bits === 0 || bits === 0xffff ? undefined : bits;
}

/** 0x7fff: MiB in the 32-bit field (2.7 and up); bit 15: KiB instead of MiB; 0xffff: unknown. */
function deviceSize(word: number | undefined, extended: number | undefined): number | undefined {
  if (word === undefined || word === 0xffff) return undefined;
  if (word === 0x7fff && extended !== undefined) return (extended & 0x7fffffff) * 1024 * 1024;
  return (word & 0x8000) === 0 ? word * 1024 * 1024 : (word & 0x7fff) * 1024;
}

function speed(word: number | undefined, extended: number | undefined): number | undefined {
  return (word === 0xffff ? extended : word) || undefined;
}
