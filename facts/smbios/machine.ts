/** SMBIOS types 0 to 3: firmware, system, board, chassis. */
import { type Fields, nameFrom1 } from './fields.ts';
import { BOARD_TYPES, CHASSIS_TYPES } from './names.ts';

/** Type 0. */
export interface BiosInformation {
  readonly kind: 'bios';
  readonly vendor: string | undefined;
  readonly version: string | undefined;
  readonly releaseDate: string | undefined;
  /** Segment of the start address; 0 on machines without a BIOS (UEFI). */
  readonly startSegment: number | undefined;
  /** Bytes. */
  readonly romSize: number | undefined;
  /** The low 32 bits of the characteristics (offset 0Ah). */
  readonly characteristics: number;
  /** Extension bytes 1 and 2 (offsets 12h, 13h). */
  readonly extended: readonly [number, number];
  /** `2.3` */
  readonly biosRevision: string | undefined;
  /** Of the embedded controller. */
  readonly firmwareRevision: string | undefined;
}

/** Fields of a type 0 structure. */
export function decodeBios(fields: Fields): BiosInformation {
  return {
    kind: 'bios',
    vendor: fields.text(0x04),
    version: fields.text(0x05),
    releaseDate: fields.text(0x08),
    startSegment: fields.word(0x06),
    romSize: romSize(fields.byte(0x09), fields.word(0x18)),
    characteristics: fields.dword(0x0a) ?? 0,
    extended: [fields.byte(0x12) ?? 0, fields.byte(0x13) ?? 0],
    biosRevision: revision(fields.byte(0x14), fields.byte(0x15)),
    firmwareRevision: revision(fields.byte(0x16), fields.byte(0x17)),
  };
}

function romSize(code: number | undefined, extended: number | undefined): number | undefined {
  if (code === undefined) return undefined;
  if (code !== 0xff || extended === undefined) return (code + 1) * 64 * 1024;
  const unit = [1024 * 1024, 1024 * 1024 * 1024][extended >> 14];
  return unit === undefined ? undefined : (extended & 0x3fff) * unit;
}

function revision(major: number | undefined, minor: number | undefined): string | undefined {
  return major === undefined || minor === undefined || major === 0xff || minor === 0xff
    ? undefined
    : `${major}.${minor}`;
}

/** Type 1. */
export interface SystemInformation {
  readonly kind: 'system';
  readonly manufacturer: string | undefined;
  readonly productName: string | undefined;
  readonly version: string | undefined;
  readonly serialNumber: string | undefined;
  /** Lower case with dashes, or `Not Present`, `Not Settable`. */
  readonly uuid: string | undefined;
  readonly skuNumber: string | undefined;
  readonly family: string | undefined;
}

/** Fields of a type 1 structure; `version` (0x0302 for 3.2) decides the byte order of the UUID. */
export function decodeSystem(fields: Fields, version: number): SystemInformation {
  return {
    kind: 'system',
    manufacturer: fields.text(0x04),
    productName: fields.text(0x05),
    version: fields.text(0x06),
    serialNumber: fields.text(0x07),
    uuid: uuidText(fields.bytes(0x08, 16), version),
    skuNumber: fields.text(0x19),
    family: fields.text(0x1a),
  };
}

/** The first three groups are little-endian from SMBIOS 2.6 on (7.2.1). */
function uuidText(bytes: Uint8Array | undefined, version: number): string | undefined {
  if (bytes === undefined) return undefined;
  if (bytes.every((byte) => byte === 0xff)) return 'Not Present';
  if (bytes.every((byte) => byte === 0)) return 'Not Settable';
  const order =
    version >= 0x0206
      ? [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
      : [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
  const hex = order.map((index) => (bytes[index] ?? 0).toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Type 2. */
export interface BaseBoardInformation {
  readonly kind: 'board';
  readonly manufacturer: string | undefined;
  readonly productName: string | undefined;
  readonly version: string | undefined;
  readonly serialNumber: string | undefined;
  readonly assetTag: string | undefined;
  readonly location: string | undefined;
  readonly chassisHandle: number | undefined;
  /** `Motherboard`, `Server Blade` … */
  readonly boardType: string | undefined;
  /** Handles of the structures that are on this board; empty on most machines, where it is the only one. */
  readonly containedHandles: readonly number[];
}

/** Fields of a type 2 structure. */
export function decodeBoard(fields: Fields): BaseBoardInformation {
  return {
    kind: 'board',
    manufacturer: fields.text(0x04),
    productName: fields.text(0x05),
    version: fields.text(0x06),
    serialNumber: fields.text(0x07),
    assetTag: fields.text(0x08),
    location: fields.text(0x0a),
    chassisHandle: fields.word(0x0b),
    boardType: nameFrom1(BOARD_TYPES, fields.byte(0x0d)),
    containedHandles: Array.from({ length: fields.byte(0x0e) ?? 0 }).flatMap(
      (_, index) => fields.word(0x0f + 2 * index) ?? [],
    ),
  };
}

/** Type 3. */
export interface ChassisInformation {
  readonly kind: 'chassis';
  readonly manufacturer: string | undefined;
  /** `Rack Mount Chassis` … */
  readonly chassisType: string | undefined;
  /** The number behind `chassisType`, lock bit aside. */
  readonly chassisCode: number | undefined;
  readonly version: string | undefined;
  readonly serialNumber: string | undefined;
  readonly assetTag: string | undefined;
  /** Rack units; undefined when unspecified. */
  readonly heightUnits: number | undefined;
  readonly powerCords: number | undefined;
  readonly skuNumber: string | undefined;
}

/** Fields of a type 3 structure. */
export function decodeChassis(fields: Fields): ChassisInformation {
  const code = fields.byte(0x05);
  const elements = (fields.byte(0x13) ?? 0) * (fields.byte(0x14) ?? 0);
  return {
    kind: 'chassis',
    manufacturer: fields.text(0x04),
    chassisType: code === undefined ? undefined : nameFrom1(CHASSIS_TYPES, code & 0x7f),
    chassisCode: code === undefined ? undefined : code & 0x7f,
    version: fields.text(0x06),
    serialNumber: fields.text(0x07),
    assetTag: fields.text(0x08),
    heightUnits: fields.byte(0x11) || undefined,
    powerCords: fields.byte(0x12) || undefined,
    skuNumber: fields.text(0x15 + elements),
  };
}
