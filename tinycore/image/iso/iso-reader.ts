/**
 * Reads ISO 9660 images: their tree with Rock Ridge names (or Joliet's, or the plain ones in lower case, as Linux mounts
 * them), and their boot catalogue (El Torito). ECMA-119; IEEE P1282 draft for Rock Ridge; El Torito 1.0.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { RazorMkError, messageOf } from '../../../platform/errors/errors.ts';
import { bytesOfFile, type StoredBytes } from '../initrd/stored-bytes.ts';

const SECTOR = 2048;

interface IsoFile {
  readonly path: string;
  readonly size: number;
  /** First byte of the content in the image. */
  readonly offset: number;
}

interface BootEntry {
  readonly platform: 'bios' | 'efi' | 'other';
  readonly bootable: boolean;
  readonly offset: number;
  readonly sectors: number;
}

export interface IsoVolume {
  readonly id: string;
  readonly application: string;
  readonly preparer: string;
  readonly publisher: string;
  /** Bytes that the volume descriptor claims. */
  readonly size: number;
  readonly fileSize: number;
  readonly names: 'rock-ridge' | 'joliet' | 'plain';
  readonly files: ReadonlyMap<string, IsoFile>;
  readonly boot: readonly BootEntry[];
  /** What a firmware finds that starts it as a disk. */
  readonly disk: { readonly mbr: boolean; readonly gpt: boolean; readonly efiPartition: boolean };
}

interface IsoImage extends IsoVolume {
  /** The content of a file. Throws RAZOR_MK_ISO where the image ends before it, or where it is larger than `limit` bytes (1 GiB by default). */
  read(path: string, limit?: number): Buffer;
  /** The same, to be read in pieces until the image is closed. */
  open(path: string): StoredBytes;
  close(): void;
}

