/** The agent in an image: as an extension of some compression, or as plain files of the initrd. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { HOME } from '../../../packaging/extension/extension-package.ts';
import { ARCHES, buildDirectory, type Arch } from '../../../packaging/project-paths.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { run } from '../../../platform/process/run.ts';
import { IMAGE_ARCH_NAMES as ARCH_NAMES, OWN_ARCH } from '../architectures.ts';
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

/** Where the packager leaves the agent's extension for a processor. */
export function packagedAgent(arch: Arch): string {
  return join(buildDirectory(arch), 'razor-mk.tcz');
}

export interface AgentSource {
  /** razor-mk.tcz */
  readonly file: string;
  /** The processor of the base. */
  readonly arch: Arch;
  readonly epoch: number;
  /** Where what was packed again is kept. */
  readonly cache: string;
  readonly signal?: AbortSignal;
  readonly step?: (text: string) => void;
}

/**
 * razor-mk.tcz as it is. Throws RAZOR_MK_TCZ where the file is not there, is none, or is for another processor than the base, with
 * the way to make it.
 */
export async function readAgent({ file, arch, epoch }: AgentSource): Promise<TczExtension> {
  const make = `npm run package${arch === OWN_ARCH ? '' : ` -- --arch ${arch}`}`;
  const sources = { directories: [], kernel: undefined, epoch };
  const [found] = await collectExtensions([file], sources).catch((error: unknown) => {
    if (!(error instanceof RazorMkError)) throw error;
    throw new RazorMkError('RAZOR_MK_TCZ', error.message, {
      remedy: `Make it with ${make}, or name another with --agent FILE.tcz.`,
      cause: error,
    });
  });
  if (found === undefined) throw new RazorMkError('RAZOR_MK_TCZ', `${file} is not there`);
  const other = await archOfAgent(file);
  if (other === undefined || other === arch) return found;
  const [has, needs] = [ARCHES[other].machine, ARCHES[arch].machine];
  throw new RazorMkError('RAZOR_MK_TCZ', `the agent of ${file} is for ${has}, the base for ${needs}`, {
    remedy: `Make one with ${make}, or take a base for ${has}.`,
  });
}

/**
 * Brings razor-mk.tcz into a form. An extension of the right compression is taken as it is, another one is packed again, once.
 * Throws as `readAgent` does.
 */
export async function agentParts(source: AgentSource, form: Form): Promise<AgentParts> {
  const { file, signal } = source;
  const found = await readAgent(source);
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

/** The processor of an agent's extension, by the dynamic loader in it; undefined where nothing tells (no unsquashfs, and no .list beside). */
async function archOfAgent(file: string): Promise<Arch | undefined> {
  const listed = await run(['unsquashfs', '-l', file, HOME], { timeoutMs: 60_000 });
  const names = listed.status === 0 ? listed.stdout.toString() : readIfThere(`${file}.list`);
  return ARCH_NAMES.find((arch) => names.includes(`${HOME}/${ARCHES[arch].loader}`));
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
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
