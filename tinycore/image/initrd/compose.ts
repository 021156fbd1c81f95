/**
 * The image's own part of the initrd: overlay, extensions, modules, firmware, files. It is one cpio archive that is put
 * behind the base's: what the base has stays as it is, and what both have the later one wins.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Overlay, OverlayEntry } from '../../../packaging/extension/overlay.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { AgentParts } from '../extensions/agent-form.ts';
import { mirrorDirectory, type Base } from '../base/base-source.ts';
import { directoryEntry, fileEntry, linkTarget, movedTo, parentsOf, sizeOf, sortEntries, type Entry } from './entry.ts';
import { parseList, type TczExtension } from '../extensions/extensions.ts';
import { entriesOfDirectory } from './directory-entries.ts';
import { fileOf, readTree, resolvePath } from './initrd.ts';
import { isModule } from '../../node/module-name.ts';
import { depmodTables } from '../modules/modules.ts';

export interface Parts {
  readonly agent: AgentParts;
  /** In the order in which they are loaded. */
  readonly builtin: readonly TczExtension[];
  readonly mirror: readonly TczExtension[];
  /** Modules and their place below lib/modules/VERSION. */
  readonly modules: readonly Entry[];
  readonly firmware: readonly Entry[];
  /** Files of the user, and those that a flavour brings (keys, a password hash). */
  readonly files: readonly Entry[];
  /** What steps of the user made of all of that, directories of the base with another mode included. */
  readonly stepped?: readonly Entry[];
}

/** Entries in the order of the archive. Throws RAZOR_MK_IMAGE_NAME, RAZOR_MK_IMAGE_PROGRAM (depmod). */
export async function composeEntries(base: Base, overlay: Overlay, parts: Parts): Promise<Entry[]> {
  const { tree } = base.contents;
  const added = [
    ...parts.agent.entries,
    ...builtinEntries(base, parts),
    ...mirrorEntries(base, parts.mirror),
    ...(await moduleEntries(base, parts.modules)),
    ...parts.firmware,
    ...parts.files,
  ].map((entry) => ({ ...entry, path: throughLinks(tree, entry.path) }));
  const first = overlay.entries.map(overlayEntry);
  const isDirectory = new Set([...tree].filter(([, entry]) => entry.type === 'directory').map(([path]) => path));
  const known = new Set([...isDirectory, ...first.map((entry) => entry.path)]);
  const firstPaths = new Set(first.map((entry) => entry.path));
  const own = [
    ...added.filter(
      (entry) => entry.type !== 'directory' || (!isDirectory.has(entry.path) && !firstPaths.has(entry.path)),
    ),
    ...(parts.stepped ?? []),
  ];
  const replaced = new Map(own.map((entry) => [entry.path, entry]));
  const rest = sortEntries([...parentsOf(own, known), ...own.filter((entry) => !firstPaths.has(entry.path))]);
  return [...first.map((entry) => replaced.get(entry.path) ?? entry), ...rest, overlayEntry(overlay.last)];
}

function overlayEntry(entry: OverlayEntry): Entry {
  if (entry.kind === 'directory') return directoryEntry(entry.path, entry.mode);
  return fileEntry(entry.path, entry.content, entry.mode);
}

/** Where a path lies in the base: `lib64/x` is `lib/x` where the base has a link lib64; the kernel would replace the link. */
function throughLinks(tree: ReadonlyMap<string, Entry>, path: string): string {
  const parent = path.split('/').slice(0, -1).join('/');
  const name = path.split('/').at(-1) ?? '';
  const place = resolvePath(tree, parent);
  return place === '' ? name : `${place}/${name}`;
}

function builtinEntries(base: Base, parts: Parts): Entry[] {
  const extensions = [...parts.builtin, ...(parts.agent.extension === undefined ? [] : [parts.agent.extension])];
  if (extensions.length === 0) return [];
  const before = parseList(readTree(base.contents.tree, 'tmp/builtin/onboot.lst')?.toString() ?? '');
  const names = [...new Set([...before, ...extensions.map((extension) => extension.name)])];
  return [
    directoryEntry('tmp/builtin', 0o775),
    directoryEntry('tmp/builtin/optional', 0o775),
    fileEntry('tmp/builtin/onboot.lst', `${names.join('\n')}\n`),
    ...extensions.flatMap((extension) => extensionEntries('tmp/builtin/optional', extension)),
  ];
}

