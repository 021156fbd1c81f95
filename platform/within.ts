/**
 * Paths inside a tree that strangers made: an unpacked ISO, package or archive, or a directory of images. Its links may lead
 * anywhere; whoever opens, hashes, serves or deletes a file of such a tree asks here first. Rooms that meet such trees import
 * node:fs only where test/platform/within.test.ts says why.
 */
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  type Dirent,
} from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';

/**
 * The real path of `path` in `tree`, every link followed; undefined where there is nothing, or where a link or `..` leads out.
 * The tree itself counts as inside. (path_resolution(7); a later change of the tree is not noticed.)
 */
export async function within(tree: string, path: string): Promise<string | undefined> {
  try {
    return inside(await realpath(tree), await realpath(join(tree, path)));
  } catch {
    return undefined;
  }
}

/** The same, for callers that cannot wait. */
export function withinSync(tree: string, path: string): string | undefined {
  try {
    return inside(realpathSync(tree), realpathSync(join(tree, path)));
  } catch {
    return undefined;
  }
}

/**
 * The path of an entry of `tree` that is itself not followed, for what looks at a link, replaces or removes it. Undefined where
 * the directory that holds it is outside or missing; whether the entry is there is not looked at.
 */
function entryWithin(tree: string, path: string): string | undefined {
  const name = basename(path);
  const parent = withinSync(tree, dirname(path));
  return parent === undefined || name === '' || name === '.' || name === '..' ? undefined : join(parent, name);
}

/** The content of a regular file of `tree`; undefined where there is none inside. Throws what reading throws. */
export function readWithin(tree: string, path: string): Buffer | undefined {
  const real = withinSync(tree, path);
  return real === undefined || !statSync(real).isFile() ? undefined : readFileSync(real);
}

/** The entries of a directory of `tree`, sorted by name; none where there is no such directory inside. */
export function listWithin(tree: string, path: string): Dirent[] {
  const real = withinSync(tree, path);
  if (real === undefined || !statSync(real).isDirectory()) return [];
  return readdirSync(real, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether `tree` has an entry there, of any kind: a link that leads nowhere, or out, is one. */
export function hasEntryWithin(tree: string, path: string): boolean {
  const entry = entryWithin(tree, path);
  return entry !== undefined && lstatSync(entry, { throwIfNoEntry: false }) !== undefined;
}

/** Removes an entry of `tree` with all below it; a link goes, what it leads to stays. Nothing outside is ever removed. */
export function removeWithin(tree: string, path: string): void {
  const entry = entryWithin(tree, path);
  if (entry !== undefined) rmSync(entry, { recursive: true, force: true });
}

/**
 * Copies a file, a link (as it is) or a directory (without what is in it) from one tree into another, with the directories above
 * it (0755). Returns false where the first has none, or where a link of the second leads out of it.
 */
export function copyWithin(from: string, path: string, to: string): boolean {
  const source = entryWithin(from, path);
  const stat = source === undefined ? undefined : lstatSync(source, { throwIfNoEntry: false });
  if (source === undefined || stat === undefined) return false;
  if (stat.isDirectory()) return makeDirectoryWithin(to, path, stat.mode & 0o777);
  const link = stat.isSymbolicLink();
  if ((!link && !stat.isFile()) || !makeDirectoryWithin(to, dirname(path), 0o755)) return false;
  removeWithin(to, path);
  const target = entryWithin(to, path);
  if (target === undefined) return false;
  if (link) symlinkSync(readlinkSync(source), target);
  else copyFileSync(source, target);
  return true;
}

/** Makes a directory of a tree, step by step: none is made through a link that leads out. Returns whether it is there. */
export function makeDirectoryWithin(tree: string, path: string, mode: number): boolean {
  if (withinSync(tree, path) !== undefined) return true;
  if (path === '.' || path === '/' || !makeDirectoryWithin(tree, dirname(path), 0o755)) return false;
  const entry = entryWithin(tree, path);
  if (entry === undefined || lstatSync(entry, { throwIfNoEntry: false }) !== undefined) return false;
  mkdirSync(entry);
  chmodSync(entry, mode);
  return true;
}

function inside(root: string, real: string): string | undefined {
  return real === root || real.startsWith(root.endsWith(sep) ? root : root + sep) ? real : undefined;
}
