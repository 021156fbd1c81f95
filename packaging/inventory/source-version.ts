/** Version and commit of the clone that is packaged. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { run } from '../../platform/process/run.ts';
import { PROJECT } from '../project-paths.ts';

/** `1.0.0`, from package.json. */
export function sourceVersion(): string {
  const manifest = z.object({ version: z.string() });
  return manifest.parse(JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'))).version;
}

/** One git command in the clone: its output, or undefined where there is no git or no clone. */
async function git(...args: string[]): Promise<string | undefined> {
  // a clone that belongs to somebody else is still only read
  const result = await run(['git', '-c', `safe.directory=${PROJECT}`, '-C', PROJECT, ...args]);
  return result.status === 0 ? result.stdout.toString('utf8').trim() : undefined;
}

/** `1a2b3c4d5e6f`, with `-dirty` where tracked files are changed; `unknown` outside a git clone. */
export async function sourceCommit(): Promise<string> {
  const commit = await git('rev-parse', '--short=12', 'HEAD');
  if (commit === undefined || commit === '') return 'unknown';
  const changed = await git('status', '--porcelain', '--untracked-files=no');
  return changed === '' ? commit : `${commit}-dirty`;
}
