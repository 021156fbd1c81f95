/** The shared libraries that the executable needs, found on the build machine without running it. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { readElf } from '../executable/elf.ts';
import { ARCHES, type Arch } from '../project-paths.ts';

export interface Library {
  /** The name that the loader looks for: `libc.so.6`. */
  readonly name: string;
  /** The file on the build machine, links resolved. */
  readonly path: string;
}

/** Where libraries of an architecture may lie: this machine's own, or those of Debian's -cross packages. */
function directories(arch: Arch, extra: readonly string[]): string[] {
  const { triplet } = ARCHES[arch];
  const own = arch === process.arch ? [`/lib/${triplet}`, `/usr/lib/${triplet}`, '/lib64', '/usr/lib64', '/lib'] : [];
  return [...extra, ...own, `/usr/${triplet}/lib`, `/lib/${triplet}`, `/usr/lib/${triplet}`];
}

/**
 * The dynamic loader and every library that `executable` needs, directly or through another, sorted by name.
 * `extra` directories come first. Throws RAZOR_MK_PACKAGE where one is missing.
 */
export function findLibraries(arch: Arch, executable: string, extra: readonly string[] = []): Library[] {
  const { loader, elfMachine, triplet } = ARCHES[arch];
  const places = directories(arch, extra);
  const found = new Map<string, Library>();
  const wanted = [loader, ...readElf(readFileSync(executable)).needed];
  for (let name = wanted.shift(); name !== undefined; name = wanted.shift()) {
    if (found.has(name)) continue;
    const path = places
      .map((place) => join(place, String(name)))
      .find((candidate) => existsSync(candidate) && readElf(readFileSync(candidate)).machine === elfMachine);
    if (path === undefined)
      throw new RazorMkError('RAZOR_MK_PACKAGE', `${name} for ${ARCHES[arch].machine} is not on this machine`, {
        remedy: `Install Debian's libc6, libgcc-s1 and libstdc++6 (for another architecture libstdc++6-${arch}-cross) or name their directory: --libraries DIR. Looked in ${places.join(', ')} (${triplet}).`,
      });
    found.set(name, { name, path: realpathSync(path) });
    wanted.push(...readElf(readFileSync(path)).needed);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
