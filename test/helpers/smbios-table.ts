/** Builds SMBIOS tables for tests, byte by byte (DSP0134), and the dump files that dmidecode --from-dump reads. */

/** One structure: bytes by offset (1, 2, 4 or 8 wide), strings by offset of the field that points to them. */
export interface StructureSpec {
  readonly type: number;
  readonly handle: number;
  readonly length: number;
  readonly bytes?: Readonly<Record<number, number>>;
  readonly words?: Readonly<Record<number, number>>;
  readonly dwords?: Readonly<Record<number, number>>;
  readonly qwords?: Readonly<Record<number, bigint>>;
  readonly texts?: Readonly<Record<number, string>>;
}

export function buildStructure(spec: StructureSpec): Buffer {
  const area = Buffer.alloc(spec.length);
  area.writeUInt8(spec.type, 0);
  area.writeUInt8(spec.length, 1);
  area.writeUInt16LE(spec.handle, 2);
  for (const [offset, value] of Object.entries(spec.bytes ?? {})) area.writeUInt8(value, Number(offset));
  for (const [offset, value] of Object.entries(spec.words ?? {})) area.writeUInt16LE(value, Number(offset));
  for (const [offset, value] of Object.entries(spec.dwords ?? {})) area.writeUInt32LE(value, Number(offset));
  for (const [offset, value] of Object.entries(spec.qwords ?? {})) area.writeBigUInt64LE(value, Number(offset));
  const strings: Buffer[] = [];
  for (const [offset, text] of Object.entries(spec.texts ?? {})) {
    strings.push(Buffer.from(`${text}\0`, 'latin1'));
    area.writeUInt8(strings.length, Number(offset));
  }
  return Buffer.concat([area, ...(strings.length > 0 ? strings : [Buffer.alloc(1)]), Buffer.alloc(1)]);
}

/** A whole table, closed by the end-of-table structure. */
export function buildTable(specs: readonly StructureSpec[]): Buffer {
  return Buffer.concat([...specs, { type: 127, handle: 0xfeff, length: 4 }].map(buildStructure));
}

/** A 64-bit entry point for a table of this many bytes that lies at 0x20, as in dmidecode's dump files. */
export function buildEntryPoint(tableLength: number, version = 0x0303): Buffer {
  const entry = Buffer.alloc(24);
  entry.write('_SM3_', 0, 'latin1');
  entry.writeUInt8(24, 6);
  entry.writeUInt8(version >> 8, 7);
  entry.writeUInt8(version & 0xff, 8);
  entry.writeUInt8(1, 10);
  entry.writeUInt32LE(tableLength, 12);
  entry.writeBigUInt64LE(0x20n, 16);
  const sum = entry.reduce((total, byte) => total + byte, 0);
  entry.writeUInt8((0x100 - (sum & 0xff)) & 0xff, 5);
  return entry;
}

export function buildDump(table: Buffer, version = 0x0303): Buffer {
  return Buffer.concat([buildEntryPoint(table.length, version), Buffer.alloc(8), table]);
}

