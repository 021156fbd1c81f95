/**
 * GUID partition tables (UEFI specification, 5.3): read and checked, fitted to a larger disk, given a further partition, and
 * written as patches. An image's table ends where the image ends; the copy at the end belongs to the end of the disk.
 */
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { RazorMkError } from '../../../platform/errors/errors.ts';

interface GptPartition {
  /** 1 for the first entry. */
  readonly number: number;
  /** Upper case: `C12A7328-F81F-11D2-BA4B-00A0C93EC93B` is an EFI system partition. */
  readonly type: string;
  readonly guid: string;
  readonly name: string;
  readonly firstSector: number;
  /** Inclusive. */
  readonly lastSector: number;
}

interface Gpt {
  readonly sectorBytes: number;
  readonly diskGuid: string;
  readonly firstUsable: number;
  readonly lastUsable: number;
  /** Sector of the copy of the header. */
  readonly backupSector: number;
  readonly entriesSector: number;
  readonly entryBytes: number;
  readonly partitions: readonly GptPartition[];
  /** The table of entries, whole. */
  readonly entries: Buffer;
  /** The header as it was read; fields that are not ours stay as they are. */
  readonly header: Buffer;
}

/** Bytes that belong at an offset of the disk. */
export interface Patch {
  readonly offset: number;
  readonly data: Buffer;
}

export const EFI_SYSTEM = 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B';
const LINUX_DATA = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';
const SIGNATURE = 'EFI PART';
const MEBIBYTE = 1024 * 1024;

function damaged(why: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', `the image's GUID partition table is damaged: ${why}`);
}

/**
 * The table in the first bytes of a disk, or undefined where there is none. Throws RAZOR_MK_DEPLOY_IMAGE for one whose
 * checksums or numbers are wrong, and for one whose entries are not within `head`.
 */
export function parseGpt(head: Uint8Array, sectorBytes = 512): Gpt | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const at = sectorBytes;
  if (bytes.length < at + 92 || bytes.toString('latin1', at, at + 8) !== SIGNATURE) return undefined;
  const size = bytes.readUInt32LE(at + 12);
  if (size < 92 || size > sectorBytes || at + size > bytes.length) throw damaged(`its header has ${size} bytes`);
  const header = Buffer.from(bytes.subarray(at, at + size));
  if (headerChecksum(header) !== header.readUInt32LE(16)) throw damaged('the checksum of its header is wrong');
  const sector = (offset: number): number => {
    const value = header.readBigUInt64LE(offset);
    if (value > BigInt(Number.MAX_SAFE_INTEGER) / BigInt(sectorBytes)) throw damaged('a sector is out of reach');
    return Number(value);
  };
  const entriesSector = sector(72);
  const count = header.readUInt32LE(80);
  const entryBytes = header.readUInt32LE(84);
  if (entryBytes < 128 || entryBytes > 4096 || entryBytes % 8 !== 0 || count < 1 || count > 1024) {
    throw damaged(`it has ${count} entries of ${entryBytes} bytes`);
  }
  const from = entriesSector * sectorBytes;
  const to = from + count * entryBytes;
  if (entriesSector < 2 || to > bytes.length) throw damaged('its entries are not where a table has them');
  const entries = Buffer.from(bytes.subarray(from, to));
  if (crc32(entries) !== header.readUInt32LE(88)) throw damaged('the checksum of its entries is wrong');
  return {
    sectorBytes,
    diskGuid: guidOf(header, 56),
    firstUsable: sector(40),
    lastUsable: sector(48),
    backupSector: sector(32),
    entriesSector,
    entryBytes,
    partitions: readEntries(entries, entryBytes),
    entries,
    header,
  };
}

function readEntries(entries: Buffer, entryBytes: number): GptPartition[] {
  const partitions: GptPartition[] = [];
  for (let at = 0; at + entryBytes <= entries.length; at += entryBytes) {
    if (entries.subarray(at, at + 16).every((byte) => byte === 0)) continue;
    partitions.push({
      number: at / entryBytes + 1,
      type: guidOf(entries, at),
      guid: guidOf(entries, at + 16),
      firstSector: Number(entries.readBigUInt64LE(at + 32)),
      lastSector: Number(entries.readBigUInt64LE(at + 40)),
      name: entries.toString('utf16le', at + 56, at + 128).replace(/\0.*$/s, ''),
    });
  }
  return partitions;
}

/** The table for a disk of so many bytes. Throws RAZOR_MK_DEPLOY_IMAGE where a partition would not fit on it. */
export function fitGpt(gpt: Gpt, diskBytes: number): Gpt {
  const backupSector = Math.floor(diskBytes / gpt.sectorBytes) - 1;
  const lastUsable = backupSector - entrySectors(gpt) - 1;
  const end = gpt.partitions.reduce((last, partition) => Math.max(last, partition.lastSector), gpt.firstUsable);
  if (end > lastUsable) {
    const needed = Math.ceil(((end + entrySectors(gpt) + 2) * gpt.sectorBytes) / MEBIBYTE);
    throw new RazorMkError(
      'RAZOR_MK_DEPLOY_IMAGE',
      `the image's partitions need a disk of ${needed} MiB, and it has ${Math.floor(diskBytes / MEBIBYTE)} MiB`,
    );
  }
  return { ...gpt, backupSector, lastUsable };
}

