/**
 * Loads the kernel modules of a list, as the original does at every load of its configuration: those that are loaded already are
 * removed, all at once because they may depend on each other; then each is inserted from its file; then depmod. A name is
 * looked for below the kernel's module directory: absent or ambiguous ones are warned about. VMware's modules are for VMware.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { basename, join } from 'node:path';
import { messageOf } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { System } from '../../platform/system.ts';
import { parseModuleList } from './lists.ts';

export interface ModulesOptions {
  readonly system: System;
  readonly log: Log;
  readonly listUri: string;
  readonly fetchList: (url: string) => Promise<Uint8Array | undefined>;
  readonly root?: string;
  /** `uname -r`. */
  readonly kernel?: string;
}

/** Modules of the extension open-vm-tools. */
const VMWARE_MODULES = new Set(['vmblock', 'vmsync', 'vmci', 'vmxnet', 'vmhgfs']);
const FILE = /^(.+)\.ko(\.gz|\.xz|\.zst)?$/;
const MOST_FILES = 50_000;

/** What happened to each module, in the original's signs: `+` inserted, `-` removed only, `/` removed and inserted. */
export type ModuleChanges = ReadonlyMap<string, '+' | '-' | '/'>;

/** Never throws. */
export async function loadKernelModules(options: ModulesOptions): Promise<ModuleChanges> {
  const { log, system } = options;
  const root = options.root ?? '/';
  const changes = new Map<string, '+' | '-' | '/'>();
  let entries: readonly string[];
  try {
    const bytes = await options.fetchList(options.listUri);
    if (bytes === undefined) return changes;
    const list = parseModuleList(bytes);
    for (const warning of list.warnings) log.warn(`list of kernel modules: ${warning}`);
    entries = list.entries;
  } catch (error) {
    log.debug(`no list of kernel modules from ${options.listUri}: ${messageOf(error)}`);
    return changes;
  }
  const directory = join(root, 'lib/modules', options.kernel ?? release(), 'kernel');
  const files = entries.length === 0 ? [] : moduleFiles(directory);
  const onVmware = isVmware(root);
  const wanted = entries
    .map((entry) => ({ name: moduleName(entry), file: findModule(entry, files, directory, log) }))
    .filter(({ name }) => onVmware || !VMWARE_MODULES.has(name));
  const loaded = loadedModules(root);
  const stale = wanted.map(({ name }) => name).filter((name) => loaded.has(name));
  if (stale.length > 0 && (await succeeded(`remove the modules ${stale.join(' ')}`, ['rmmod', ...stale], options))) {
    for (const name of stale) changes.set(name, '-');
  }
  for (const { name, file } of wanted) {
    if (file === undefined || (loaded.has(name) && !changes.has(name))) continue;
    const done = await succeeded(`insert the module ${name}`, ['insmod', join(directory, file)], options);
    if (done) changes.set(name, changes.get(name) === '-' ? '/' : '+');
  }
  if (changes.size > 0) {
    await succeeded('bring the list of modules up to date', ['depmod', '-a'], options);
    const told = [...changes].map(([name, sign]) => `${name}${sign}`).join(', ');
    log.info(`kernel modules ${system.live ? 'changed' : 'would change'}: ${told}`);
  }
  return changes;
}

async function succeeded(
  what: string,
  argv: readonly [string, ...string[]],
  { system, log }: ModulesOptions,
): Promise<boolean> {
  const result = await system.run(what, argv, { timeoutMs: 60_000 });
  if (result.status === 0) return true;
  const said = result.stderr.toString().trim().slice(0, 200);
  log.warn(`${argv.join(' ')} failed: ${result.failure ?? (said || `status ${result.status}`)}`);
  return false;
}

/** `fs/vmblock/vmblock.ko` and `vmblock` name the same module; the kernel writes `_` for `-`. */
export function moduleName(entry: string): string {
  const file = basename(entry);
  return (FILE.exec(file)?.[1] ?? file).replaceAll('-', '_');
}

/** The one file of an entry, relative to the module directory. */
function findModule(entry: string, files: readonly string[], directory: string, log: Log): string | undefined {
  const path = FILE.exec(entry)?.[1] ?? entry;
  const plain = (file: string): string => (FILE.exec(file)?.[1] ?? file).replaceAll('-', '_');
  const tail = path.replaceAll('-', '_');
  const found = files.filter((file) => plain(file) === tail || plain(file).endsWith(`/${tail}`));
  if (found.length === 1) return found[0];
  log.warn(
    found.length === 0
      ? `the kernel module ${entry} is not below ${directory}`
      : `the kernel module ${entry} is ambiguous (${found.slice(0, 3).join(', ')}): give more of its path`,
  );
  return undefined;
}

function moduleFiles(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .slice(0, MOST_FILES)
      .filter((file) => FILE.test(file));
  } catch (error) {
    return messageOf(error) === '' ? [] : [];
  }
}

function loadedModules(root: string): ReadonlySet<string> {
  const lines = read(join(root, 'proc/modules')).split('\n');
  return new Set(lines.map((line) => line.split(' ')[0] ?? '').filter((name) => name !== ''));
}

function isVmware(root: string): boolean {
  return /vmware/i.test(read(join(root, 'sys/class/dmi/id/sys_vendor')));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
