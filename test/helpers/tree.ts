/** A made-up machine in a temporary directory: files by path, links as `-> target`. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './temporary-directory.ts';

export interface TreeFiles {
  readonly [path: string]: string | Uint8Array;
}

/** Writes the tree and removes it after the test. A text that starts with `-> ` becomes a symbolic link. */
export function makeTree(t: TestContext, files: TreeFiles): string {
  const root = temporaryDirectory(t);
  addToTree(root, files);
  return root;
}

export function addToTree(root: string, files: TreeFiles): void {
  for (const [path, content] of Object.entries(files)) {
    const full = join(root, path);
    mkdirSync(path.endsWith('/') ? full : dirname(full), { recursive: true });
    if (path.endsWith('/')) continue;
    if (typeof content === 'string' && content.startsWith('-> ')) symlinkSync(content.slice(3), full);
    else writeFileSync(full, content);
  }
}
