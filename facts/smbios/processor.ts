/** SMBIOS types 4 and 7: processors and their caches. */
import { type Fields, nameFrom1 } from './fields.ts';
import { CACHE_ECC, CACHE_TYPES, PROCESSOR_TYPES } from './names.ts';

/** Type 4. */
export interface ProcessorInformation {
  readonly kind: 'processor';
  readonly socket: string | undefined;
  /** `Central Processor` … */
  readonly processorType: string | undefined;
  /** Family number (DSP0134 table 23). */
  readonly family: number | undefined;
  readonly manufacturer: string | undefined;
  /** The eight bytes of the processor id; on x86 CPUID leaf 1, EAX then EDX. */
  readonly id: Uint8Array | undefined;
  readonly version: string | undefined;
  /** MHz; undefined when unknown. */
  readonly externalClock: number | undefined;
  readonly maxSpeed: number | undefined;
  readonly currentSpeed: number | undefined;
  /** A processor is in the socket. */
  readonly populated: boolean;
  /** CPU status, the low three bits: 1 enabled, 2 disabled by the user, 3 by the firmware, 4 idle. */
  readonly status: number;
  /** Handles of the type 7 structures of L1, L2, L3; undefined when none. */
  readonly cacheHandles: readonly (number | undefined)[];
  readonly serialNumber: string | undefined;
  readonly assetTag: string | undefined;
  readonly partNumber: string | undefined;
  readonly coreCount: number | undefined;
  readonly coresEnabled: number | undefined;
  readonly threadCount: number | undefined;
  /** Offset 26h: bit 2 64-bit capable, bit 3 multi-core, bit 4 hardware thread … */
  readonly characteristics: number | undefined;
}

/** Fields of a type 4 structure; speeds in MHz. */
export function decodeProcessor(fields: Fields): ProcessorInformation {
  const status = fields.byte(0x18) ?? 0;
  const family = fields.byte(0x06);
  return {
    kind: 'processor',
    socket: fields.text(0x04),
    processorType: nameFrom1(PROCESSOR_TYPES, fields.byte(0x05)),
    family: family === 0xfe ? (fields.word(0x28) ?? family) : family,
    manufacturer: fields.text(0x07),
    id: fields.bytes(0x08, 8),
    version: fields.text(0x10),
    externalClock: fields.word(0x12) || undefined,
    maxSpeed: fields.word(0x14) || undefined,
    currentSpeed: fields.word(0x16) || undefined,
    populated: (status & 0x40) !== 0,
    status: status & 7,
    cacheHandles: [0x1a, 0x1c, 0x1e].map((offset) => handle(fields.word(offset))),
    serialNumber: fields.text(0x20),
    assetTag: fields.text(0x21),
    partNumber: fields.text(0x22),
    coreCount: count(fields.byte(0x23), fields.word(0x2a)),
    coresEnabled: count(fields.byte(0x24), fields.word(0x2c)),
    threadCount: count(fields.byte(0x25), fields.word(0x2e)),
    characteristics: fields.word(0x26),
  };
}

function handle(value: number | undefined): number | undefined {
  return value === 0xffff ? undefined : value;
}

/** A byte that says 255 has its real value in a word (7.5.6). 0 is unknown. */
function count(byte: number | undefined, word: number | undefined): number | undefined {
  return (byte === 0xff ? (word ?? byte) : byte) || undefined;
}

/** Type 7. */
export interface CacheInformation {
  readonly kind: 'cache';
  readonly designation: string | undefined;
  /** 1 for L1. */
  readonly level: number;
  readonly enabled: boolean;
  /** `Internal`, `External`, `Reserved`, `Unknown` */
  readonly location: string;
  /** `Write Through`, `Write Back`, `Varies With Memory Address`, `Unknown` */
  readonly mode: string;
  /** Bytes. */
  readonly maximumSize: number | undefined;
  readonly installedSize: number | undefined;
  /** SRAM type bits as installed (offset 0Dh). */
  readonly sramType: number;
  readonly errorCorrection: string | undefined;
  /** `Instruction`, `Data`, `Unified` … */
  readonly cacheType: string | undefined;
}

const LOCATIONS = ['Internal', 'External', 'Reserved', 'Unknown'];
const MODES = ['Write Through', 'Write Back', 'Varies With Memory Address', 'Unknown'];

/** Fields of a type 7 structure; sizes in bytes. */
export function decodeCache(fields: Fields): CacheInformation {
  const configuration = fields.word(0x05) ?? 0;
  return {
    kind: 'cache',
    designation: fields.text(0x04),
    level: (configuration & 7) + 1,
    enabled: (configuration & 0x80) !== 0,
    location: LOCATIONS[(configuration >> 5) & 3] ?? 'Unknown',
    mode: MODES[(configuration >> 8) & 3] ?? 'Unknown',
    maximumSize: cacheSize(fields.word(0x07), fields.dword(0x13)),
    installedSize: cacheSize(fields.word(0x09), fields.dword(0x17)),
    sramType: fields.word(0x0d) ?? 0,
    errorCorrection: nameFrom1(CACHE_ECC, fields.byte(0x10)),
    cacheType: nameFrom1(CACHE_TYPES, fields.byte(0x11)),
  };
}

/** Bit 15 (or 31) set: units of 64 KiB, otherwise of 1 KiB. 0xffff: the size is in the 32-bit field (3.1 and up). */
function cacheSize(word: number | undefined, dword: number | undefined): number | undefined {
  if (word === undefined) return undefined;
  if (word === 0xffff && dword !== undefined) {
    return (dword & 0x7fffffff) * (dword >>> 31 === 1 ? 64 : 1) * 1024;
  }
  return (word & 0x7fff) * ((word & 0x8000) === 0 ? 1 : 64) * 1024;
}
