/** Licence texts of everything inside the executable and the extension. A part without a text fails the build. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { run } from '../../platform/process/run.ts';
import { listWithin, readWithin } from '../../platform/within.ts';
import type { Library } from '../bundle/libraries.ts';
import { PROJECT } from '../project-paths.ts';
import { lockedPackage } from './npm-archives.ts';

/** One thing inside, as the inventory and the licence file list it. */
export interface Part {
  readonly kind: 'project' | 'npm' | 'runtime' | 'debian' | 'data';
  readonly name: string;
  readonly version: string;
  /** SPDX expression, or undefined where only the text says. */
  readonly licence: string | undefined;
  readonly text: string;
  /** npm integrity of the lockfile, where there is one. */
  readonly integrity?: string;
  /** Debian architecture: `amd64`. */
  readonly debianArch?: string;
}

const MANIFEST = z.object({
  name: z.string(),
  version: z.string(),
  license: z.optional(z.union([z.string(), z.object({ type: z.string() })])),
});
/** The parts that npm brought: `directories` are relative to node_modules (bundle.ts). */
export function npmParts(directories: readonly string[]): Part[] {
  const parts = directories.map((directory): Part => {
    const path = join(PROJECT, 'node_modules', directory);
    const manifest = MANIFEST.parse(JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')));
    const licence = typeof manifest.license === 'object' ? manifest.license.type : manifest.license;
    const files = readdirSync(path).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name));
    const texts = files.sort().map((name) => readFileSync(join(path, name), 'utf8').trim());
    const text = texts.length > 0 ? texts.join('\n\n') : licenceInReadme(path);
    const { integrity } = lockedPackage(directory);
    if (text === undefined || text === '')
      throw new RazorMkError('RAZOR_MK_PACKAGE', `${manifest.name} ${manifest.version} carries no licence text`, {
        remedy: 'Add its text to packaging/licences/NAME.txt, from its public repository.',
      });
    const { name, version } = manifest;
    return { kind: 'npm', name, version, licence, text, integrity };
  });
  return [...new Map(parts.map((part) => [`${part.name}@${part.version}`, part])).values()];
}

/** Some packages state their licence, whole, in a section of the README only. */
function licenceInReadme(path: string): string | undefined {
  const own = join(PROJECT, 'packaging/licences', `${basename(path)}.txt`);
  if (existsSync(own)) return readFileSync(own, 'utf8').trim();
  const readme = readdirSync(path).find((name) => /^readme(\.md)?$/i.test(name));
  if (readme === undefined) return undefined;
  const section = /^#+ *licen[cs]e\b.*$([\s\S]*)/im.exec(readFileSync(join(path, readme), 'utf8'))?.[1];
  return section !== undefined && /permission|licensed under|without warrant/i.test(section)
    ? section.trim()
    : undefined;
}

/** Node with what it embeds (V8, OpenSSL, ICU …): its LICENSE holds the texts of all of them. */
export function runtimePart(nodePackage: string, licenceFile: string, version: string, integrity: string): Part {
  return {
    kind: 'runtime',
    name: nodePackage,
    version,
    licence: 'MIT',
    text: readFileSync(licenceFile, 'utf8').trim(),
    integrity,
  };
}

/** The Debian packages that the libraries come from. Throws RAZOR_MK_PACKAGE for a library whose licence is not found. */
export async function libraryParts(libraries: readonly Library[]): Promise<Part[]> {
  const parts = new Map<string, Part>();
  for (const { path } of libraries) {
    const owner = await debianOwner(path);
    if (owner === undefined) {
      const part = unownedPart(path);
      parts.set(part.name, part);
      continue;
    }
    const [name, arch] = owner.split(':');
    if (name === undefined || parts.has(name)) continue;
    const query = await run(['dpkg-query', '-W', '-f', '${Version} ${Architecture}', owner]);
    const [version, ownArch] = query.stdout.toString('utf8').trim().split(' ');
    const copyright = `/usr/share/doc/${name}/copyright`;
    parts.set(name, {
      kind: 'debian',
      name,
      version: version ?? 'unknown',
      licence: libraryLicence(name),
      text: existsSync(copyright) ? readFileSync(copyright, 'utf8').trim() : `See ${copyright} of the package.`,
      debianArch: arch ?? ownArch ?? 'all',
    });
  }
  return [...parts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * A library that no installed package owns, as from an unpacked one (`--libraries`): its package's copyright file is
 * looked for in the same unpacked tree. Throws RAZOR_MK_PACKAGE where there is none.
 */
function unownedPart(path: string): Part {
  const file = basename(path);
  const name = file.startsWith('libstdc++') ? 'libstdc++6' : file.startsWith('libgcc_s') ? 'libgcc-s1' : 'libc6';
  const root = path.slice(0, Math.max(0, path.indexOf('/usr/'))) || '/';
  const docs = join(root, 'usr/share/doc');
  const text = listWithin(root, 'usr/share/doc')
    .filter((directory) => directory.name === name || directory.name.startsWith(`${name}-`))
    .map((directory) => readWithin(root, `usr/share/doc/${directory.name}/copyright`)?.toString('utf8').trim())
    .find((found) => found !== undefined);
  if (text === undefined)
    throw new RazorMkError('RAZOR_MK_PACKAGE', `the licence of ${path} was not found below ${docs}`, {
      remedy: 'Take libraries from a Debian system, or unpack the whole Debian package (dpkg -x).',
    });
  return { kind: 'debian', name, version: 'unknown', licence: libraryLicence(name), text, debianArch: 'all' };
}

function libraryLicence(name: string): string {
  return name.startsWith('libc6') ? 'LGPL-2.1-or-later' : 'GPL-3.0-or-later WITH GCC-exception-3.1';
}

/** `dpkg -S`, also under the name that the file had before /lib became a link to /usr/lib. */
async function debianOwner(path: string): Promise<string | undefined> {
  const names = [path, path.replace(/^\/usr\/lib/, '/lib'), path.replace(/^\/lib/, '/usr/lib')];
  for (const name of new Set(names)) {
    const result = await run(['dpkg', '-S', name]);
    const owner = /^(\S+): /.exec(result.stdout.toString('utf8'))?.[1];
    if (result.status === 0 && owner !== undefined) return owner;
  }
  return undefined;
}

/** The licence file that lies beside the executable and in the extension. */
export function licenceFile(parts: readonly Part[]): string {
  const list = parts.map((part) => `  ${part.name} ${part.version}: ${part.licence ?? 'see its text'}`);
  const rule = '='.repeat(78);
  const texts = parts.map((part) => `${rule}\n${part.name} ${part.version}\n${rule}\n\n${part.text}\n`);
  return `What is inside razor-mk, and under which licences:\n\n${list.join('\n')}\n\n${texts.join('\n')}`;
}

/** The project itself, as a part with its licence. */
export function projectPart(version: string): Part {
  const text = readFileSync(join(PROJECT, 'LICENSE'), 'utf8').trim();
  return { kind: 'project', name: 'razor-mk', version, licence: 'Apache-2.0', text };
}

/** Directory that holds LICENSE of an unpacked Node package, or the file beside a fetched binary. */
export function nodeLicenceFile(node: string): string {
  const beside = `${node}.LICENSE`;
  return existsSync(beside) ? beside : join(dirname(node), '../LICENSE');
}
