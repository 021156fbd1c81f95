/** A file of an archive or image in memory: what a cpio entry holds, without inode numbers. */
export type EntryType = 'file' | 'directory' | 'symlink' | 'char' | 'block' | 'fifo' | 'socket';

export interface Entry {
  /** Relative, without `./` and without a leading `/`: `etc/init.d/rcS`. */
  readonly path: string;
  readonly type: EntryType;
  /** Permission bits with set-uid, set-gid and sticky: 0o755. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Content of a file, target of a symlink; empty for everything else. Read from the archive each time where `size` is given. */
  readonly data: Uint8Array;
  /** Bytes of `data`, where that is not in memory. */
  readonly size?: number;
  /** Numbers of a device node. */
  readonly major: number;
  readonly minor: number;
  /** This entry is the same file as the entry of that path (hard link). Only its path counts then. */
  readonly linkTo?: string;
}

const NOTHING = new Uint8Array(0);
const COMMON = { uid: 0, gid: 0, mtime: 0, data: NOTHING, major: 0, minor: 0 };

/** A regular file of root, at 1970; 0644 by default. */
export function fileEntry(path: string, data: string | Uint8Array, mode = 0o644): Entry {
  return { ...COMMON, path, type: 'file', mode, data: typeof data === 'string' ? Buffer.from(data) : data };
}

/** A directory of root, 0755 by default. */
export function directoryEntry(path: string, mode = 0o755): Entry {
  return { ...COMMON, path, type: 'directory', mode };
}

/** A symbolic link; `target` as the link has it. */
export function symlinkEntry(path: string, target: string): Entry {
  return { ...COMMON, path, type: 'symlink', mode: 0o777, data: Buffer.from(target) };
}

/** A device node; 0600 by default. */
export function deviceEntry(path: string, type: 'char' | 'block', major: number, minor: number, mode = 0o600): Entry {
  return { ...COMMON, path, type, mode, major, minor };
}

/** Links are shorter (PATH_MAX); what claims more is cut. */
const LONGEST_TARGET = 4096;

/** Target of a symlink entry. */
export function linkTarget(entry: Entry): string {
  return sizeOf(entry) > LONGEST_TARGET ? '' : Buffer.from(entry.data).toString();
}

/** Bytes of an entry's content; it is not read for that. */
export function sizeOf(entry: Entry): number {
  return entry.size ?? entry.data.length;
}

/** An entry of `size` bytes whose content stays where it is until somebody reads it. */
export function entryInPlace(plain: Omit<Entry, 'data'>, size: number, read: () => Uint8Array): Entry {
  const { path, type, mode, uid, gid, mtime, major, minor } = plain;
  return {
    path,
    type,
    mode,
    uid,
    gid,
    mtime,
    major,
    minor,
    size,
    get data() {
      return read();
    },
  };
}

/** The same entry at another place; its content is not read for that. */
export function movedTo(entry: Entry, path: string, content = entry): Entry {
  return entryInPlace({ ...attributesOf(entry), path }, sizeOf(content), () => content.data);
}

function attributesOf({ path, type, mode, uid, gid, mtime, major, minor }: Entry): Omit<Entry, 'data'> {
  return { path, type, mode, uid, gid, mtime, major, minor };
}

/** Entries in the order of their paths' bytes (a directory comes before what is in it), the later of two equal paths winning. */
export function sortEntries(entries: Iterable<Entry>): Entry[] {
  const byPath = new Map<string, Entry>();
  for (const entry of entries) byPath.set(entry.path, entry);
  return [...byPath.values()].sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

/** The directories above the entries that are not among them, as 0755 of root. `known` holds paths that exist already. */
export function parentsOf(entries: Iterable<Entry>, known: ReadonlySet<string> = new Set()): Entry[] {
  const have = new Set(known);
  const list = [...entries];
  for (const entry of list) have.add(entry.path);
  const missing: Entry[] = [];
  for (const entry of list) {
    const parts = entry.path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) {
      const path = parts.slice(0, depth).join('/');
      if (have.has(path)) continue;
      have.add(path);
      missing.push(directoryEntry(path));
    }
  }
  return missing;
}
