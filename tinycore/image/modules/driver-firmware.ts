/**
 * Firmware that the drivers of an image name themselves: `firmware=` of their .modinfo, as `modinfo -F firmware` prints it. Out of a
 * tree of firmware, which may be all of linux-firmware, only these files go in, and what each driver costs is told.
 */
import { matchesGlob } from 'node:path';
import { isDirectory } from '../../../platform/files.ts';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { listWithin, readWithin } from '../../../platform/within.ts';
import { isModule, moduleName } from '../../node/module-name.ts';
import { unpack } from '../initrd/compress.ts';
import { fileEntry, type Entry } from '../initrd/entry.ts';
import { LARGEST_PROGRAM, readTree } from '../initrd/initrd.ts';
import { bytesInMemory } from '../initrd/stored-bytes.ts';
import { moduleInfo, textsOf } from './module-info.ts';
import { plainModule } from './modules.ts';

/** What a driver costs. */
export interface DriverFirmware {
  readonly driver: string;
  readonly files: number;
  readonly bytes: number;
  /** Names that the driver knows and that are in none of the trees: for other cards, or of another package. */
  readonly absent: readonly string[];
}

export interface ChosenFirmware {
  readonly entries: readonly Entry[];
  /** Drivers that name firmware, those with the most bytes first. A file that two drivers name counts for each. */
  readonly drivers: readonly DriverFirmware[];
  /** Bytes of all files, each once. */
  readonly bytes: number;
}

/**
 * The names of firmware by the drivers that name them, of the modules in a tree and of those that are built into its kernel (`version`).
 * A name may be a pattern. Throws RAZOR_MK_ARCHIVE for a broken module.
 */
export async function firmwareNames(
  tree: ReadonlyMap<string, Entry>,
  version: string | undefined,
): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>();
  const add = (driver: string, name: string): void => void names.set(driver, [...(names.get(driver) ?? []), name]);
  for (const [path, entry] of tree) {
    if (entry.type !== 'file' || entry.linkTo !== undefined || !isModule(path)) continue;
    const module = Buffer.from(await plainModule(path, entry.data));
    for (const text of moduleInfo(module)) if (text.startsWith('firmware=')) add(moduleName(path), text.slice(9));
  }
  const builtin = readTree(tree, `lib/modules/${version}/modules.builtin.modinfo`);
  for (const text of textsOf(builtin ?? Buffer.alloc(0))) {
    const [, driver, name] = /^([\w-]+)\.firmware=(.+)$/.exec(text) ?? [];
    if (driver !== undefined && name !== undefined) add(driver, name);
  }
  return names;
}

/** Compressed files of a tree, which not every kernel reads, go in unpacked. */
const ENDINGS = [
  ['.xz', 'xz'],
  ['.zst', 'zstd'],
] as const;

/**
 * The files of `directories` (each like /lib/firmware, or with lib/firmware or usr/lib/firmware in it) that the drivers name. Throws
 * RAZOR_MK_FILE_UNREADABLE for a directory that is not there, RAZOR_MK_USAGE where none of the files is in any of them.
 */
export async function chooseFirmware(
  names: ReadonlyMap<string, readonly string[]>,
  directories: readonly string[],
): Promise<ChosenFirmware> {
  const trees = directories.map(firmwareTree);
  let listed: string[] | undefined;
  const known = (): string[] => (listed ??= [...new Set(trees.flatMap((tree) => filesBelow(tree)))].sort());
  const entries = new Map<string, Entry>();
  const drivers: DriverFirmware[] = [];
  for (const [driver, wanted] of names) {
    const found = new Set<string>();
    const absent: string[] = [];
    for (const name of new Set(wanted)) {
      const paths = /[*?[]/.test(name) ? known().filter((path) => matchesGlob(path, name)) : [name];
      const before = found.size;
      for (const path of paths) {
        const data = entries.get(path)?.data ?? (await contentOf(trees, path));
        if (data === undefined) continue;
        entries.set(path, fileEntry(`lib/firmware/${path}`, data));
        found.add(path);
      }
      if (found.size === before) absent.push(name);
    }
    const bytes = [...found].reduce((sum, path) => sum + (entries.get(path)?.data.length ?? 0), 0);
    drivers.push({ driver, files: found.size, bytes, absent });
  }
  if (entries.size === 0) {
    throw new RazorMkError(
      'RAZOR_MK_USAGE',
      `nothing in ${directories.join(', ')} is named by a driver of this image`,
      {
        remedy: 'Give the directory whose files are those of /lib/firmware, or whole files by --firmware.',
      },
    );
  }
  return {
    entries: [...entries.values()],
    drivers: drivers.sort((a, b) => b.bytes - a.bytes || (a.driver < b.driver ? -1 : 1)),
    bytes: [...entries.values()].reduce((sum, { data }) => sum + data.length, 0),
  };
}

/** An unpacked Debian package has its firmware in lib/firmware (12) or usr/lib/firmware (13). */
function firmwareTree(directory: string): string {
  if (!isDirectory(directory))
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `${directory} is not a directory of firmware`);
  const inner = ['usr/lib/firmware', 'lib/firmware'].map((path) => `${directory}/${path}`);
  return inner.find(isDirectory) ?? directory;
}

/** Names of firmware in a tree, without the ending of their compression. Links to directories are not walked. */
function filesBelow(tree: string, path = ''): string[] {
  return listWithin(tree, path).flatMap((entry) => {
    const inner = path === '' ? entry.name : `${path}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(tree, inner) : [inner.replace(/\.(xz|zst)$/, '')];
  });
}

/** The first of the trees that has the file, compressed or not; links are followed within it. */
async function contentOf(trees: readonly string[], path: string): Promise<Uint8Array | undefined> {
  for (const tree of trees) {
    const plain = readWithin(tree, path);
    if (plain !== undefined) return plain;
    for (const [ending, compression] of ENDINGS) {
      const packed = readWithin(tree, path + ending);
      if (packed === undefined) continue;
      try {
        const { data } = await unpack(bytesInMemory(packed), compression, LARGEST_PROGRAM);
        return data.at(0, data.length);
      } catch (error) {
        throw new RazorMkError('RAZOR_MK_ARCHIVE', `${tree}/${path}${ending}: ${messageOf(error)}`, { cause: error });
      }
    }
  }
  return undefined;
}
