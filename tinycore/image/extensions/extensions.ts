/**
 * Tiny Core extensions for an image: NAME.tcz with NAME.tcz.dep and NAME.tcz.md5.txt, from local directories or a mirror,
 * whatever they depend on included. A .deb is taken too and repacked.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Arch } from '../../../packaging/project-paths.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { OWN_ARCH } from '../architectures.ts';
import { debToTcz } from './deb2tcz.ts';
import { downloadBytes } from '../base/download.ts';

export interface TczExtension {
  /** `bash.tcz` */
  readonly name: string;
  readonly data: Buffer;
  /** Names of extensions that must be loaded before it. */
  readonly dep: readonly string[];
  readonly md5: string;
}

export interface ExtensionSources {
  /** Directories that are looked through in order. */
  readonly directories: readonly string[];
  /** URI of a directory that holds .tcz files: `http://…/14.x/x86_64/tcz`. */
  readonly mirror?: string;
  /** What KERNEL in names stands for. */
  readonly kernel: string | undefined;
  /** The processor of the base; this machine's by default. */
  readonly arch?: Arch;
  /** Seconds since 1970 for what is repacked. */
  readonly epoch: number;
  readonly signal?: AbortSignal;
  /** Proxies for the mirror. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,120}\.tcz$/;

/** The extension's name in what a person wrote: `bash`, `bash.tcz`, `../dir/bash.tcz`. Throws RAZOR_MK_IMAGE_NAME. */
export function extensionName(text: string): string {
  const name = `${basename(text.trim()).replace(/\.tcz$/, '')}.tcz`;
  if (!NAME.test(name) || name.includes('..')) {
    throw new RazorMkError('RAZOR_MK_IMAGE_NAME', `${JSON.stringify(text)} cannot be the name of an extension`);
  }
  return name;
}

/** Names of a list file (`builtin-extensions.lst`): one a line, `#` begins a comment. */
export function parseList(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}

/**
 * The extensions that are asked for and all that they depend on, in the order in which they must be loaded. Names are
 * names, or paths to .tcz and .deb files. Throws RAZOR_MK_TCZ: missing, checksum, no squashfs.
 */
export async function collectExtensions(wanted: readonly string[], sources: ExtensionSources): Promise<TczExtension[]> {
  const found = new Map<string, TczExtension>();
  const visit = async (text: string, because: string): Promise<void> => {
    const ask = text.replaceAll('KERNEL', sources.kernel ?? 'KERNEL');
    const name = ask.endsWith('.deb') ? extensionName(ask.replace(/_.*|\.deb$/, '')) : extensionName(ask);
    if (found.has(name)) return;
    const extension = ask.endsWith('.deb')
      ? await fromDeb(ask, name, sources)
      : await fromTcz(ask, name, sources, because);
    found.set(name, extension); // before what it needs: two that name each other end here
    for (const dep of extension.dep) await visit(plainName(dep, name), name);
    found.delete(name);
    found.set(name, extension);
  };
  for (const text of wanted) await visit(text, 'the command line');
  return [...found.values()];
}

/** A name in somebody's .dep is a name and never a path. Throws RAZOR_MK_IMAGE_NAME. */
function plainName(text: string, owner: string): string {
  if (!text.includes('/')) return text;
  throw new RazorMkError('RAZOR_MK_IMAGE_NAME', `${owner}.dep names ${JSON.stringify(text)}: a path is not taken`, {
    remedy: 'Give it by its own option: --extension FILE.',
  });
}

async function fromDeb(path: string, name: string, sources: ExtensionSources): Promise<TczExtension> {
  const { data, dep } = await debToTcz(path, sources.epoch, sources.arch ?? OWN_ARCH, sources.signal);
  return { name, data, dep: dep.filter((each) => available(extensionName(each), sources)), md5: md5(data) };
}

function available(name: string, sources: ExtensionSources): boolean {
  return sources.directories.some((directory) => existsSync(join(directory, name)));
}

async function fromTcz(path: string, name: string, sources: ExtensionSources, because: string): Promise<TczExtension> {
  const places = [
    ...(path.includes('/') ? [path] : []),
    ...sources.directories.map((directory) => join(directory, name)),
  ];
  const file = places.find((each) => existsSync(each));
  if (file !== undefined) {
    const text = (suffix: string): string | undefined =>
      existsSync(file + suffix) ? readFileSync(file + suffix, 'utf8') : undefined;
    return check(name, file, readFileSync(file), text('.dep'), text('.md5.txt'));
  }
  if (sources.mirror === undefined) {
    const where =
      sources.directories.length > 0 ? sources.directories.join(', ') : 'no directory of extensions was named';
    throw new RazorMkError('RAZOR_MK_TCZ', `${name}, which ${because} asks for, is not there (${where})`);
  }
  const uri = `${sources.mirror.replace(/\/$/, '')}/${name}`;
  const options = { limit: 512 * 1024 * 1024, signal: sources.signal, env: sources.env };
  const text = async (suffix: string): Promise<string | undefined> =>
    (await downloadBytes(uri + suffix, { ...options, limit: 1024 * 1024 }))?.toString();
  const data = await downloadBytes(uri, options);
  if (data === undefined)
    throw new RazorMkError('RAZOR_MK_TCZ', `${name}, which ${because} asks for, is not on ${sources.mirror}`);
  const sum = await text('.md5.txt');
  if (sum === undefined) {
    throw new RazorMkError('RAZOR_MK_TCZ', `${uri}.md5.txt is not there, and nothing is taken from a mirror unchecked`);
  }
  return check(name, uri, data, await text('.dep'), sum);
}

function check(
  name: string,
  where: string,
  data: Buffer,
  dep: string | undefined,
  sum: string | undefined,
): TczExtension {
  const magic = data.toString('latin1', 0, 4);
  if (magic !== 'hsqs')
    throw new RazorMkError(
      'RAZOR_MK_TCZ',
      `${where} is not an extension: not a squashfs file, it begins with ${JSON.stringify(magic)}`,
    );
  const size = Number(data.readBigUInt64LE(40));
  if (size > data.length)
    throw new RazorMkError('RAZOR_MK_TCZ', `${where} is cut off: it should have ${size} bytes and has ${data.length}`);
  const real = md5(data);
  const said = sum === undefined ? undefined : /\b[0-9a-fA-F]{32}\b/.exec(sum)?.[0]?.toLowerCase();
  if (sum !== undefined && said !== real) {
    throw new RazorMkError(
      'RAZOR_MK_TCZ',
      `${where} does not fit its checksum: ${real}, and ${name}.md5.txt says ${said ?? 'none'}`,
    );
  }
  return {
    name,
    data,
    dep: parseList(dep ?? '').map((each) => (each.endsWith('.tcz') ? each : `${each}.tcz`)),
    md5: real,
  };
}

function md5(data: Uint8Array): string {
  return createHash('md5').update(data).digest('hex');
}