/** A server with every decoded type. */
export const SERVER: readonly StructureSpec[] = [
  {
    type: 0,
    handle: 0,
    length: 26,
    texts: { 4: 'Example Firmware Ltd.', 5: 'F12 ', 8: '02/03/2024' },
    words: { 6: 0xe800, 0x18: 0x4002 },
    bytes: { 9: 0xff, 0x12: 3, 0x13: 0x0d, 0x14: 5, 0x15: 17, 0x16: 0xff, 0x17: 0xff },
    dwords: { 0x0a: 0x4bf99880 },
  },
  {
    type: 1,
    handle: 1,
    length: 27,
    texts: { 4: 'Example Corp', 5: 'Server 9000', 7: 'SN-0001', 0x19: 'SKU-1' },
    dwords: { 8: 0x33221100, 0x0c: 0x77665544, 0x10: 0xbbaa9988, 0x14: 0xffeeddcc },
    bytes: { 0x18: 6 },
  },
  {
    type: 2,
    handle: 2,
    length: 15,
    texts: { 4: 'Example Boards', 5: 'EB-1', 6: 'r\u00012', 7: 'B-7', 8: 'tag-b', 0x0a: 'Slot 3' },
    words: { 0x0b: 3 },
    bytes: { 9: 9, 0x0d: 10 },
  },
  {
    type: 3,
    handle: 3,
    length: 22,
    texts: { 4: 'Example Cases', 6: 'v2', 7: 'C-9', 8: 'asset-42', 0x15: 'SKU-C' },
    bytes: { 5: 0x97, 9: 3, 0x0a: 3, 0x0b: 3, 0x0c: 2, 0x11: 2, 0x12: 2 },
  },
  {
    type: 4,
    handle: 4,
    length: 48,
    texts: { 4: 'CPU0', 7: 'Intel', 0x10: 'Example CPU @ 2.40GHz', 0x20: 'S1', 0x21: 'A1', 0x22: 'P1' },
    bytes: { 5: 3, 6: 0xb3, 0x11: 0x8d, 0x18: 0x41, 0x19: 0x3d, 0x23: 0xff, 0x24: 0xff, 0x25: 0xff },
    words: {
      0x12: 100,
      0x14: 4000,
      0x16: 2400,
      0x1a: 7,
      0x1c: 8,
      0x1e: 0xffff,
      0x26: 0xfc,
      0x2a: 300,
      0x2c: 288,
      0x2e: 600,
    },
    dwords: { 8: 0x000306f2, 0x0c: 0xbfebfbff },
  },
  {
    type: 7,
    handle: 7,
    length: 27,
    texts: { 4: 'L1 Cache' },
    words: { 5: 0x0180, 7: 0x0200, 9: 0x0100, 0x0b: 0x20, 0x0d: 0x20 },
    bytes: { 0x0f: 1, 0x10: 4, 0x11: 5, 0x12: 7 },
    dwords: { 0x13: 512, 0x17: 256 },
  },
  {
    type: 7,
    handle: 8,
    length: 27,
    texts: { 4: 'L3 Cache' },
    words: { 5: 0x0182, 7: 0xffff, 9: 0xffff, 0x0b: 2, 0x0d: 2 },
    bytes: { 0x0f: 1, 0x10: 6, 0x11: 5, 0x12: 8 },
    dwords: { 0x13: 0x80010000, 0x17: 0x80008000 },
  },
  {
    type: 9,
    handle: 9,
    length: 17,
    texts: { 4: 'PCIe Slot 2' },
    bytes: { 5: 0xa5, 6: 0x0d, 7: 4, 8: 4, 0x0b: 4, 0x0c: 1, 0x0f: 0x41, 0x10: 0x0a },
    words: { 9: 2, 0x0d: 0 },
  },
  { type: 11, handle: 11, length: 5, texts: { 4: 'first string' } },
  {
    type: 16,
    handle: 16,
    length: 23,
    bytes: { 4: 3, 5: 3, 6: 6 },
    dwords: { 7: 0x80000000 },
    words: { 0x0b: 0xfffe, 0x0d: 2 },
    qwords: { 0x0f: 0x60000000000n },
  },
  {
    type: 17,
    handle: 17,
    length: 40,
    texts: {
      0x10: 'A1',
      0x11: 'Bank 0',
      0x17: 'Example Memory',
      0x18: '00ABCDEF',
      0x19: 'AT-1',
      0x1a: 'EM-32G-2933  ',
    },
    words: {
      4: 16,
      6: 0xfffe,
      8: 72,
      0x0a: 64,
      0x0c: 0x7fff,
      0x13: 0x2080,
      0x15: 2933,
      0x20: 2666,
      0x22: 1200,
      0x24: 1200,
      0x26: 1200,
    },
    bytes: { 0x0e: 9, 0x12: 26, 0x1b: 2 },
    dwords: { 0x1c: 65536 },
  },
  {
    type: 17,
    handle: 18,
    length: 40,
    texts: { 0x10: 'A2', 0x11: 'Bank 0' },
    words: { 4: 16, 6: 0xfffe, 8: 0xffff, 0x0a: 0xffff },
    bytes: { 0x0e: 9, 0x12: 2 },
  },
  {
    type: 38,
    handle: 38,
    length: 18,
    bytes: { 4: 1, 5: 0x20, 6: 0x20, 7: 0xff, 0x10: 0x00, 0x11: 0 },
    qwords: { 8: 0xca3n },
  },
  {
    type: 41,
    handle: 41,
    length: 11,
    texts: { 4: 'Onboard LAN' },
    bytes: { 5: 0x85, 6: 1, 9: 0x1a, 0x0a: 1 },
    words: { 7: 0 },
  },
  {
    type: 43,
    handle: 43,
    length: 31,
    texts: { 0x12: 'Example TPM' },
    bytes: { 4: 0x49, 5: 0x46, 6: 0x58, 7: 0, 8: 2, 9: 0 },
    dwords: { 0x0a: 0x00070055 },
  },
];
