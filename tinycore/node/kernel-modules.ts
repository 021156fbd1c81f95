/**
 * Loads the kernel modules of a list, as the original does at every load of its configuration: those that are loaded already are
 * removed, all at once because they may depend on each other; then each is inserted from its file; then depmod. A name is
 * looked for below the kernel's module directory: absent or ambiguous ones are warned about. VMware's modules are for VMware.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../platform/log/log.ts';
import type { System } from '../../platform/system.ts';
import { parseModuleList, readList } from './lists.ts';
import { moduleName } from './module-name.ts';

interface ModulesOptions {
  readonly system: System;
  readonly log: Log;
  readonly listUri: string;
  readonly fetchList: (url: string) => Promise<Uint8Array | undefined>;
  readonly vouchFor?: (url: string, bytes: Uint8Array) => Promise<void>;
  readonly root?: string;
  /** `uname -r`. */
  readonly kernel?: string;
}

/** Modules of the extension open-vm-tools. */
const VMWARE_MODULES = new Set(['vmblock', 'vmsync', 'vmci', 'vmxnet', 'vmhgfs']);
const FILE = /^(.+)\.ko(\.gz|\.xz|\.zst)?$/;
const MOST_FILES = 50_000;

/** What happened to each module, in the original's signs: `+` inserted, `-` removed only, `/` removed and inserted. */
type ModuleChanges = ReadonlyMap<string, '+' | '-' | '/'>;

/** Never throws. */
export async function loadKernelModules(options: ModulesOptions): Promise<ModuleChanges> {
  const { log, system } = options;
  const root = options.root ?? '/';
  const changes = new Map<string, '+' | '-' | '/'>();
  const list = await readList('kernel modules', parseModuleList, options);
  if (list === undefined) return changes;
  const { entries } = list;
  const directory = join(root, 'lib/modules', options.kernel ?? release(), 'kernel');
  // modules of extensions are not below the base's (Tiny Core links them beside it)
  const files = entries.length === 0 ? [] : [directory, `${directory}.tclocal`].flatMap(moduleFiles);
  const onVmware = isVmware(root);
  const wanted = entries
    .filter((entry) => onVmware || !VMWARE_MODULES.has(moduleName(entry)))
    .map((entry) => ({ name: moduleName(entry), file: findModule(entry, files, directory, log) }))
    // without a file it could be removed and not come back
    .filter((module): module is { name: string; file: string } => module.file !== undefined)
    .filter(({ name }, at, all) => all.findIndex((one) => one.name === name) === at);
  const loaded = loadedModules(root);
  const stale = wanted.map(({ name }) => name).filter((name) => loaded.has(name));
  for (const name of await removed(stale, root, options)) changes.set(name, '-');
  for (const { name, file } of wanted) {
    if (loaded.has(name) && !changes.has(name)) continue;
    const done = await succeeded(`insert the module ${name}`, ['insmod', file], options);
    if (done) changes.set(name, changes.get(name) === '-' ? '/' : '+');
  }
  if (changes.size > 0) {
    await succeeded('bring the list of modules up to date', ['depmod', '-a'], options);
    const changed = [...changes].map(([name, sign]) => `${name}${sign}`).join(', ');
    log.info(`kernel modules ${system.live ? 'changed' : 'would change'}: ${changed}`);
  }
  return changes;
}

/** Removes modules at one stroke. Those that are gone: rmmod goes on behind one that it cannot remove, and fails all the same. */
async function removed(names: readonly string[], root: string, options: ModulesOptions): Promise<readonly string[]> {
  if (names.length === 0) return [];
  if (await succeeded(`remove the modules ${names.join(' ')}`, ['rmmod', ...names], options)) return names;
  const left = loadedModules(root);
  return names.filter((name) => !left.has(name));
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

/** The one file of an entry. */
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
      .filter((file) => FILE.test(file))
      .map((file) => join(directory, file));
  } catch {
    return [];
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