function entrySectors(gpt: Gpt): number {
  return Math.ceil(gpt.entries.length / gpt.sectorBytes);
}

/**
 * A further partition of `bytes` at the end of the disk, on a whole MiB. Throws RAZOR_MK_DEPLOY_IMAGE where there is no room
 * or no free entry.
 */
export function addToGpt(
  gpt: Gpt,
  wish: { readonly bytes: number; readonly name: string; readonly guid?: Buffer },
): { readonly gpt: Gpt; readonly partition: GptPartition } {
  const grain = MEBIBYTE / gpt.sectorBytes;
  const sectors = Math.ceil(wish.bytes / MEBIBYTE) * grain;
  const firstSector = Math.floor((gpt.lastUsable + 1 - sectors) / grain) * grain;
  const end = gpt.partitions.reduce((last, partition) => Math.max(last, partition.lastSector), gpt.firstUsable - 1);
  const room = gpt.entries.length / gpt.entryBytes;
  const used = new Set(gpt.partitions.map((partition) => partition.number));
  const number = Array.from({ length: room }, (_, index) => index + 1).find((each) => !used.has(each));
  if (firstSector <= end || number === undefined) {
    const why = number === undefined ? 'its table is full' : 'there is no room behind the image';
    throw new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', `no partition ${wish.name} of ${wish.bytes} bytes: ${why}`);
  }
  const entries = Buffer.from(gpt.entries);
  const at = (number - 1) * gpt.entryBytes;
  entries.fill(0, at, at + gpt.entryBytes);
  guidBytes(LINUX_DATA).copy(entries, at);
  (wish.guid ?? randomGuid()).copy(entries, at + 16);
  entries.writeBigUInt64LE(BigInt(firstSector), at + 32);
  entries.writeBigUInt64LE(BigInt(firstSector + sectors - 1), at + 40);
  entries.write(wish.name.slice(0, 36), at + 56, 'utf16le');
  const partitions = readEntries(entries, gpt.entryBytes);
  const partition = partitions.find((each) => each.number === number) as GptPartition;
  return { gpt: { ...gpt, entries, partitions }, partition };
}

/** What must be written for this table: header and entries at the beginning, and their copies at the end. */
export function gptPatches(gpt: Gpt): { readonly front: readonly Patch[]; readonly back: readonly Patch[] } {
  const backupEntries = gpt.backupSector - entrySectors(gpt);
  const at = (sector: number, data: Buffer): Patch => ({ offset: sector * gpt.sectorBytes, data });
  return {
    front: [at(1, header(gpt, 1, gpt.backupSector, gpt.entriesSector)), at(gpt.entriesSector, gpt.entries)],
    back: [at(backupEntries, gpt.entries), at(gpt.backupSector, header(gpt, gpt.backupSector, 1, backupEntries))],
  };
}

function header(gpt: Gpt, own: number, other: number, entriesSector: number): Buffer {
  const bytes = Buffer.from(gpt.header);
  bytes.writeBigUInt64LE(BigInt(own), 24);
  bytes.writeBigUInt64LE(BigInt(other), 32);
  bytes.writeBigUInt64LE(BigInt(gpt.lastUsable), 48);
  bytes.writeBigUInt64LE(BigInt(entriesSector), 72);
  bytes.writeUInt32LE(crc32(gpt.entries), 88);
  bytes.writeUInt32LE(headerChecksum(bytes), 16);
  return bytes;
}

/** Over the header with its own checksum as 0. */
function headerChecksum(bytes: Buffer): number {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(0, 16);
  return crc32(copy);
}

/** The first three groups of a GUID are little-endian (RFC 9562, 4.1 and UEFI's appendix A). */
function guidOf(bytes: Buffer, at: number): string {
  const hex = (from: number, to: number, reversed: boolean): string => {
    const part = Buffer.from(bytes.subarray(at + from, at + to));
    return (reversed ? part.reverse() : part).toString('hex');
  };
  const groups = [hex(0, 4, true), hex(4, 6, true), hex(6, 8, true), hex(8, 10, false), hex(10, 16, false)];
  return groups.join('-').toUpperCase();
}

function guidBytes(guid: string): Buffer {
  const plain = Buffer.from(guid.replaceAll('-', ''), 'hex');
  const turned = (from: number, to: number): Buffer => Buffer.from(plain.subarray(from, to)).reverse();
  return Buffer.concat([turned(0, 4), turned(4, 6), turned(6, 8), plain.subarray(8)]);
}

/** Version 4, variant 1. */
function randomGuid(): Buffer {
  const bytes = randomBytes(16);
  bytes[7] = ((bytes[7] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}
