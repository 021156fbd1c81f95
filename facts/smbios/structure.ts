/**
 * The raw structures of an SMBIOS table (DMTF DSP0134, section 6.1): header, formatted area, string set.
 * Strict about lengths, so that a truncated or invented table can neither throw nor loop.
 */

/** Bytes that are looked at; real tables are well under 64 KiB. */
const TABLE_LIMIT = 1024 * 1024;
const HEADER_SIZE = 4;
const END_OF_TABLE = 127;

/** One structure as it lies in the table. */
export interface RawStructure {
  readonly type: number;
  readonly handle: number;
  /** The formatted area with its four bytes of header; offsets in the specification count from its start. */
  readonly bytes: Uint8Array;
  /** The string set; string N of the specification is at N - 1. Unprintable bytes are dots, as dmidecode prints them. */
  readonly strings: readonly string[];
}

interface RawTable {
  readonly structures: readonly RawStructure[];
  /** In words, where reading had to stop before the end of the table. */
  readonly problem: string | undefined;
}

/** Cuts a table into its structures. Stops at the end-of-table structure, and at the first broken one. Never throws. */
export function readTable(table: Uint8Array): RawTable {
  const structures: RawStructure[] = [];
  const end = Math.min(table.length, TABLE_LIMIT);
  let offset = 0;
  while (offset + HEADER_SIZE <= end) {
    const type = table[offset] ?? 0;
    const length = table[offset + 1] ?? 0;
    const handle = (table[offset + 2] ?? 0) | ((table[offset + 3] ?? 0) << 8);
    if (length < HEADER_SIZE) {
      return { structures, problem: `structure at offset ${offset} claims a length of ${length} bytes` };
    }
    const strings = readStrings(table, offset + length, end);
    if (strings === undefined) {
      return { structures, problem: `structure of type ${type} at offset ${offset} goes beyond the end of the table` };
    }
    structures.push({ type, handle, bytes: table.subarray(offset, offset + length), strings: strings.texts });
    if (type === END_OF_TABLE) break;
    offset = strings.next;
  }
  return { structures, problem: undefined };
}

/** The string set that starts at `start`, or undefined when its two closing zeros are not inside the table. */
function readStrings(table: Uint8Array, start: number, end: number): { texts: string[]; next: number } | undefined {
  const texts: string[] = [];
  let position = start;
  while (position < end) {
    const zero = table.indexOf(0, position);
    if (zero === -1 || zero >= end) return undefined;
    if (zero === position) {
      if (texts.length > 0) return { texts, next: zero + 1 };
      // a structure without strings ends in two zeros
      return zero + 1 < end && table[zero + 1] === 0 ? { texts, next: zero + 2 } : undefined;
    }
    texts.push(printable(table.subarray(position, zero)));
    position = zero + 1;
  }
  return undefined;
}

function printable(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte < 32 || byte > 126 ? '.' : String.fromCharCode(byte);
  return text;
}
