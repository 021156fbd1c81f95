/**
 * A tree of files that a vendor made, as the readers of this room see it: small pieces, by names in any case (an ISO without
 * Rock Ridge has capitals), and never by a link that leads out (platform/within.ts).
 */
import { open, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { readCapped } from '../../../platform/files.ts';
import { listWithin, within } from '../../../platform/within.ts';

/** Bytes of a text file that are read: the longest, .treeinfo of a RHEL DVD, has some 10 KiB. */
const TEXT_LIMIT = 256 * 1024;

/** What readers ask of a tree. Paths are relative, with `/`. */
export interface ImageTree {
  /** Where it is, for what people read. */
  readonly root: string;
  /** Name of the ISO's volume, empty for a directory. */
  readonly volume: string;
  /** The path as it is written in the tree; undefined where there is no such file or directory. */
  find(path: string): Promise<string | undefined>;
  /** The start of a text file; undefined where there is none. */
  text(path: string): Promise<string | undefined>;
  /** Names of a directory, sorted; none where there is no such directory. */
  names(path: string): Promise<readonly string[]>;
  /** Bytes of a file, fewer at its end; undefined where there is none. */
  bytes(path: string, from: number, length: number): Promise<Buffer | undefined>;
  /** A real path for a stream; undefined where there is no file. */
  file(path: string): Promise<string | undefined>;
}

/** The tree below a directory. */
export function openImageTree(root: string, volume = ''): ImageTree {
  const list = (path: string): readonly string[] => listWithin(root, path).map(({ name }) => name);
  const find = async (path: string): Promise<string | undefined> => {
    if ((await within(root, path)) !== undefined) return path;
    let found = '';
    for (const part of path.split('/')) {
      const name = list(found === '' ? '.' : found).find((each) => each.toLowerCase() === part.toLowerCase());
      if (name === undefined) return undefined;
      found = posix.join(found, name);
    }
    return found;
  };
  const file = async (path: string): Promise<string | undefined> => {
    const real = await within(root, (await find(path)) ?? path);
    return real !== undefined && (await stat(real)).isFile() ? real : undefined;
  };
  return {
    root,
    volume,
    find,
    file,
    async text(path) {
      const real = await file(path);
      return real === undefined ? undefined : (await readCapped(real, TEXT_LIMIT))?.toString();
    },
    names: async (path) => list((await find(path)) ?? path),
    async bytes(path, from, length) {
      const real = await file(path);
      if (real === undefined) return undefined;
      const handle = await open(real, 'r');
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, from);
        return buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
  };
}

/** The first of some paths that a tree has, as it is written there. */
export async function firstFound(tree: ImageTree, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await tree.find(path);
    if (found !== undefined) return found;
  }
  return undefined;
}
