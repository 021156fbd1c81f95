/** Kernel modules: what a list of names needs, what a base lacks, and the tables that depmod makes for all of them. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { fileEntry, sizeOf, type Entry } from '../initrd/entry.ts';
import { LARGEST_PROGRAM, readTree } from '../initrd/initrd.ts';
import { bytesInMemory } from '../initrd/stored-bytes.ts';
import { must, withTemporary } from '../programs.ts';
import { unpack } from '../initrd/compress.ts';
import { isModule, moduleName } from '../../node/module-name.ts';

/** modules.dep as a map from a module's path to the paths that it needs (modules.dep(5)). */
export function parseModulesDep(text: string): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0)
      map.set(
        line.slice(0, colon),
        line
          .slice(colon + 1)
          .split(' ')
          .filter(Boolean),
      );
  }
  return map;
}

/** modules.softdep as a map from a module's name to the names that should come with it. */
export function parseSoftdep(text: string): Map<string, string[]> {
  const map = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [word, name = '', ...rest] = line.trim().split(/\s+/);
    if (word !== 'softdep') continue;
    const names = rest.filter((each) => each !== 'pre:' && each !== 'post:').map((each) => each.replaceAll('-', '_'));
    map.set(name.replaceAll('-', '_'), [...(map.get(name) ?? []), ...names]);
  }
  return map;
}

export interface ModuleIndex {
  readonly dep: ReadonlyMap<string, readonly string[]>;
  readonly softdep: ReadonlyMap<string, readonly string[]>;
  /** Names that are built into the kernel. */
  readonly builtin: ReadonlySet<string>;
}

interface ModuleSelection {
  /** Paths as in modules.dep, sorted. */
  readonly paths: readonly string[];
  readonly builtin: readonly string[];
  readonly missing: readonly string[];
}

/** What the named modules need, by hard and soft dependencies. */
export function selectModules(index: ModuleIndex, names: Iterable<string>): ModuleSelection {
  const pathOf = new Map([...index.dep.keys()].map((path) => [moduleName(path), path]));
  const paths = new Set<string>();
  const [builtin, missing]: [string[], string[]] = [[], []];
  const add = (path: string): void => {
    if (paths.has(path)) return;
    paths.add(path);
    for (const needed of index.dep.get(path) ?? []) add(needed);
    for (const name of index.softdep.get(moduleName(path)) ?? []) {
      const soft = pathOf.get(name);
      if (soft !== undefined) add(soft);
    }
  };
  for (const name of names) {
    const wanted = name.replaceAll('-', '_');
    const path = pathOf.get(wanted);
    if (path !== undefined) add(path);
    else (index.builtin.has(wanted) ? builtin : missing).push(name);
  }
  return { paths: [...paths].sort(), builtin, missing };
}

/** The module index of a directory `lib/modules/VERSION`, read through `read` (a file's text by its name there). */
export function readModuleIndex(read: (name: string) => string | undefined): ModuleIndex {
  const builtin = (read('modules.builtin') ?? '').split('\n').filter(Boolean).map(moduleName);
  return {
    dep: parseModulesDep(read('modules.dep') ?? ''),
    softdep: parseSoftdep(read('modules.softdep') ?? ''),
    builtin: new Set(builtin),
  };
}

/**
 * The kernel version whose modules a tree holds: the directory below lib/modules, that of `kernel` where there are several, else the newest.
 * Undefined without one.
 */
export function kernelVersionOf(tree: ReadonlyMap<string, Entry>, kernel?: string): string | undefined {
  const versions = new Set<string>();
  for (const path of tree.keys()) {
    const match = /^(?:usr\/)?lib\/modules\/([^/]+)(?:\/|$)/.exec(path);
    if (match?.[1] !== undefined) versions.add(match[1]);
  }
  if (kernel !== undefined && versions.has(kernel)) return kernel;
  return [...versions].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
}

