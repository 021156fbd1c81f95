/**
 * Steps of the person who builds (`--build-step`): programs that are run against the root tree of the image, laid out in a temporary
 * directory. What they add or change goes into the image's own archive; what the base brings cannot be taken away, since its
 * archive stays as it is.
 */
import {
  accessSync,
  chmodSync,
  constants,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isDirectory, isFile } from '../../../platform/files.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { run } from '../../../platform/process/run.ts';
import { makeDirectoryWithin, withinSync } from '../../../platform/within.ts';
import type { Base } from '../base/base-source.ts';
import type { BuildOptions } from '../build-options.ts';
import { withTemporary } from '../programs.ts';
import { directoryEntry, fileEntry, linkTarget, symlinkEntry, type Entry } from './entry.ts';
import { fileOf } from './initrd.ts';

type Tree = ReadonlyMap<string, Entry>;

/** Written by the builder after the steps. */
const GENERATED = ['etc/razor-mk/image', 'etc/razor-mk/complete'];

/** Minutes that a step may take. */
const MINUTES = 30;

/** What a step is told of the builder's environment. */
const PASSED_ON = ['http_proxy', 'https_proxy', 'no_proxy'];

/**
 * Runs the steps over a tree and gives the files, directories and links that they added or changed, owned as what they replace or by
 * root. Throws RAZOR_MK_IMAGE_PROGRAM for a step that fails, RAZOR_MK_USAGE for one that is no program, or that removes something or
 * makes a device.
 */
export async function runBuildSteps(tree: Tree, base: Base, options: BuildOptions): Promise<Entry[]> {
  const programs = (options.buildSteps ?? []).flatMap(programsOf);
  if (programs.length === 0) return [];
  return await withTemporary(async (directory) => {
    options.step('laying out the root tree for your steps');
    const before = layOut(tree, directory);
    for (const program of programs) {
      options.step(`running ${program}`);
      await runStep(program, directory, base, options);
    }
    return changesOf(directory, before, tree);
  });
}

/** A program, or those of a directory in the order of their names; what cannot be run there is left to them. */
function programsOf(path: string): string[] {
  const own = resolve(path);
  const executable = (file: string): boolean => {
    try {
      accessSync(file, constants.X_OK);
      return isFile(file);
    } catch {
      return false;
    }
  };
  const found = isDirectory(own)
    ? readdirSync(own)
        .sort()
        .map((name) => join(own, name))
    : [own];
  const programs = found.filter(executable);
  if (programs.length > 0) return programs;
  throw new RazorMkError('RAZOR_MK_USAGE', `--build-step ${path}: no program that can be run`, {
    remedy: 'Give an executable file, or a directory of such (chmod +x).',
  });
}

async function runStep(program: string, root: string, base: Base, options: BuildOptions): Promise<void> {
  const { env = {}, flavour, version, epoch, signal } = options;
  const names = PASSED_ON.flatMap((name) => [name, name.toUpperCase()]);
  const passed = names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  const result = await run([program], {
    cwd: root,
    umask: 0o022,
    timeoutMs: MINUTES * 60_000,
    signal,
    env: {
      ...Object.fromEntries(passed),
      HOME: env['HOME'] ?? '/',
      TMPDIR: env['TMPDIR'] ?? '/tmp',
      RAZOR_MK_ROOT: root,
      RAZOR_MK_STEP_DIR: dirname(program),
      RAZOR_MK_FLAVOUR: flavour,
      RAZOR_MK_VERSION: version,
      RAZOR_MK_KERNEL_VERSION: base.moduleVersion ?? base.kernelVersion ?? '',
      SOURCE_DATE_EPOCH: String(epoch),
    },
  });
  if (result.status === 0) return;
  const why = result.failure ?? (result.signal === undefined ? `status ${result.status}` : result.signal);
  const said = `${result.stdout.toString()}\n${result.stderr.toString()}`.trim().split('\n').slice(-5).join('; ');
  throw new RazorMkError(
    'RAZOR_MK_IMAGE_PROGRAM',
    `the build step ${program} ended with ${why}: ${said.slice(0, 500)}`,
    {
      remedy: 'Mend the step and build again; nothing was written.',
    },
  );
}

/** What lay there before the steps: the mode as it was made, and the entry. */
type Before = ReadonlyMap<string, { readonly mode: number; readonly entry: Entry }>;