function mirrorEntries(base: Base, extensions: readonly TczExtension[]): Entry[] {
  if (extensions.length === 0) return [];
  const directory = `tmp/tinycorelinux/${mirrorDirectory(base.contents.tree, base.moduleVersion)}`;
  return extensions.flatMap((extension) => extensionEntries(directory, extension));
}

function extensionEntries(directory: string, extension: TczExtension): Entry[] {
  const path = `${directory}/${extension.name}`;
  return [
    fileEntry(path, extension.data),
    ...(extension.dep.length > 0 ? [fileEntry(`${path}.dep`, `${extension.dep.join('\n')}\n`)] : []),
    fileEntry(`${path}.md5.txt`, `${extension.md5}  ${extension.name}\n`),
  ];
}

async function moduleEntries(base: Base, added: readonly Entry[]): Promise<Entry[]> {
  if (added.length === 0) return [];
  const version = base.moduleVersion;
  if (version === undefined)
    throw new RazorMkError('RAZOR_MK_IMAGE_BASE', `${base.from} has no modules, so none can be added`);
  const { tree } = base.contents;
  const root = resolvePath(tree, `lib/modules/${version}`);
  const union = new Map<string, Entry>();
  for (const [path, entry] of tree) {
    if (entry.type !== 'file' || !path.startsWith(`${root}/`)) continue;
    const name = path.slice(root.length + 1);
    if (isModule(path) || /^modules\.(order|builtin|builtin\.modinfo)$/.test(name)) {
      union.set(name, movedTo(entry, `lib/modules/${version}/${name}`, fileOf(tree, path)));
    }
  }
  for (const entry of added) union.set(entry.path.slice(`lib/modules/${version}/`.length), entry);
  const tables = await depmodTables(version, union.values(), tree.has(`${root}/modules.dep.bin`));
  return [...added, ...tables];
}

/** Files that a person names as SRC:DST, or a directory's tree. Throws RAZOR_MK_IMAGE_NAME, RAZOR_MK_FILE_UNREADABLE. */
export function userFiles(pairs: readonly string[]): Entry[] {
  return pairs.flatMap((pair) => {
    const colon = pair.lastIndexOf(':');
    const [source, target] = colon < 0 ? [pair, pair] : [pair.slice(0, colon), pair.slice(colon + 1)];
    return treeAt(source, cleanTarget(target === '' ? source : target, pair));
  });
}

/** The file or tree at `source` as entries at `target`. */
export function treeAt(source: string, target: string): Entry[] {
  if (!existsSync(source)) throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `${source} is not there`);
  const stat = statSync(source);
  if (stat.isDirectory()) return [directoryEntry(target), ...entriesOfDirectory(source, target)];
  return [fileEntry(target, readFileSync(source), (stat.mode & 0o111) === 0 ? 0o644 : 0o755)];
}

/** A path in the image without its leading slash. Throws RAZOR_MK_IMAGE_NAME for `..`, control characters and the like. */
export function cleanTarget(target: string, shown = target): string {
  const path = target.replace(/^\/+/, '').replace(/\/+$/, '');
  if (
    path === '' ||
    /\p{Cc}/u.test(path) ||
    path.split('/').some((part) => part === '..' || part === '.' || part === '')
  ) {
    throw new RazorMkError(
      'RAZOR_MK_IMAGE_NAME',
      `${JSON.stringify(shown)}: ${JSON.stringify(target)} cannot be a path in an image`,
    );
  }
  return path;
}

/** Firmware files and directories at lib/firmware. */
export function firmwareEntries(paths: readonly string[]): Entry[] {
  return paths.flatMap((path) => {
    const [source = '', target] = path.split(':', 2);
    const isDirectory = existsSync(source) && statSync(source).isDirectory();
    const place = target === undefined ? (isDirectory ? '' : basename(source)) : cleanTarget(target, path);
    return treeAt(source, place === '' ? 'lib/firmware' : join('lib/firmware', place));
  });
}

/** Bytes of the tree that the kernel makes of base and image, each file in whole pages. */
export function unpackedBytes(base: Base, entries: readonly Entry[]): number {
  const tree = new Map(base.contents.tree);
  for (const entry of entries) tree.set(entry.path, entry);
  let bytes = 0;
  for (const entry of tree.values()) {
    if (entry.linkTo !== undefined) continue;
    if (entry.type === 'file') bytes += Math.ceil(sizeOf(entry) / 4096) * 4096;
    else if (entry.type === 'symlink' && linkTarget(entry).length > 127) bytes += 4096;
  }
  return bytes;
}
