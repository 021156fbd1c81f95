/** An initrd: one or more cpio archives, each compressed in its own way, with zeros between them, as the kernel reads it. */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { compressionAt, unpack, type ArchiveCompression } from './compress.ts';
import { cpioBudget, readCpio, type CpioBudget } from './cpio.ts';
import { linkTarget, sizeOf, type Entry } from './entry.ts';
import { bytesFrom, bytesInMemory, type StoredBytes } from './stored-bytes.ts';

interface ArchiveSegment {
  /** Where in the file it begins, and how many bytes it takes there (without zeros behind it). */
  readonly offset: number;
  readonly size: number;
  readonly compression: ArchiveCompression;
  readonly unpackedSize: number;
  readonly entries: readonly Entry[];
}

export interface Initrd {
  readonly segments: readonly ArchiveSegment[];
  /** What the kernel has after unpacking all of it: later entries replace earlier ones. Keyed by path. */
  readonly tree: ReadonlyMap<string, Entry>;
}

/**
 * Reads an initrd. What it unpacks to may lie in a temporary file without a name for as long as its entries are used. Throws
 * RAZOR_MK_ARCHIVE, with `name` and the byte where it went wrong.
 */
export async function readInitrd(packed: Buffer | StoredBytes, name = 'the initrd'): Promise<Initrd> {
  try {
    return await readSegments(Buffer.isBuffer(packed) ? bytesInMemory(packed) : packed);
  } catch (error) {
    if (!(error instanceof RazorMkError)) throw error;
    throw new RazorMkError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}

const MOST_SEGMENTS = 1000;
/** Bytes of all segments that were compressed. */
const MOST_UNPACKED = 4 * 2 ** 30;

async function readSegments(bytes: StoredBytes): Promise<Initrd> {
  const segments: ArchiveSegment[] = [];
  const budget = cpioBudget();
  let unpacked = 0;
  let offset = skipZeros(bytes, 0);
  while (offset < bytes.length) {
    const compression = compressionAt(bytes, offset);
    if (compression === undefined) {
      throw new RazorMkError('RAZOR_MK_ARCHIVE', `at byte ${offset} begins nothing that the kernel could unpack`);
    }
    const { data, used } = await unpack(bytesFrom(bytes, offset), compression);
    const { entries, size } = readArchives(data, compression === 'none', budget);
    unpacked += compression === 'none' ? 0 : size;
    if (segments.length >= MOST_SEGMENTS || unpacked > MOST_UNPACKED) {
      throw new RazorMkError('RAZOR_MK_ARCHIVE', `at byte ${offset} begins more than any initrd of this field holds`);
    }
    const taken = compression === 'none' ? size : used;
    segments.push({ offset, size: taken, compression, unpackedSize: size, entries });
    offset = skipZeros(bytes, offset + taken);
  }
  if (segments.length === 0) throw new RazorMkError('RAZOR_MK_ARCHIVE', 'it is empty');
  return { segments, tree: treeOf(segments.flatMap((segment) => segment.entries)) };
}

/** One unpacked stream may hold several archives (gzip members are joined); a bare one ends where another kind begins. */
function readArchives(data: StoredBytes, bare: boolean, budget: CpioBudget): { entries: Entry[]; size: number } {
  const entries: Entry[] = [];
  let offset = 0;
  let end = 0;
  while (offset < data.length) {
    if (bare && compressionAt(data, offset) !== 'none') break;
    const archive = readCpio(data, offset, budget);
    for (const entry of archive.entries) entries.push(entry);
    end = archive.end;
    offset = skipZeros(data, end);
  }
  return { entries, size: bare ? end : data.length };
}

/** The tree that entries leave behind when they are unpacked in order. */
export function treeOf(entries: Iterable<Entry>): Map<string, Entry> {
  const tree = new Map<string, Entry>();
  for (const entry of entries) tree.set(entry.path, entry);
  return tree;
}

/** Lists, tables and scripts that are read whole. */
const LARGEST_TEXT = 4 * 1024 * 1024;
/** Programs and kernel modules. */
export const LARGEST_PROGRAM = 64 * 1024 * 1024;

/**
 * The content of a file of a tree, symlinks and hard links followed; undefined where there is none. Throws RAZOR_MK_ARCHIVE for
 * one of more than `limit` bytes, which is that of a text by default.
 */
export function readTree(
  tree: ReadonlyMap<string, Entry>,
  path: string,
  limit: number = LARGEST_TEXT,
): Buffer | undefined {
  const owner = fileOf(tree, path);
  if (owner === undefined) return undefined;
  if (sizeOf(owner) > limit) {
    throw new RazorMkError('RAZOR_MK_ARCHIVE', `${path} has ${sizeOf(owner)} bytes, more than ${limit}`);
  }
  const { data } = owner;
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/** The entry that holds the content of a file, symlinks and hard links followed; undefined where there is none. */
export function fileOf(tree: ReadonlyMap<string, Entry>, path: string): Entry | undefined {
  const entry = tree.get(resolvePath(tree, path));
  if (entry?.type !== 'file') return undefined;
  return entry.linkTo === undefined ? entry : tree.get(entry.linkTo);
}

/** Where a path really lies in a tree: symlinks on the way and at its end are followed (at most 40, then it stays as it is). */
export function resolvePath(tree: ReadonlyMap<string, Entry>, path: string, followLast = true): string {
  let pending = path.split('/').filter((part) => part !== '' && part !== '.');
  let done: string[] = [];
  for (let links = 0; pending.length > 0;) {
    const [part = '', ...rest] = pending;
    pending = rest;
    if (part === '..') {
      done.pop();
      continue;
    }
    const entry = tree.get([...done, part].join('/'));
    if (entry?.type !== 'symlink' || (rest.length === 0 && !followLast)) {
      done.push(part);
      continue;
    }
    if (++links > 40) return path;
    const target = linkTarget(entry);
    if (target.startsWith('/')) done = [];
    pending = [...target.split('/').filter((name) => name !== '' && name !== '.'), ...rest];
  }
  return done.join('/');
}

const ZEROS = Buffer.alloc(64 * 1024);

function skipZeros(bytes: StoredBytes, from: number): number {
  let offset = from;
  while (offset < bytes.length) {
    const piece = bytes.at(offset, ZEROS.length);
    if (piece.length === 0) break;
    if (piece.equals(ZEROS.subarray(0, piece.length))) {
      offset += piece.length;
      continue;
    }
    return offset + piece.findIndex((byte) => byte !== 0);
  }
  return bytes.length;
}

/** Several segments as one file: each begins at a multiple of four bytes, where the kernel looks for a bare archive. */
export function joinSegments(segments: readonly Uint8Array[]): Buffer {
  return Buffer.concat(segments.flatMap((segment) => [segment, Buffer.alloc(-segment.length & 3)]));
}
