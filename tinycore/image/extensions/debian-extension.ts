/**
 * A Debian package as one extension, with the shared libraries that it needs: for bases without a C library of their own.
 * `kexec-tools` becomes a program and a dozen libraries that are mounted once, instead of a dozen extensions.
 */
import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { copyWithin, listWithin, removeWithin } from '../../../platform/within.ts';
import { dependencyText, fetchPackages, packageFile, type DebianPackage, type PackageSource } from '../base/debian.ts';
import { extensionName, type TczExtension } from './extensions.ts';
import { squashfsOf } from './squashfs.ts';

interface DebianExtensionOptions {
  /** Where fetched packages are kept. */
  readonly cache: string;
  readonly env?: PackageSource['env'];
  /** The processor of the base. */
  readonly arch?: PackageSource['arch'];
  readonly epoch: number;
  readonly signal?: AbortSignal;
}

/** Programs of packages, by their paths in them: `{ 'nvme-cli': ['usr/sbin/nvme'] }`. */
export type DebianPrograms = Readonly<Record<string, readonly string[]>>;

/**
 * Programs of several packages as one extension `name`, with the libraries that they need. Nothing else of the packages goes in:
 * their other programs would be taken for busybox's. Throws as `debianExtension`, and RAZOR_MK_IMAGE_BASE for a program that a
 * package does not have.
 */
export async function programsExtension(
  name: string,
  programs: DebianPrograms,
  options: DebianExtensionOptions,
): Promise<TczExtension> {
  const { cache, arch, env, signal } = options;
  const source = { cache, arch, env, signal };
  return await packed(name, options, async (tree) => {
    const owners = Object.keys(programs);
    const libraries = new Set<string>();
    for (const owner of owners) for (const each of await libraryPackages(owner, source)) libraries.add(each);
    for (const owner of await fetchPackages(owners, source)) {
      const paths = (programs[owner.name] ?? []).map((path) => relative(owner.root, packageFile(owner, path)));
      for (const path of [...paths, copyrightOf(owner)]) copyWithin(owner.root, path, tree);
    }
    copyLibraries(await fetchPackages([...libraries].sort(), source), tree);
  });
}

/** Fetches and packs. Throws RAZOR_MK_DOWNLOAD (apt knows no such package), RAZOR_MK_IMAGE_NAME, RAZOR_MK_IMAGE_PROGRAM. */
export async function debianExtension(name: string, options: DebianExtensionOptions): Promise<TczExtension> {
  const { cache, arch, env, signal } = options;
  const source = { cache, arch, env, signal };
  if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name))
    throw new RazorMkError('RAZOR_MK_IMAGE_NAME', `${JSON.stringify(name)} cannot be the name of a Debian package`);
  return await packed(name, options, async (tree) => {
    const [own, ...libraries] = await fetchPackages([name, ...(await libraryPackages(name, source))], source);
    for (const path of filesOf(own?.root ?? '')) copyWithin(own?.root ?? '', path, tree);
    for (const heavy of ['man', 'locale', 'info', 'lintian', 'bug']) removeWithin(tree, `usr/share/${heavy}`);
    copyLibraries(libraries, tree);
  });
}

/** Lets `fill` put files into an empty tree, and makes an extension of it. */
async function packed(
  name: string,
  { epoch, signal }: DebianExtensionOptions,
  fill: (tree: string) => Promise<void>,
): Promise<TczExtension> {
  const data = await squashfsOf(fill, epoch, signal);
  return { name: extensionName(name), data, dep: [], md5: createHash('md5').update(data).digest('hex') };
}

function copyLibraries(libraries: readonly DebianPackage[], tree: string): void {
  for (const library of libraries) {
    for (const path of [...sharedObjects(library.root), copyrightOf(library)]) copyWithin(library.root, path, tree);
  }
}

function copyrightOf({ name }: DebianPackage): string {
  return `usr/share/doc/${name}/copyright`;
}

/** All entries of a tree, directories first; links are not followed. */
function filesOf(root: string, path = ''): string[] {
  return listWithin(root, path).flatMap((entry) => {
    const inner = path === '' ? entry.name : `${path}/${entry.name}`;
    return entry.isDirectory() ? [inner, ...filesOf(root, inner)] : [inner];
  });
}

async function libraryPackages(name: string, source: PackageSource): Promise<string[]> {
  return librariesOf(await dependencyText(name, source, '--recurse'), name);
}

/**
 * The packages of libraries that `name` needs, however far down; in Debian their names begin with `lib`, but for zlib1g. `text` is what
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
    if (!taken && /^z?lib/.test(needed)) own.push(needed);
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
    for (const entry of listWithin(root, path)) {
      const inner = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (depth < 3 && (depth > 0 || /^(usr|lib\d*)$/.test(entry.name))) walk(inner, depth + 1);
      } else if (/\.so(\.[\w.]+)?$/.test(entry.name) && /^(usr\/)?lib/.test(inner)) found.push(inner);
    }
  };
  walk('', 0);
  return found.sort();
}
