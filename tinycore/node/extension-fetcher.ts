/**
 * Extensions from a mirror into the directory that tce-load takes them from, checked before they get there. A mirror is not
 * trusted: names are matched before they become paths or URLs, nothing is kept without a checksum that fits, and what an
 * extension depends on is held to the same rules. tce-load itself is never asked to fetch: it takes a mirror's .dep as it comes.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { arch, release } from 'node:os';
import { join } from 'node:path';
import { replaceFile } from '../../platform/files.ts';
import { saveStream } from '../../platform/save-stream.ts';
import { isExtensionName, type ExtensionEntry } from './lists.ts';

export interface ExtensionFetch {
  /** The directory of the mirror that fits this base, without a slash at its end. */
  readonly mirror: string;
  /** Where Tiny Core keeps its things; `/` by default. */
  readonly root: string;
  /** What the list names: the checksums of dependencies come from there. */
  readonly listed: readonly ExtensionEntry[];
  /** The body of a URL; undefined where there is none (HTTP 404). Throws. */
  readonly openFile: (url: string) => Promise<AsyncIterable<Uint8Array> | undefined>;
  /** `uname -r`, which stands for KERNEL in names. */
  readonly kernel?: string;
}

const LARGEST = 512 * 1024 * 1024;
const LONGEST_TEXT = 256 * 1024;
const MOST = 500;
/** Where extensions lie that came with the image (tce-setup). */
const BUILT_IN = ['tmp/builtin/optional', 'mnt/cde/cde/optional'];

/** Whether an extension is installed, or lies in the image: tce-load needs nothing from the mirror for it. */
export function isThere(name: string, root: string): boolean {
  const marker = join(root, 'usr/local/tce.installed', name.replace(/\.tcz$/, ''));
  return existsSync(marker) || BUILT_IN.some((directory) => existsSync(join(root, directory, name)));
}

/**
 * Fetches an extension and all that it depends on, each checked by the SHA-256 of the list, else by the MD5 of the mirror. Where
 * the list gives the extension a SHA-256, what it depends on must have one there as well: otherwise the mirror would choose what
 * runs as root. Throws Error with the reason; what did not fit is not left behind.
 */
export async function fetchExtension(entry: ExtensionEntry, options: ExtensionFetch): Promise<void> {
  const directory = optionalDirectory(options.root);
  mkdirSync(directory, { recursive: true });
  const done = new Set<string>();
  const fetchOne = async (one: ExtensionEntry, sumsOnly: boolean): Promise<void> => {
    if (done.has(one.name) || isThere(one.name, options.root)) return;
    done.add(one.name);
    if (done.size > MOST) throw new Error(`it depends on more than ${MOST} extensions`);
    await fetchChecked(one, join(directory, one.name), options);
    const names = await dependenciesOf(one.name, options);
    for (const name of names) {
      const listed = options.listed.find((each) => each.name === name);
      if (sumsOnly && listed?.sha256 === undefined && !isThere(name, options.root)) {
        throw new Error(`${one.name} needs ${name}, and the list has no SHA-256 for it`);
      }
      await fetchOne(listed ?? { name, sha256: undefined }, sumsOnly);
    }
    replaceFile(join(directory, `${one.name}.dep`), names.map((name) => `${name}\n`).join(''), 0o644);
  };
  await fetchOne(entry, entry.sha256 !== undefined);
}

/** /etc/sysconfig/tcedir points to the directory on a disk; without one it is /tmp/tce. */
function optionalDirectory(root: string): string {
  const named = join(root, 'etc/sysconfig/tcedir/optional');
  return existsSync(named) ? named : join(root, 'tmp/tce/optional');
}

