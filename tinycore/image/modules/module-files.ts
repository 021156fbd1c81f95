/** Kernel modules that a builder adds: files, or names that are looked for in the module directories of a kernel. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { isDirectory } from '../../../platform/files.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { readWithin } from '../../../platform/within.ts';
import type { Base } from '../base/base-source.ts';
import { fileEntry, type Entry } from '../initrd/entry.ts';
import { isModule, moduleName } from '../../node/module-name.ts';
import { defaultDrivers } from './drivers.ts';
import { plainModule, plainPath, readModuleIndex, selectModules, type ModuleIndex } from './modules.ts';

interface AddedModules {
  readonly entries: readonly Entry[];
  readonly names: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Modules by name (with what they need, from `directories`, which are lib/modules/VERSION of the same kernel) or by file.
 * Throws RAZOR_MK_IMAGE_BASE for a module of another kernel, RAZOR_MK_FILE_UNREADABLE for one that is not there.
 */
export async function addedModules(
  base: Base,
  wanted: readonly string[],
  directories: readonly string[],
  modulesFrom?: string,
): Promise<AddedModules> {
  const entries = new Map<string, Entry>();
  const all = modulesFrom !== undefined && isDirectory(modulesFrom) ? await defaultsOf(modulesFrom, base) : [];
  for (const entry of all) entries.set(entry.path, entry);
  const notes: string[] = [];
  const version = base.moduleVersion ?? base.kernelVersion ?? '';
  for (const text of wanted) {
    if (isModule(text) && (text.includes('/') || existsSync(text))) {
      if (!existsSync(text)) throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `${text} is not there`);
      const data = readFileSync(text);
      await checkVersion(text, data, version);
      const path = `lib/modules/${version}/updates/${basename(text)}`;
      entries.set(path, fileEntry(path, data));
    } else if (base.modules.has(text.replaceAll('-', '_'))) {
      notes.push(`the base has ${text} already`);
    } else {
      for (const entry of await byName(text, directories, version)) {
        if (!base.modules.has(moduleName(entry.path))) entries.set(entry.path, entry);
      }
    }
  }
  const own = [...entries.keys()].filter(isModule).map(moduleName);
  return { entries: [...entries.values()], names: [...own, ...builtinOf(entries)], notes };
}

/** What an image needs besides drivers: extensions are mounted by the first two, Tiny Core's own init waits for the third. */
const ALWAYS = ['squashfs', 'loop', 'zram'];

/**
 * The default drivers and what every image needs out of a directory lib/modules/VERSION, as modprobe of old busyboxes reads them:
 * compressed by gzip or not at all. With them the list of what is built in.
 */
async function defaultsOf(directory: string, base: Base): Promise<Entry[]> {
  const version = base.kernelVersion ?? '';
  const index = indexOf(directory);
  const selection = selectModules(index, [...ALWAYS, ...defaultDrivers(base.arch).map(({ module }) => module)]);
  const entries: Entry[] = [];
  for (const path of selection.paths) {
    const data = moduleIn(directory, path);
    await checkVersion(path, data, version);
    const plain = await plainModule(path, data);
    entries.push(fileEntry(`lib/modules/${version}/${plainPath(path)}.gz`, gzipSync(plain, { level: 6 })));
  }
  for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo']) {
    const list = readWithin(directory, name);
    if (list !== undefined) entries.push(fileEntry(`lib/modules/${version}/${name}`, list));
  }
  return entries;
}

/** The index of a directory of modules. Throws RAZOR_MK_FILE_UNREADABLE where depmod has not run over it. */
function indexOf(directory: string): ModuleIndex {
  const index = readModuleIndex((file) => readWithin(directory, file)?.toString());
  if (index.dep.size > 0) return index;
  throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `${directory} has no modules.dep`, {
    remedy: 'Give the directory lib/modules/VERSION of an unpacked kernel package, after depmod -b DIR VERSION.',
  });
}

/** A module that modules.dep names. Throws RAZOR_MK_FILE_UNREADABLE where it is not in the directory, or a link leads out of it. */
function moduleIn(directory: string, path: string): Buffer {
  const bytes = readWithin(directory, path);
  if (bytes !== undefined) return bytes;
  throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `${path}, which modules.dep names, is not in ${directory}`, {
    remedy: 'Run depmod again, and give the directory itself, not one of links to another.',
  });
}

/** What the list of built-in modules names, where one is among the entries. */
function builtinOf(entries: ReadonlyMap<string, Entry>): string[] {
  const list = [...entries.values()].find(({ path }) => path.endsWith('/modules.builtin'));
  return list === undefined ? [] : Buffer.from(list.data).toString().split('\n').filter(Boolean).map(moduleName);
}

async function byName(name: string, directories: readonly string[], version: string): Promise<Entry[]> {
  for (const directory of directories) {
    const selection = selectModules(indexOf(directory), [name]);
    if (selection.missing.length > 0) continue;
    const entries: Entry[] = [];
    for (const path of selection.paths) {
      const data = moduleIn(directory, path);
      await checkVersion(path, data, version);
      entries.push(fileEntry(`lib/modules/${version}/${path}`, data));
    }
    return entries;
  }
  throw new RazorMkError(
    'RAZOR_MK_FILE_UNREADABLE',
    `the module ${name} is not in the base${directories.length > 0 ? `, nor in ${directories.join(', ')}` : ''}`,
    {
      remedy:
        'Name its file (--module DIR/NAME.ko), or the directory that has it (--module-dir …/lib/modules/VERSION).',
    },
  );
}

/** A module says for which kernel it was built: `vermagic=6.1.0-56-amd64 SMP …` in its section .modinfo. */
async function checkVersion(path: string, data: Buffer, version: string): Promise<void> {
  const plain = Buffer.from(await plainModule(path, data));
  const at = plain.indexOf('vermagic=');
  if (at < 0) {
    throw new RazorMkError('RAZOR_MK_IMAGE_BASE', `${path} is not a kernel module`);
  }
  const built = plain.toString('latin1', at + 9, at + 200).split(/[\s\0]/)[0] ?? '';
  if (built !== version) {
    throw new RazorMkError(
      'RAZOR_MK_IMAGE_BASE',
      `${path} is for Linux ${built}, the base has ${version}: it would not load`,
      {
        remedy: 'Take the module of the same kernel package as the base.',
      },
    );
  }
}