/** Devices are left out, and files below links that lead out of the tree. */
function layOut(tree: Tree, directory: string): Before {
  const before = new Map<string, { mode: number; entry: Entry }>();
  const paths = [...tree.keys()].sort();
  const place = (path: string): string | undefined => {
    const parent = dirname(path);
    if (!makeDirectoryWithin(directory, parent, 0o755)) return undefined;
    const real = withinSync(directory, parent);
    return real === undefined ? undefined : join(real, path.split('/').at(-1) ?? '');
  };
  const links: string[] = [];
  for (const path of paths) {
    const entry = tree.get(path);
    if (entry === undefined || path === '' || path === '.') continue;
    const target = place(path);
    if (target === undefined || (entry.type !== 'directory' && lstatSync(target, { throwIfNoEntry: false }))) continue;
    if (entry.type === 'file' && entry.linkTo !== undefined) {
      links.push(path);
      continue;
    }
    // a step that is not root must be able to change what is there
    const mode = entry.mode | (entry.type === 'directory' ? 0o700 : 0o600);
    if (entry.type === 'directory') makeDirectoryWithin(directory, path, mode);
    else if (entry.type === 'symlink') symlinkSync(linkTarget(entry), target);
    else if (entry.type === 'file') writeFileSync(target, entry.data, { flag: 'wx' });
    else continue;
    if (entry.type !== 'symlink') chmodSync(target, mode);
    before.set(path, { mode, entry });
  }
  for (const path of links) {
    const entry = tree.get(path);
    const [target, owner] = [place(path), withinSync(directory, entry?.linkTo ?? '')];
    if (entry === undefined || target === undefined || owner === undefined) continue;
    linkSync(owner, target);
    before.set(path, { mode: entry.mode | 0o600, entry });
  }
  return before;
}

function changesOf(directory: string, before: Before, tree: Tree): Entry[] {
  const seen = new Set<string>();
  const changed: Entry[] = [];
  const walk = (parent: string): void => {
    for (const name of readdirSync(join(directory, parent)).sort()) {
      const path = parent === '' ? name : `${parent}/${name}`;
      seen.add(path);
      const entry = changeOf(join(directory, path), path, before.get(path), tree);
      if (entry !== undefined) changed.push(entry);
      if (lstatSync(join(directory, path)).isDirectory()) walk(path);
    }
  };
  walk('');
  const refuse = (what: string, remedy: string): RazorMkError =>
    new RazorMkError('RAZOR_MK_USAGE', `a build step ${what}`, { remedy });
  const gone = [...before.keys()].find((path) => !seen.has(path));
  if (gone !== undefined) {
    throw refuse(`removed ${gone}`, 'What is there can be replaced or emptied, not removed: the base stays as it is.');
  }
  const generated = changed.find(({ path }) => GENERATED.includes(path));
  if (generated !== undefined) throw refuse(`changed ${generated.path}`, 'That file is the builder’s own: leave it.');
  return changed;
}

/** The entry of what lies at `file` now; undefined where it is what was laid out. */
function changeOf(
  file: string,
  path: string,
  was: { readonly mode: number; readonly entry: Entry } | undefined,
  tree: Tree,
): Entry | undefined {
  const stat = lstatSync(file);
  const mode = stat.mode & 0o7777;
  const { uid = 0, gid = 0 } = was?.entry ?? {};
  const type = was?.entry.type;
  // the bits that were added when it was laid out
  const kept = was !== undefined && mode === was.mode ? was.entry.mode : mode;
  if (stat.isSymbolicLink()) {
    const target = readlinkSync(file);
    const same = type === 'symlink' && was !== undefined && linkTarget(was.entry) === target;
    return same ? undefined : { ...symlinkEntry(path, target), uid, gid };
  }
  if (stat.isDirectory()) {
    const same = type === 'directory' && kept === was?.entry.mode;
    // made on the way to a file of the base whose archive has no entry for it
    const implied = was === undefined && mode === 0o755 && [...tree.keys()].some((each) => each.startsWith(`${path}/`));
    return same || implied ? undefined : { ...directoryEntry(path, kept), uid, gid };
  }
  if (!stat.isFile()) {
    throw new RazorMkError('RAZOR_MK_USAGE', `a build step made ${path}, which is no file, directory or link`, {
      remedy: 'Make devices at boot, in /opt/bootlocal.sh.',
    });
  }
  const data = readFileSync(file);
  const content = type === 'file' ? fileOf(tree, path) : undefined;
  const same = content !== undefined && kept === was?.entry.mode && data.equals(content.data);
  return same ? undefined : { ...fileEntry(path, data, kept), uid, gid };
}