async function fetchChecked({ name, sha256 }: ExtensionEntry, path: string, options: ExtensionFetch): Promise<void> {
  const url = `${options.mirror}/${name}`;
  const md5 = sha256 === undefined ? await md5Of(name, options) : undefined;
  const fits = (found: { readonly sha256: string; readonly md5: string }): boolean =>
    sha256 === undefined ? found.md5 === md5 : found.sha256 === sha256;
  if (existsSync(path) && fits(await sumsOf(path))) return;
  rmSync(path, { force: true });
  const body = await options.openFile(url);
  if (body === undefined) throw new Error(`${name} is not on ${options.mirror}`);
  // tce-load runs as tc, and looks for the final name only
  const found = await saveStream(body, `${path}.part`, { limit: LARGEST, mode: 0o644 });
  if (!fits(found)) {
    rmSync(`${path}.part`, { force: true });
    const [kind, is, meant] = sha256 === undefined ? ['MD5', found.md5, md5] : ['SHA-256', found.sha256, sha256];
    const source = sha256 === undefined ? `${name}.md5.txt` : 'the list';
    throw new Error(`the ${kind} of ${name} is ${is}, and ${source} says ${meant}`);
  }
  renameSync(`${path}.part`, path);
}

async function sumsOf(path: string): Promise<{ readonly sha256: string; readonly md5: string }> {
  const [sha256, md5] = [createHash('sha256'), createHash('md5')];
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    sha256.update(piece);
    md5.update(piece);
  }
  return { sha256: sha256.digest('hex'), md5: md5.digest('hex') };
}

async function md5Of(name: string, options: ExtensionFetch): Promise<string> {
  const text = await readText(`${name}.md5.txt`, options);
  const md5 = /^([0-9a-fA-F]{32})\b/.exec(text ?? '')?.[1]?.toLowerCase();
  if (md5 !== undefined) return md5;
  throw new Error(
    `${name} has no SHA-256 in the list and no ${name}.md5.txt on ${options.mirror}: nothing is loaded unchecked`,
  );
}

/** The names of NAME.tcz.dep, which is absent for what needs nothing. */
async function dependenciesOf(name: string, options: ExtensionFetch): Promise<readonly string[]> {
  const lines = ((await readText(`${name}.dep`, options)) ?? '').split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const dependency = line.replace('KERNEL', options.kernel ?? release());
      if (isExtensionName(dependency) && dependency.endsWith('.tcz')) return dependency;
      throw new Error(`${name}.dep names ${JSON.stringify(line.slice(0, 100))}, which is not the name of an extension`);
    });
}

async function readText(file: string, { mirror, openFile }: ExtensionFetch): Promise<string | undefined> {
  const body = await openFile(`${mirror}/${file}`);
  if (body === undefined) return undefined;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > LONGEST_TEXT) throw new Error(`${file} is longer than ${LONGEST_TEXT} bytes`);
    parts.push(piece);
  }
  return Buffer.concat(parts).toString('utf8');
}

/**
 * The directory of a mirror that fits this base, as Tiny Core's own tce-load makes it: URI/MAJOR.x/ARCHITECTURE/tcz, or the URI as
 * it stands when it ends in /tcz. Without a URI that of /opt/tcemirror. Throws Error where there is none.
 */
export function tczDirectoryOf(uri: string, root: string): string {
  const read = (path: string): string => {
    try {
      return readFileSync(join(root, path), 'utf8');
    } catch {
      return '';
    }
  };
  const base = (uri || (read('opt/tcemirror').split('\n')[0] ?? '')).trim().replace(/\/+$/, '');
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new Error(
      base === '' ? 'no mirror of extensions is named' : `the mirror is not an http(s) URL: ${base.slice(0, 200)}`,
    );
  }
  if (base.endsWith('/tcz')) return base;
  const major = /^(?:version )?(\d{1,3})\b/m.exec(read('usr/share/doc/tc/release.txt'))?.[1];
  if (major === undefined) throw new Error('/usr/share/doc/tc/release.txt does not name the version of this base');
  return `${base}/${major}.x/${buildOf(root)}/tcz`;
}

/** The part of a mirror for this base: a 32-bit one may run under a 64-bit kernel (Tiny Core's tc-functions, getBuild). */
function buildOf(root: string): string {
  const has = (file: string): boolean => existsSync(join(root, 'lib', file));
  if (arch() !== 'x64') return { arm64: 'aarch64', ia32: 'x86' }[arch() as string] ?? arch();
  return has('ld-linux.so.2') && !has('ld-linux-x86-64.so.2') ? 'x86' : 'x86_64';
}
