/** Opens the running machine or a tree. */
import { statSync } from 'node:fs';
import { errnoOf, RazorMkError } from '../../platform/errors/errors.ts';
import { fileOrigin } from './filesystem.ts';
import { createSources } from './recording.ts';
import type { Sources } from './sources.ts';

/** Reads of the machine under `root` (`/` by default). Nothing is read before somebody asks. */
export function openSources(options: { readonly root?: string } = {}): Sources {
  return createSources(fileOrigin(options.root ?? '/'));
}

/** The same for a tree that a person names. Throws RAZOR_MK_FILE_UNREADABLE for what is not a directory. */
export function openTree(root: string): Sources {
  let why = 'it is not a directory';
  try {
    if (statSync(root).isDirectory()) return openSources({ root });
  } catch (error) {
    why = errnoOf(error) === 'ENOENT' ? 'it does not exist' : (errnoOf(error) ?? 'it cannot be looked at');
  }
  throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read --root ${root}: ${why}`);
}
