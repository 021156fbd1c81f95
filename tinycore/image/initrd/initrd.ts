/** An initrd: one or more cpio archives, each compressed in its own way, with zeros between them, as the kernel reads it. */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { compressionAt, unpack, type ArchiveCompression } from './compress.ts';
import { readCpio } from './cpio.ts';
import type { Entry } from './entry.ts';

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

/** Reads an initrd in memory. Throws RAZOR_MK_ARCHIVE, with `name` and the byte where it went wrong. */
export async function readInitrd(bytes: Buffer, name = 'the initrd'): Promise<Initrd> {
  try {
    return await readSegments(bytes);
  } catch (error) {
    if (!(error instanceof RazorMkError)) throw error;
    throw new RazorMkError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}

async function readSegments(bytes: Buffer): Promise<Initrd> {
  const segments: ArchiveSegment[] = [];
  let offset = skipZeros(bytes, 0);
  while (offset < bytes.length) {
    const compression = compressionAt(bytes, offset);
    if (compression === undefined) {
      throw new RazorMkError('RAZOR_MK_ARCHIVE', `at byte ${offset} begins nothing that the kernel could unpack`);
    }
    const { data, used } = await unpack(bytes.subarray(offset), compression);
    const { entries, size } = readArchives(data, compression === 'none');
    const taken = compression === 'none' ? size : used;
    segments.push({ offset, size: taken, compression, unpackedSize: size, entries });
    offset = skipZeros(bytes, offset + taken);
  }
  if (segments.length === 0) throw new RazorMkError('RAZOR_MK_ARCHIVE', 'it is empty');
  return { segments, tree: treeOf(segments.flatMap((segment) => segment.entries)) };
}

/** One unpacked stream may hold several archives (gzip members are joined); a bare one ends where another kind begins. */
function readArchives(data: Buffer, bare: boolean): { entries: Entry[]; size: number } {
  const entries: Entry[] = [];
  let offset = 0;
  let end = 0;
  while (offset < data.length) {
    if (bare && compressionAt(data, offset) !== 'none') break;
    const archive = readCpio(data, offset);
    entries.push(...archive.entries);
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

/**
 * The content of a file of a tree, symlinks and hard links followed; undefined where there is none.
 */
export function readTree(tree: ReadonlyMap<string, Entry>, path: string): Buffer | undefined {
  const entry = tree.get(resolvePath(tree, path));
  if (entry?.type !== 'file') return undefined;
  const owner = entry.linkTo === undefined ? entry : tree.get(entry.linkTo);
  return owner === undefined ? undefined : Buffer.from(owner.data.buffer, owner.data.byteOffset, owner.data.byteLength);
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
    const target = Buffer.from(entry.data).toString();
    if (target.startsWith('/')) done = [];
    pending = [...target.split('/').filter((name) => name !== '' && name !== '.'), ...rest];
  }
  return done.join('/');
}

function skipZeros(bytes: Buffer, from: number): number {
  let offset = from;
  while (offset < bytes.length && bytes[offset] === 0) offset += 1;
  return offset;
}

/** Several segments as one file: each begins at a multiple of four bytes, where the kernel looks for a bare archive. */
export function joinSegments(segments: readonly Uint8Array[]): Buffer {
  return Buffer.concat(segments.flatMap((segment) => [segment, Buffer.alloc(-segment.length & 3)]));
}
