/** The agent in an image: as an extension of some compression, or as plain files of the initrd. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { replaceFile } from '../../../platform/files.ts';
import { removeLeftovers } from '../../../platform/leftovers.ts';
import type { Entry } from '../initrd/entry.ts';
import { collectExtensions, type TczExtension } from './extensions.ts';
import { entriesOfDirectory } from '../initrd/directory-entries.ts';
import { LARGEST_PROGRAM, readTree } from '../initrd/initrd.ts';
import type { PackCompression } from '../initrd/compress.ts';
import { withTemporary } from '../programs.ts';
import { packSquashfs, squashCompression, unpackSquashfs } from './squashfs.ts';

export const FORMS = ['tcz-zstd', 'tcz-gzip', 'tcz-xz', 'initrd-gzip', 'initrd-zstd', 'initrd-xz'] as const;
export type Form = (typeof FORMS)[number];
/** `auto`: by what the base's kernel can read. */
export const FORM_CHOICES = ['auto', ...FORMS] as const;
export type FormChoice = (typeof FORM_CHOICES)[number];

export interface AgentParts {
  /** The extension, in the forms that have one. */
  readonly extension?: TczExtension;
  /** Its files, in the others. */
  readonly entries: readonly Entry[];
  /** How the image's own archive is compressed. */
  readonly compression: PackCompression;
}

/** What the kernel's squashfs takes from the kernel's zstd, among the symbols of the module. */
const ZSTD_SYMBOL = 'zstd_init_dstream';

/**
 * The form for a base: zstd is unpacked in half the time of gzip, which is most of what a cold start takes, and is smaller on
 * the wire and in memory. Whether a kernel reads it is seen in its squashfs module; where that is built in, nothing shows it,
 * and gzip is what every kernel reads.
 */
export function formFor(tree: ReadonlyMap<string, Entry>): Form {
  for (const path of tree.keys()) {
    if (!/\/squashfs\.ko(\.gz|\.zst)?$/.test(path)) continue;
    const bytes = readTree(tree, path, LARGEST_PROGRAM);
    if (bytes !== undefined && unpacked(path, bytes).includes(ZSTD_SYMBOL)) return 'tcz-zstd';
  }
  return 'tcz-gzip';
}

function unpacked(path: string, bytes: Buffer): Buffer {
  try {
    const options = { maxOutputLength: LARGEST_PROGRAM };
    if (path.endsWith('.gz')) return gunzipSync(bytes, options);
    return path.endsWith('.zst') ? zstdDecompressSync(bytes, options) : bytes;
  } catch {
    return bytes; // broken: it shows nothing
  }
}

export interface AgentSource {
  /** razor-mk.tcz */
  readonly file: string;
  readonly epoch: number;
  /** Where what was packed again is kept. */
  readonly cache: string;
  readonly signal?: AbortSignal;
  readonly step?: (text: string) => void;
}

/**
 * Brings razor-mk.tcz into a form. An extension of the right compression is taken as it is, another one is packed again, once.
 * Throws RAZOR_MK_TCZ where the file is not there or is none, with the way to make it.
 */
export async function agentParts(source: AgentSource, form: Form): Promise<AgentParts> {
  const { file, epoch, signal } = source;
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
  if (kind === 'initrd') {
    return await withTemporary(async (directory) => {
      await unpackSquashfs(file, join(directory, 'tree'), signal);
      return { entries: entriesOfDirectory(join(directory, 'tree')), compression };
    });
  }
  const data = await packedAgain(source, found.data, compression);
  const md5 = createHash('md5').update(data).digest('hex');
  return { extension: { ...found, data, md5 }, entries: [], compression: 'gzip' };
}

/** The same files in another compression. zstd at its best takes most of a minute, so the result is kept. */
async function packedAgain(
  { file, epoch, cache, signal, step }: AgentSource,
  original: Buffer,
  compression: 'gzip' | 'zstd' | 'xz',
): Promise<Buffer> {
  const key = createHash('sha256').update(original).update(`${epoch} ${compression} 2`).digest('hex');
  const kept = join(cache, `${key.slice(0, 32)}-${compression}.tcz`);
  if (existsSync(kept)) return readFileSync(kept);
  step?.(`packing the agent with ${compression} (once for each agent)`);
  return await withTemporary(async (directory) => {
    const [tree, target] = [join(directory, 'tree'), join(directory, 'agent.tcz')];
    await unpackSquashfs(file, tree, signal);
    await packSquashfs(tree, target, compression, epoch, signal);
    const data = readFileSync(target);
    mkdirSync(cache, { recursive: true });
    removeLeftovers(cache);
    replaceFile(kept, data);
    forgetOld(cache);
    return data;
  });
}

/** So many packed agents are kept, of some 40 MB each. */
const KEPT = 4;

function forgetOld(cache: string): void {
  const files = readdirSync(cache)
    .filter((name) => name.endsWith('.tcz'))
    .map((name) => join(cache, name));
  const byAge = files.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const file of byAge.slice(KEPT)) rmSync(file, { force: true });
}
