/**
 * cpio archives of the "newc" kind (magic 070701; 070702 with a checksum), the kind that the kernel unpacks as initramfs
 * (its Documentation/driver-api/early-userspace/buffer-format.rst). The writer gives the same bytes for the same entries.
 */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { entryInPlace, sizeOf, type Entry, type EntryType } from './entry.ts';
import { bytesInMemory, type StoredBytes } from './stored-bytes.ts';

const TRAILER = 'TRAILER!!!';
const HEADER = 110;
/** The kernel's limit (PATH_MAX) with its terminating zero. */
const NAME_LIMIT = 4096;

const FORMAT: Record<EntryType, number> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  char: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
  socket: 0o140000,
};
const TYPES = new Map(Object.entries(FORMAT).map(([type, bits]) => [bits, type as EntryType]));

interface CpioOptions {
  /** Seconds since 1970 that every entry gets; without it each entry's own. */
  readonly mtime?: number;
}

/**
 * Writes entries in the order given. Inodes are numbered from 1. Of hard links (`linkTo`) the last one carries the
 * content, as GNU cpio and bsdtar do. Throws RAZOR_MK_IMAGE_NAME for names that a cpio archive or the kernel cannot hold.
 */
export function writeCpio(entries: readonly Entry[], options: CpioOptions = {}): Buffer {
  const chunks: Buffer[] = [];
  let size = 0;
  const push = (bytes: Uint8Array): void => {
    chunks.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    size += bytes.byteLength;
    const pad = -size & 3;
    if (pad > 0) chunks.push(Buffer.alloc(pad));
    size += pad;
  };
  const groups = linkGroups(entries);
  const inodes = new Map<string, number>();
  let inode = 0;
  for (const entry of entries) {
    const group = groups.get(entry.linkTo ?? entry.path);
    const owner = group?.owner ?? entry;
    let number = inodes.get(owner.path);
    if (number === undefined) inodes.set(owner.path, (number = ++inode));
    const links = group?.members.length ?? (owner.type === 'directory' ? 2 : 1);
    const holdsData = group === undefined || group.members.at(-1) === entry.path;
    const data = holdsData ? owner.data : new Uint8Array(0);
    checkName(entry.path);
    const device = owner.type === 'char' || owner.type === 'block';
    push(
      header(entry.path, [
        number,
        FORMAT[owner.type] | (owner.mode & 0o7777),
        owner.uid,
        owner.gid,
        links,
        options.mtime ?? owner.mtime,
        data.length,
        0,
        0,
        device ? owner.major : 0,
        device ? owner.minor : 0,
      ]),
    );
    push(data);
  }
  push(header(TRAILER, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
  return Buffer.concat(chunks, size);
}

interface LinkGroup {
  readonly owner: Entry;
  readonly members: string[];
}

function linkGroups(entries: readonly Entry[]): Map<string, LinkGroup> {
  const groups = new Map<string, LinkGroup>();
  const owners = new Map(entries.filter((entry) => entry.linkTo === undefined).map((entry) => [entry.path, entry]));
  for (const entry of entries) {
    if (entry.linkTo === undefined || groups.has(entry.linkTo)) continue;
    const owner = owners.get(entry.linkTo);
    if (owner === undefined) {
      throw new RazorMkError(
        'RAZOR_MK_IMAGE_NAME',
        `hard link ${entry.path} leads to ${entry.linkTo}, which is not there`,
      );
    }
    groups.set(entry.linkTo, { owner, members: [] });
  }
  for (const entry of entries) groups.get(entry.linkTo ?? entry.path)?.members.push(entry.path);
  return groups;
}

function checkName(path: string): void {
  const parts = path.split('/');
  const bad =
    path === '' ||
    path === TRAILER ||
    path.includes('\0') ||
    Buffer.byteLength(path) >= NAME_LIMIT ||
    parts.some((part) => part === '' || part === '.' || part === '..');
  if (bad)
    throw new RazorMkError('RAZOR_MK_IMAGE_NAME', `${JSON.stringify(path)} cannot be the name of a file in an image`);
}

/** One header with its name; the caller pads. Fields: ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor. */
function header(name: string, fields: readonly number[]): Buffer {
  const bytes = Buffer.from(`${name}\0`);
  const numbers = [...fields, bytes.length, 0].map((value) =>
    (value >>> 0).toString(16).padStart(8, '0').toUpperCase(),
  );
  return Buffer.concat([Buffer.from(`070701${numbers.join('')}`), bytes]);
}

interface CpioContents {
  readonly entries: Entry[];
  /** Bytes read, with the trailer. */
  readonly end: number;
}

/** No microkernel comes near: Tiny Core's base has some 4,000 entries, with all drivers of Debian's kernel 8,000. */
const MOST_ENTRIES = 50_000;
const MOST_NAMES = 8 * 1024 * 1024;

/** How much all archives of one initrd may still hold. */
export interface CpioBudget {
  entries: number;
  /** Characters of names. */
  names: number;
}

/** For one initrd. */
export function cpioBudget(): CpioBudget {
  return { entries: MOST_ENTRIES, names: MOST_NAMES };
}

interface Found {
  readonly entry: Entry;
  /** Inode and device of a file that has more than one name. */
  readonly key: string | undefined;
}

/**
 * Reads one archive that begins at `start`. Hard links come back as `linkTo` the entry that holds the content.
 * Names are stripped of `./` and leading `/`. Throws RAZOR_MK_ARCHIVE where the archive is cut off or is no newc, and for `..`
 * in a name: parts of a tree become files here (depmodTables).
 */
export function readCpio(archive: Buffer | StoredBytes, start = 0, budget = cpioBudget()): CpioContents {
  const bytes = Buffer.isBuffer(archive) ? bytesInMemory(archive) : archive;
  const found: Found[] = [];
  let offset = start;
  for (;;) {
    const at = offset;
    const { field, name, dataAt, dataSize } = readHeader(bytes, at);
    offset = align(dataAt + dataSize);
    if (name === TRAILER) return { entries: resolveLinks(found), end: Math.min(offset, bytes.length) };
    const mode = field(1);
    const type = TYPES.get(mode & 0o170000);
    if (type === undefined) throw broken(at, `has ${name} of an unknown type (mode ${mode.toString(8)})`);
    const path = name.replace(/^(\.?\/+)+/, '').replace(/\/+$/, '');
    if (path === '' || path === '.') continue;
    if (path.split('/').includes('..')) throw broken(at, `has ${JSON.stringify(path)}, which leads out of it`);
    budget.entries -= 1;
    budget.names -= path.length;
    if (budget.entries < 0) throw broken(at, `has more than ${MOST_ENTRIES} entries`);
    if (budget.names < 0) throw broken(at, `has more than ${MOST_NAMES} bytes of names`);
    const common = { uid: field(2), gid: field(3), mtime: field(5), major: field(9), minor: field(10) };
    const key = type === 'file' && field(4) > 1 ? `${field(0)}.${field(7)}.${field(8)}` : undefined;
    const plain = { path, type, mode: mode & 0o7777, ...common };
    const entry = bytes.inMemory
      ? { ...plain, data: bytes.at(dataAt, dataSize) }
      : entryInPlace(plain, dataSize, () => bytes.at(dataAt, dataSize));
    found.push({ entry, key });
  }
}

interface Header {
  /** The number of a field, in the order of `header`. */
  readonly field: (index: number) => number;
  readonly name: string;
  readonly dataAt: number;
  readonly dataSize: number;
}

function readHeader(bytes: StoredBytes, at: number): Header {
  if (bytes.length - at < HEADER) throw broken(at, 'is cut off: no trailer');
  const head = bytes.at(at, HEADER).toString('latin1');
  const magic = head.slice(0, 6);
  if (magic !== '070701' && magic !== '070702') throw broken(at, `has ${JSON.stringify(magic)} where a header was due`);
  const field = (index: number): number => {
    const text = head.slice(6 + index * 8, 14 + index * 8);
    if (!/^[0-9a-fA-F]{8}$/.test(text)) throw broken(at, 'has a header with an invalid number');
    return Number.parseInt(text, 16);
  };
  const [nameSize, dataSize] = [field(11), field(6)];
  const dataAt = align(at + HEADER + nameSize);
  if (nameSize < 1 || nameSize > NAME_LIMIT || dataAt + dataSize > bytes.length)
    throw broken(at, 'is cut off inside an entry');
  return { field, name: bytes.at(at + HEADER, nameSize - 1).toString('utf8'), dataAt, dataSize };
}

function resolveLinks(found: readonly Found[]): Entry[] {
  const owners = new Map<string, Entry>();
  for (const { entry, key } of found) {
    if (key === undefined) continue;
    const owner = owners.get(key);
    if (owner === undefined || (sizeOf(owner) === 0 && sizeOf(entry) > 0)) owners.set(key, entry);
  }
  return found.map(({ entry, key }) => {
    const owner = key === undefined ? undefined : owners.get(key);
    return owner === undefined || owner === entry ? entry : { ...entry, size: 0, data: NOTHING, linkTo: owner.path };
  });
}

const NOTHING = new Uint8Array(0);

function align(offset: number): number {
  return Math.ceil(offset / 4) * 4;
}

function broken(offset: number, what: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_ARCHIVE', `the cpio archive ${what} (at byte ${offset})`);
}
