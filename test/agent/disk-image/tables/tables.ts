/** Disk images with partition tables, made here byte by byte, apart from the code under test. */
import { crc32 } from 'node:zlib';

export interface MadePartition {
  readonly type: string;
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

export const EFI = '28732ac11ff8d211ba4b00a0c93ec93b'; // as it lies on the disk
export const LINUX = 'af3dc60f838472478e793d69d8477de4';

/** A GPT image of so many 512-byte sectors, filled with a pattern outside of its tables. */
export function gptImage(sectors: number, partitions: readonly MadePartition[]): Buffer {
  const image = Buffer.alloc(sectors * 512);
  for (let sector = 34; sector < sectors - 33; sector++) image.fill(sector & 0xff, sector * 512, sector * 512 + 511);
  image.set([0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff], 446);
  image.writeUInt32LE(1, 454);
  image.writeUInt32LE(sectors - 1, 458);
  image.writeUInt16LE(0xaa55, 510);
  const entries = Buffer.alloc(128 * 128);
  partitions.forEach((partition, index) => {
    const at = index * 128;
    Buffer.from(partition.type, 'hex').copy(entries, at);
    Buffer.alloc(16, index + 1).copy(entries, at + 16);
    entries.writeBigUInt64LE(BigInt(partition.first), at + 32);
    entries.writeBigUInt64LE(BigInt(partition.last), at + 40);
    entries.write(partition.name, at + 56, 'utf16le');
  });
  const header = (own: number, other: number, table: number): Buffer => {
    const bytes = Buffer.alloc(92);
    bytes.write('EFI PART', 'latin1');
    bytes.writeUInt32LE(0x10000, 8);
    bytes.writeUInt32LE(92, 12);
    bytes.writeBigUInt64LE(BigInt(own), 24);
    bytes.writeBigUInt64LE(BigInt(other), 32);
    bytes.writeBigUInt64LE(34n, 40);
    bytes.writeBigUInt64LE(BigInt(sectors - 34), 48);
    Buffer.from('00112233445566778899aabbccddeeff', 'hex').copy(bytes, 56);
    bytes.writeBigUInt64LE(BigInt(table), 72);
    bytes.writeUInt32LE(128, 80);
    bytes.writeUInt32LE(128, 84);
    bytes.writeUInt32LE(crc32(entries), 88);
    bytes.writeUInt32LE(crc32(bytes), 16);
    return bytes;
  };
  header(1, sectors - 1, 2).copy(image, 512);
  entries.copy(image, 1024);
  entries.copy(image, (sectors - 33) * 512);
  header(sectors - 1, 1, sectors - 33).copy(image, (sectors - 1) * 512);
  return image;
}

/** An MBR image with one Linux partition from sector 2048. */
export function mbrImage(sectors: number): Buffer {
  const image = Buffer.alloc(sectors * 512, 0x5a);
  image.fill(0, 440, 510);
  image.writeUInt32LE(0xdeadbeef, 440);
  image.set([0x80, 0, 0, 0, 0x83, 0, 0, 0], 446);
  image.writeUInt32LE(2048, 454);
  image.writeUInt32LE(sectors - 2048, 458);
  image.writeUInt16LE(0xaa55, 510);
  return image;
}