/** Opens an ISO image. Throws RAZOR_MK_ISO for what is none or is cut off, RAZOR_MK_FILE_UNREADABLE. */
export function openIso(file: string): IsoImage {
  let fd: number;
  let fileSize: number;
  try {
    fileSize = statSync(file).size;
    fd = openSync(file, 'r');
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
  const at = (offset: number, length: number): Buffer => {
    const buffer = Buffer.alloc(offset + length > fileSize ? 0 : length);
    if (buffer.length < length || readSync(fd, buffer, 0, length, offset) < length) {
      throw new RazorMkError(
        'RAZOR_MK_ISO',
        `${file} is cut off: it has ${fileSize} bytes, and byte ${offset + length} is needed`,
      );
    }
    return buffer;
  };
  try {
    const volume = readVolume(file, fileSize, at);
    const find = (path: string): IsoFile => {
      const entry = volume.files.get(path);
      if (entry === undefined) throw new RazorMkError('RAZOR_MK_ISO', `${file} has no ${path}`);
      if (entry.offset + entry.size > fileSize)
        throw new RazorMkError('RAZOR_MK_ISO', `${file} is cut off: it ends before ${path}`);
      return entry;
    };
    return {
      ...volume,
      read: (path, limit = LARGEST_READ) => {
        const { offset, size } = find(path);
        if (size > limit)
          throw new RazorMkError('RAZOR_MK_ISO', `${path} of ${file} has ${size} bytes, more than ${limit}`);
        return at(offset, size);
      },
      open: (path) => {
        const { offset, size } = find(path);
        return bytesOfFile(fd, offset, size);
      },
      close: () => closeSync(fd),
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** No installer comes near: Debian's first DVD has some 4,000 files. */
const MOST_FILES = 100_000;
const MOST_NAMES = 16 * 1024 * 1024;
const LARGEST_READ = 2 ** 30;
const LARGEST_DIRECTORY = 16 * 1024 * 1024;

type ReadAt = (offset: number, length: number) => Buffer;

function readVolume(file: string, fileSize: number, at: ReadAt): IsoVolume {
  let primary: Buffer | undefined;
  let joliet: Buffer | undefined;
  let catalogue: number | undefined;
  for (let sector = 16; sector < 64; sector++) {
    if ((sector + 1) * SECTOR > fileSize && primary === undefined) throw notIso(file);
    const descriptor = at(sector * SECTOR, SECTOR);
    if (descriptor.toString('latin1', 1, 6) !== 'CD001') {
      if (primary === undefined) throw notIso(file);
      break;
    }
    const kind = descriptor[0];
    if (kind === 1) primary ??= descriptor;
    if (kind === 2 && /^%\/[@CE]/.test(descriptor.toString('latin1', 88, 91))) joliet ??= descriptor;
    if (kind === 0 && descriptor.toString('latin1', 7, 30) === 'EL TORITO SPECIFICATION')
      catalogue = descriptor.readUInt32LE(71);
    if (kind === 255) break;
  }
  if (primary === undefined) throw notIso(file);
  const size = primary.readUInt32LE(80) * SECTOR;
  if (fileSize < size) {
    throw new RazorMkError('RAZOR_MK_ISO', `${file} is cut off: it should have ${size} bytes and has ${fileSize}`);
  }
  const plain = walk(at, primary, 'plain');
  const names = plain.rockRidge ? 'rock-ridge' : joliet === undefined ? 'plain' : 'joliet';
  const files = names === 'joliet' && joliet !== undefined ? walk(at, joliet, 'joliet').files : plain.files;
  const text = (from: number, to: number): string => (primary as Buffer).toString('latin1', from, to).trim();
  return {
    id: text(40, 72),
    publisher: text(318, 446),
    preparer: text(446, 574),
    application: text(574, 702),
    size,
    fileSize,
    names,
    files,
    boot: catalogue === undefined ? [] : readCatalogue(at(catalogue * SECTOR, SECTOR)),
    disk: readDisk(at(0, SECTOR)),
  };
}

function notIso(file: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_ISO', `${file} is not an ISO image`, {
    remedy: 'Give a Tiny Core ISO, or a directory with vmlinuz and core.gz, or --kernel and --initrd.',
  });
}

function walk(
  at: ReadAt,
  descriptor: Buffer,
  kind: 'plain' | 'joliet',
): { files: Map<string, IsoFile>; rockRidge: boolean } {
  const files = new Map<string, IsoFile>();
  let rockRidge = false;
  const seen = new Set<number>();
  let names = 0;
  const visit = (extent: number, length: number, prefix: string, depth: number): void => {
    if (depth > 32 || seen.has(extent)) return;
    seen.add(extent);
    if (length > LARGEST_DIRECTORY)
      throw new RazorMkError('RAZOR_MK_ISO', `the directory ${prefix} has ${length} bytes`);
    const data = at(extent * SECTOR, length);
    for (let offset = 0; offset < data.length;) {
      const size = data[offset] ?? 0;
      if (size === 0) {
        offset = (Math.floor(offset / SECTOR) + 1) * SECTOR; // records do not cross sectors
        continue;
      }
      const record = data.subarray(offset, offset + size);
      offset += size;
      if (size < 34) continue;
      const nameLength = record[32] ?? 0;
      const raw = record.subarray(33, 33 + nameLength);
      if (nameLength === 1 && (raw[0] === 0 || raw[0] === 1)) continue;
      const rock =
        kind === 'plain' ? rockRidgeName(record.subarray(33 + nameLength + ((nameLength + 1) & 1))) : undefined;
      if (rock !== undefined) rockRidge = true;
      const name = rock ?? plainName(raw, kind);
      const path = prefix === '' ? name : `${prefix}/${name}`;
      names += path.length;
      if (files.size >= MOST_FILES || names > MOST_NAMES || seen.size > MOST_FILES)
        throw new RazorMkError('RAZOR_MK_ISO', `it has more than ${MOST_FILES} files, or too long names`);
      const [where, bytes] = [record.readUInt32LE(2), record.readUInt32LE(10)];
      if (((record[25] ?? 0) & 2) !== 0) visit(where, bytes, path, depth + 1);
      else files.set(path, { path, size: bytes, offset: where * SECTOR });
    }
  };
  visit(descriptor.readUInt32LE(158), descriptor.readUInt32LE(166), '', 0);
  return { files, rockRidge };
}

function plainName(raw: Buffer, kind: 'plain' | 'joliet'): string {
  const name = kind === 'joliet' ? Buffer.from(raw).swap16().toString('utf16le') : raw.toString('latin1').toLowerCase();
  return name.replace(/;\d+$/, '').replace(/\.$/, '');
}

/** The NM entries of a record's system use area. */
function rockRidgeName(area: Buffer): string | undefined {
  let name: string | undefined;
  for (let offset = 0; offset + 4 <= area.length;) {
    const length = area[offset + 2] ?? 0;
    if (length < 4) break;
    if (area.toString('latin1', offset, offset + 2) === 'NM')
      name = (name ?? '') + area.toString('utf8', offset + 5, offset + length);
    offset += length;
  }
  return name;
}

function readCatalogue(sector: Buffer): BootEntry[] {
  const entries: BootEntry[] = [];
  const name = (id: number | undefined): BootEntry['platform'] => (id === 0 ? 'bios' : id === 0xef ? 'efi' : 'other');
  const add = (offset: number, platform: BootEntry['platform']): void => {
    const entry = sector.subarray(offset, offset + 32);
    entries.push({
      platform,
      bootable: entry[0] === 0x88,
      offset: entry.readUInt32LE(8) * SECTOR,
      sectors: entry.readUInt16LE(6),
    });
  };
  if (sector[0] !== 1 || sector[30] !== 0x55 || sector[31] !== 0xaa) return entries;
  add(32, name(sector[1]));
  for (let offset = 64; offset + 64 <= sector.length;) {
    const head = sector[offset];
    if (head !== 0x90 && head !== 0x91) break;
    const count = sector.readUInt16LE(offset + 2);
    for (let index = 0; index < count && offset + 64 + index * 32 <= sector.length; index++) {
      add(offset + 32 + index * 32, name(sector[offset + 1]));
    }
    if (head === 0x91) break;
    offset += 32 + count * 32;
  }
  return entries;
}

function readDisk(sector: Buffer): IsoVolume['disk'] {
  const signed = sector[510] === 0x55 && sector[511] === 0xaa;
  const types = [0, 1, 2, 3].map((index) => sector[446 + index * 16 + 4] ?? 0);
  const gpt = sector.toString('latin1', 512, 520) === 'EFI PART';
  return {
    mbr: signed && sector.subarray(0, 440).some((byte) => byte !== 0),
    gpt,
    efiPartition: signed && (types.includes(0xef) || gpt),
  };
}
