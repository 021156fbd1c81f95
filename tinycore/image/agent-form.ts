/** The agent in an image: as an extension of some compression, or as plain files of the initrd. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RazorMkError } from '../../platform/errors.ts';
import type { Entry } from './entry.ts';
import { collectExtensions, type Extension } from './extensions.ts';
import { entriesOfDirectory } from './files-of.ts';
import type { PackCompression } from './compress.ts';
import { withTemporary } from './programs.ts';
import { packSquashfs, squashCompression, unpackSquashfs } from './squashfs.ts';

export const FORMS = ['tcz-zstd', 'tcz-gzip', 'tcz-xz', 'initrd-gzip', 'initrd-zstd', 'initrd-xz'] as const;
export type Form = (typeof FORMS)[number];

export interface AgentParts {
  /** The extension, in the forms that have one. */
  readonly extension?: Extension;
  /** Its files, in the others. */
  readonly entries: readonly Entry[];
  /** How the image's own archive is compressed. */
  readonly compression: PackCompression;
}

/**
 * Brings razor-mk.tcz into a form. An extension of the right compression is taken as it is, another one is packed again.
 * Throws RAZOR_MK_TCZ where the file is not there or is none, with the way to make it.
 */
export async function agentParts(file: string, form: Form, epoch: number, signal?: AbortSignal): Promise<AgentParts> {
  const sources = { directories: [], kernel: undefined, epoch };
  const [found] = await collectExtensions([file], sources).catch((error: unknown) => {
    if (!(error instanceof RazorMkError)) throw error;
    throw new RazorMkError('RAZOR_MK_TCZ', error.message, {
      remedy: 'Make it with npm run package, or name another with --agent FILE.tcz.',
      cause: error,
    });
  });
  if (found === undefined) throw new RazorMkError('RAZOR_MK_TCZ', `${file} is not there`);
  const [kind, compression] = form.split('-') as ['tcz' | 'initrd', 'gzip' | 'zstd' | 'xz'];
  if (kind === 'tcz' && squashCompression(found.data) === compression)
    return { extension: found, entries: [], compression: 'gzip' };
  return await withTemporary(async (directory) => {
    const tree = join(directory, 'tree');
    await unpackSquashfs(file, tree, signal);
    if (kind === 'initrd') return { entries: entriesOfDirectory(tree), compression };
    const target = join(directory, 'agent.tcz');
    await packSquashfs(tree, target, compression, epoch, signal);
    const data = readFileSync(target);
    const md5 = createHash('md5').update(data).digest('hex');
    return { extension: { ...found, data, md5 }, entries: [], compression: 'gzip' };
  });
}
