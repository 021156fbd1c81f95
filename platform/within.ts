/**
 * Paths inside a tree that strangers made: an unpacked ISO, package or archive, or a directory of images. Its links may lead
 * anywhere; whoever opens, hashes, serves or deletes a file of such a tree asks here first.
 */
import { realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';

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

function inside(root: string, real: string): string | undefined {
  return real === root || real.startsWith(root.endsWith(sep) ? root : root + sep) ? real : undefined;
}