/** Names of all modules of a tree, the built-in ones included. */
export function moduleNamesOf(tree: ReadonlyMap<string, Entry>, version: string): Set<string> {
  const read = (name: string): string | undefined => readTree(tree, `lib/modules/${version}/${name}`)?.toString();
  const names = new Set(readModuleIndex(read).builtin);
  for (const path of tree.keys()) {
    if (isModule(path) && path.includes(`lib/modules/${version}/`)) names.add(moduleName(path));
  }
  return names;
}

/**
 * Runs depmod on the union of modules, in a temporary directory and as an ordinary user. `entries` are modules and the
 * modules.{order,builtin,builtin.modinfo} lists, with paths below `lib/modules/VERSION`. The result are the tables.
 * Compressed modules are unpacked for depmod, which may have been built without zlib (Debian's is).
 */
export async function depmodTables(version: string, entries: Iterable<Entry>, binary: boolean): Promise<Entry[]> {
  const root = `lib/modules/${version}`;
  return await withTemporary(async (directory) => {
    const renamed = new Map<string, string>();
    for (const entry of entries) {
      if (entry.type !== 'file' || !entry.path.startsWith(`${root}/`)) continue;
      const plain = plainPath(entry.path);
      if (plain !== entry.path) renamed.set(plain.slice(root.length + 1), entry.path.slice(root.length + 1));
      if (sizeOf(entry) > LARGEST_PROGRAM) throw tooLarge(entry.path);
      put(join(directory, plain), await plainModule(entry.path, entry.data));
    }
    mkdirSync(join(directory, root), { recursive: true });
    await must(['depmod', '-b', directory, version]);
    const names = readdirSync(join(directory, root)).filter((name) =>
      /^modules\.(?!builtin$|builtin\.modinfo$|order$)/.test(name),
    );
    return names
      .filter((name) => !name.endsWith('.bin') || (binary && renamed.size === 0))
      .sort()
      .map((name) => {
        const bytes = readFileSync(join(directory, root, name));
        return fileEntry(
          `${root}/${name}`,
          name === 'modules.dep' && renamed.size > 0 ? rename(bytes.toString(), renamed) : bytes,
        );
      });
  });
}

/** Throws RAZOR_MK_ARCHIVE for a name that no file can have beside the others, as `a.ko` and `a.ko/b.ko`. */
function put(target: string, data: Uint8Array): void {
  try {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, data);
  } catch (error) {
    if (!['ENOTDIR', 'EISDIR', 'EEXIST', 'ENAMETOOLONG'].includes(errnoOf(error) ?? '')) throw error;
    throw new RazorMkError('RAZOR_MK_ARCHIVE', `a module of the base cannot be unpacked: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function tooLarge(path: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_ARCHIVE', `the module ${path} has more than ${LARGEST_PROGRAM} bytes`);
}

function rename(text: string, names: ReadonlyMap<string, string>): string {
  return text.replaceAll(/[^\s:]+\.ko/g, (path) => names.get(path) ?? path);
}

/** A module's path without the ending of its compression: `x.ko.xz` is `x.ko`. */
export function plainPath(path: string): string {
  return path.replace(/\.ko\.(gz|xz|zst)$/, '.ko');
}

/** A module as the kernel sees it, by the ending of its path. Throws RAZOR_MK_ARCHIVE. */
export async function plainModule(path: string, data: Uint8Array): Promise<Uint8Array> {
  const ending = /\.(gz|zst|xz)$/.exec(path)?.[1] as keyof typeof ENDINGS | undefined;
  if (ending === undefined) return data;
  try {
    const packed = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const { data: plain } = await unpack(bytesInMemory(packed), ENDINGS[ending], LARGEST_PROGRAM);
    return plain.at(0, plain.length);
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_ARCHIVE', `the module ${path} cannot be unpacked: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const ENDINGS = { gz: 'gzip', zst: 'zstd', xz: 'xz' } as const;
