/** Reading the fields of one SMBIOS structure. A field that lies beyond the structure's length is undefined. */
import { type RawStructure } from './structure.ts';

/** What dmidecode prints for a string field that holds 0. */
const NOT_SPECIFIED = 'Not Specified';
/** What dmidecode prints for a string number that the structure does not have. */
const BAD_INDEX = '<BAD INDEX>';

export interface Fields {
  byte(offset: number): number | undefined;
  /** Little-endian 16 bits. */
  word(offset: number): number | undefined;
  /** Little-endian 32 bits, unsigned. */
  dword(offset: number): number | undefined;
  /** Little-endian 64 bits; exact up to 2^53. */
  qword(offset: number): number | undefined;
  /** The string that the byte at `offset` points to, as dmidecode prints it; undefined when there is no such field. */
  text(offset: number): string | undefined;
  bytes(offset: number, count: number): Uint8Array | undefined;
}

/** Readers of one structure's fields by offset from its start. Never throw. */
export function fieldsOf(structure: RawStructure): Fields {
  const { bytes, strings } = structure;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const has = (offset: number, count: number): boolean => offset + count <= bytes.length;
  return {
    byte: (offset) => bytes[offset],
    word: (offset) => (has(offset, 2) ? view.getUint16(offset, true) : undefined),
    dword: (offset) => (has(offset, 4) ? view.getUint32(offset, true) : undefined),
    qword: (offset) => (has(offset, 8) ? Number(view.getBigUint64(offset, true)) : undefined),
    text: (offset) => {
      const index = bytes[offset];
      if (index === undefined) return undefined;
      return index === 0 ? NOT_SPECIFIED : (strings[index - 1] ?? BAD_INDEX);
    },
    bytes: (offset, count) => (has(offset, count) ? bytes.subarray(offset, offset + count) : undefined),
  };
}

/**
 * A text field that says something: trimmed, and undefined for `Not Specified`, `<BAD INDEX>` and the empty string.
 * Vendors' fillers ("To Be Filled By O.E.M.") pass: whether they are junk depends on the use.
 */
export function specified(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === undefined || trimmed === '' || trimmed === NOT_SPECIFIED || trimmed === BAD_INDEX
    ? undefined
    : trimmed;
}

/** The name for a value counted from 1, as dmidecode prints it; `<OUT OF SPEC>` beyond the list. */
export function nameFrom1(names: readonly string[], value: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  return names[value - 1] ?? '<OUT OF SPEC>';
}

/** A PCI address in the kernel's form, `0000:04:00.0`; undefined when the structure says that there is none. */
export function pciAddress(segment: number | undefined, bus: number | undefined, slot: number | undefined) {
  if (segment === undefined || bus === undefined || slot === undefined) return undefined;
  if (segment === 0xffff && bus === 0xff && slot === 0xff) return undefined;
  const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0');
  return `${hex(segment, 4)}:${hex(bus, 2)}:${hex(slot >> 3, 2)}.${slot & 7}`;
}
