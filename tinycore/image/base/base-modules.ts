/** The kernel modules of a base that is made of a Debian kernel package. */
import { gzipSync } from 'node:zlib';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { readWithin } from '../../../platform/within.ts';
import { fileEntry, type Entry } from '../initrd/entry.ts';
import type { Arch } from '../../../packaging/project-paths.ts';
import { OWN_ARCH } from '../architectures.ts';
import { defaultDrivers } from '../modules/drivers.ts';
import { depmodTables, plainModule, plainPath, readModuleIndex, selectModules } from '../modules/modules.ts';
import { packageFile, type DebianPackage } from './debian.ts';

interface BaseModules {
  /** Modules, each compressed by gzip, their lists and tables. */
  readonly entries: readonly Entry[];
  readonly count: number;
  /** Modules that were asked for and that this kernel does not have. */
  readonly missing: readonly string[];
}

/**
 * The default drivers and `extra`, with all that they need, out of an unpacked kernel package over which depmod has run. Throws
 * RAZOR_MK_IMAGE_BASE where depmod listed nothing: no driver of such an image would load. RAZOR_MK_ARCHIVE for a broken module.
 */
export async function baseModules(
  kernel: DebianPackage,
  version: string,
  extra: readonly string[],
  arch: Arch = OWN_ARCH,
): Promise<BaseModules> {
  const root = packageFile(kernel, `lib/modules/${version}`);
  const index = readModuleIndex((file) => readWithin(root, file)?.toString());
  const read = (file: string): Buffer => {
    const bytes = readWithin(root, file);
    if (bytes !== undefined) return bytes;
    throw new RazorMkError('RAZOR_MK_IMAGE_BASE', `${kernel.name} ${kernel.version} has no ${file}`);
  };
  if (index.dep.size === 0) {
    throw new RazorMkError('RAZOR_MK_IMAGE_BASE', `depmod found no module of ${kernel.name} ${kernel.version}`, {
      remedy: 'Check that the kmod of this machine reads the compression of its modules (depmod --version).',
    });
  }
  const selection = selectModules(index, [...defaultDrivers(arch).map((driver) => driver.module), ...extra]);
  const lists = ['modules.order', 'modules.builtin', 'modules.builtin.modinfo'];
  const place = `lib/modules/${version}`;
  // unpacked they would take 60 MB of the machine's memory; busybox' modprobe reads them compressed, as Core's does
  const files: Entry[] = [];
  for (const path of selection.paths) {
    const plain = await plainModule(path, read(path));
    files.push(fileEntry(`${place}/${plainPath(path)}.gz`, gzipSync(plain, { level: 6 })));
  }
  const entries = [...files, ...lists.map((name) => fileEntry(`${place}/${name}`, read(name)))];
  const tables = await depmodTables(version, entries, false);
  return { entries: [...entries, ...tables], count: selection.paths.length, missing: selection.missing };
}
