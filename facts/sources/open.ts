/** Opens the running machine or a tree. */
import { fileOrigin } from './filesystem.ts';
import { createSources } from './recording.ts';
import type { Sources } from './sources.ts';

/** Reads of the machine under `root` (`/` by default). Nothing is read before somebody asks. */
export function openSources(options: { readonly root?: string } = {}): Sources {
  return createSources(fileOrigin(options.root ?? '/'));
}
