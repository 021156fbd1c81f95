/**
 * A FAT12 volume with a few files in its root, as every system reads it (Microsoft's FAT specification of 2005, long names too). The
 * same files give the same bytes.
 */

const SECTOR = 512;
/** Sectors of a cluster. */
const PER_CLUSTER = 4;
const CLUSTER = SECTOR * PER_CLUSTER;
/** Entries of 32 bytes. */
const ROOT_ENTRIES = 128;
const ROOT_SECTORS = (ROOT_ENTRIES * 32) / SECTOR;
/** With one more it would be a FAT16. */
const MOST_CLUSTERS = 4084;
const LEAST_CLUSTERS = 128;
const END_OF_CHAIN = 0xfff;
const [LABEL, ARCHIVE, LONG_NAME] = [0x08, 0x20, 0x0f];

/** Bytes that fit into one volume. */
const CAPACITY = MOST_CLUSTERS * CLUSTER;

/** The volume. `label` has at most 11 characters, names are of letters, digits, `-` and `.`. Throws for more than fits. */
export function fatVolume(label: string, files: ReadonlyMap<string, Buffer>): Buffer {
  const used = [...files.values()].reduce((sum, { length }) => sum + Math.ceil(length / CLUSTER), 0);
  if (used > MOST_CLUSTERS) throw new Error(`the files have more than ${CAPACITY} bytes`);
  const clusters = Math.max(LEAST_CLUSTERS, used);
  const fatSectors = Math.ceil(((clusters + 2) * 1.5) / SECTOR);
  const dataAt = (1 + 2 * fatSectors + ROOT_SECTORS) * SECTOR;
  const volume = Buffer.alloc(dataAt + clusters * CLUSTER);
  writeBootSector(volume, label, fatSectors);
  const fat = new Uint16Array(clusters + 2).fill(0);
  fat.set([0xff8, END_OF_CHAIN]);
  const entries = [shortEntry(Buffer.from(label.padEnd(11)), LABEL, 0, 0)];
  let free = 2;
  [...files].forEach(([name, content], index) => {
    const count = Math.ceil(content.length / CLUSTER);
    entries.push(...fileEntries(name, index + 1, count === 0 ? 0 : free, content.length));
    content.copy(volume, dataAt + (free - 2) * CLUSTER);
    for (let at = free; at < free + count; at++) fat[at] = at + 1 < free + count ? at + 1 : END_OF_CHAIN;
    free += count;
  });
  if (entries.length > ROOT_ENTRIES) throw new Error('too many files for one volume');
  const packed = packFat(fat, fatSectors * SECTOR);
  packed.copy(volume, SECTOR);
  packed.copy(volume, (1 + fatSectors) * SECTOR);
  Buffer.concat(entries).copy(volume, (1 + 2 * fatSectors) * SECTOR);
  return volume;
}

function writeBootSector(volume: Buffer, label: string, fatSectors: number): void {
  volume.set([0xeb, 0x3c, 0x90]);
  volume.write('RAZOR-MK', 3, 'latin1');
  volume.writeUInt16LE(SECTOR, 11);
  volume[13] = PER_CLUSTER;
  volume.writeUInt16LE(1, 14); // sectors before the first FAT
  volume[16] = 2;
  volume.writeUInt16LE(ROOT_ENTRIES, 17);
  volume.writeUInt16LE(volume.length / SECTOR, 19);
  volume[21] = 0xf8;
  volume.writeUInt16LE(fatSectors, 22);
  volume.writeUInt16LE(32, 24);
  volume.writeUInt16LE(64, 26);
  volume.set([0x80, 0, 0x29, 0x4f, 0x5a, 0x41, 0x52], 36);
  volume.write(label.padEnd(11), 43, 'latin1');
  volume.write('FAT12   ', 54, 'latin1');
  volume.set([0x55, 0xaa], 510);
}

/** Twelve bits each, two in three bytes. */
function packFat(fat: Uint16Array, bytes: number): Buffer {
  const packed = Buffer.alloc(bytes);
  fat.forEach((value, index) => {
    const at = Math.floor(index * 1.5);
    const word = packed.readUInt16LE(at);
    packed.writeUInt16LE(index % 2 === 0 ? (word & 0xf000) | value : (word & 0x000f) | (value << 4), at);
  });
  return packed;
}

function shortEntry(name: Buffer, attributes: number, cluster: number, size: number): Buffer {
  const entry = Buffer.alloc(32);
  name.copy(entry, 0, 0, 11);
  entry[11] = attributes;
  // 1980-01-01, the first day that there is
  for (const at of [16, 18, 24]) entry.writeUInt16LE(0x21, at);
  entry.writeUInt16LE(cluster, 26);
  entry.writeUInt32LE(size, 28);
  return entry;
}

/** The long name, last part first, and the short one behind it. */
function fileEntries(name: string, number: number, cluster: number, size: number): Buffer[] {
  const start = name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '')
    .slice(0, 6);
  const short = Buffer.from(`${start}~${number}`.padEnd(11));
  let sum = 0;
  for (const byte of short) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff;
  const parts: Buffer[] = [];
  for (let at = 0; at < name.length; at += 13) {
    const part = Buffer.alloc(32, 0xff);
    const last = at + 13 >= name.length;
    part[0] = (last ? 0x40 : 0) | (at / 13 + 1);
    part.set([LONG_NAME, 0, sum], 11);
    part.writeUInt16LE(0, 26);
    const codes = [...name.slice(at, at + 13)].map((char) => char.charCodeAt(0));
    // ended by a zero, where there is room for it
    if (codes.length < 13) codes.push(0);
    codes.forEach((code, index) => part.writeUInt16LE(code, PLACES[index] as number));
    parts.unshift(part);
  }
  return [...parts, shortEntry(short, ARCHIVE, cluster, size)];
}

/** Where the thirteen characters of a part are. */
const PLACES = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];
