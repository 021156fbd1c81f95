/**
 * A Debian package as one extension, with the shared libraries that it needs: for bases without a C library of their own.
 * `kexec-tools` becomes a program and a dozen libraries that are mounted once, instead of a dozen extensions.
 */
import { createHash } from 'node:crypto';
import { cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { dependencyText, fetchPackages, type PackageSource } from '../base/debian.ts';
import { extensionName, type TczExtension } from './extensions.ts';
import { withUmask } from '../../../platform/process/umask.ts';
import { withTemporary } from '../programs.ts';
import { packSquashfs } from './squashfs.ts';

interface DebianExtensionOptions {
  /** Where fetched packages are kept. */
  readonly cache: string;
  readonly env?: PackageSource['env'];
  readonly epoch: number;
  readonly signal?: AbortSignal;
}

/** Fetches and packs. Throws RAZOR_MK_DOWNLOAD (apt knows no such package), RAZOR_MK_IMAGE_NAME, RAZOR_MK_IMAGE_PROGRAM. */
export async function debianExtension(name: string, options: DebianExtensionOptions): Promise<TczExtension> {
  const { cache, env, epoch, signal } = options;
  const source = { cache, env, signal };
  if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name))
    throw new RazorMkError('RAZOR_MK_IMAGE_NAME', `${JSON.stringify(name)} cannot be the name of a Debian package`);
  return await withTemporary(async (directory) => {
    const tree = join(directory, 'tree');
    withUmask(0o022, () => mkdirSync(tree));
    const [own, ...libraries] = await fetchPackages([name, ...(await libraryPackages(name, source))], source);
    cpSync(own?.root ?? '', tree, { recursive: true, verbatimSymlinks: true });
    for (const heavy of ['man', 'locale', 'info', 'lintian', 'bug']) {
      rmSync(join(tree, 'usr/share', heavy), { recursive: true, force: true });
    }
    for (const { name: library, root: unpacked } of libraries) {
      for (const path of [...sharedObjects(unpacked), `usr/share/doc/${library}/copyright`]) {
        const source = join(unpacked, path);
        if (lstatSync(source, { throwIfNoEntry: false }) === undefined) continue;
        withUmask(0o022, () => mkdirSync(dirname(join(tree, path)), { recursive: true }));
        cpSync(source, join(tree, path), { verbatimSymlinks: true });
      }
    }
    const target = join(directory, 'out.tcz');
    await packSquashfs(tree, target, 'gzip', epoch, signal);
    const data = readFileSync(target);
    return { name: extensionName(name), data, dep: [], md5: createHash('md5').update(data).digest('hex') };
  });
}

async function libraryPackages(name: string, source: PackageSource): Promise<string[]> {
  return librariesOf(await dependencyText(name, source, '--recurse'), name);
}

/**
 * The packages of libraries that `name` needs, however far down; in Debian their names begin with `lib`. `text` is what
 * `apt-cache depends --recurse` prints. A line that begins with `|` has its alternative on the next one: the first is taken.
 */
export function librariesOf(text: string, name: string): string[] {
  const needs = new Map<string, string[]>();
  let own: string[] = [];
  let taken = false;
  for (const line of text.split('\n')) {
    const [, title] = /^([a-z0-9]\S*)$/.exec(line) ?? [];
    if (title !== undefined) needs.set(title, (own = []));
    const [, alternative, needed = ''] = /^\s+(\|?)(?:Pre)?Depends: (\S+)/.exec(line) ?? [];
    if (alternative === undefined) continue;
    if (!taken && needed.startsWith('lib')) own.push(needed);
    taken = alternative === '|';
  }
  const found = new Set<string>();
  const visit = (each: string): void => {
    for (const library of needs.get(each) ?? []) {
      if (found.has(library)) continue;
      found.add(library);
      visit(library);
    }
  };
  visit(name);
  return [...found].sort();
}

/** Shared objects and the links to them, without plugins such as gconv's. */
function sharedObjects(root: string): string[] {
  const found: string[] = [];
  const walk = (path: string, depth: number): void => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      const inner = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (depth < 3 && (depth > 0 || /^(usr|lib\d*)$/.test(entry.name))) walk(inner, depth + 1);
      } else if (/\.so(\.[\w.]+)?$/.test(entry.name) && /^(usr\/)?lib/.test(inner)) found.push(inner);
    }
  };
  walk('', 0);
  return found.sort();
}
