/**
 * `image inspect`: what an ISO or an initrd holds, and how a Razor server and a machine would judge it. Nothing is mounted
 * and nothing is unpacked on disk.
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import type { Arch } from '../../packaging/project-paths.ts';
import { isArm64Image } from '../../platform/netboot/kernel-arch.ts';
import { archOfProgram, readKernelFile } from './base/kernel-file.ts';
import { baseProblems } from './base/base-needs.ts';
import { openAccounts, type OpenAccount } from './initrd/accounts.ts';
import { missingDrivers, type Driver } from './modules/drivers.ts';
import { sizeOf, type Entry } from './initrd/entry.ts';
import { parseList } from './extensions/extensions.ts';
import { LARGEST_PROGRAM, readInitrd, readTree, type Initrd } from './initrd/initrd.ts';
import { MENUS } from './iso/edit-iso.ts';
import { openIso, type IsoVolume } from './iso/iso-reader.ts';
import { memoryNeeded } from './initrd/memory-need.ts';
import { bytesOfFile, digestOf, type StoredBytes } from './initrd/stored-bytes.ts';
import { judgeMetadata, type Judgement } from './iso/iso-metadata.ts';
import { isModule } from '../node/module-name.ts';
import { kernelVersionOf, moduleNamesOf } from './modules/modules.ts';

export interface InitrdReport {
  readonly bytes: number;
  readonly segments: readonly {
    readonly compression: string;
    readonly bytes: number;
    readonly unpacked: number;
    readonly entries: number;
  }[];
  /** The processor of its programs, by busybox; undefined where it has none. */
  readonly arch: Arch | undefined;
  readonly kernelModules: { readonly version: string; readonly count: number } | undefined;
  readonly missing: readonly Driver[];
  readonly extensions: readonly { readonly name: string; readonly bytes: number; readonly onboot: boolean }[];
  readonly needsMib: number;
  readonly unpackedBytes: number;
  /** Of the image's own part: written by the builder, and its end is there. */
  readonly image:
    | {
        readonly version?: string;
        readonly flavour?: string;
        readonly complete: boolean;
        /** The kernel line may choose a login of root. */
        readonly bootLogin: boolean;
      }
    | undefined;
  /** What would stop a machine before the agent runs, in words. */
  readonly lacks: readonly string[];
  /** Who can log in by a password, or without one. */
  readonly openAccounts: readonly OpenAccount[];
  readonly largest: readonly { readonly path: string; readonly bytes: number }[];
}

export interface Inspection {
  readonly file: string;
  readonly kind: 'iso' | 'initrd';
  readonly iso?: Omit<IsoVolume, 'files'> & { readonly fileCount: number };
  readonly metadata?: Judgement;
  readonly kernel?: {
    readonly path: string;
    readonly bytes: number;
    readonly arch: Arch | undefined;
    readonly version: string;
    readonly sha256: string;
  };
  readonly initrd?: InitrdReport & { readonly path: string; readonly sha256: string };
  /** What is wrong, in words; empty for an image that boots and that a server takes. */
  readonly problems: readonly string[];
}

/** Menus and metadata that are read whole. */
const LARGEST_TEXT = 256 * 1024;
/** Where a PC's kernel has its header and its version (readKernelFile). */
const KERNEL_HEAD = 128 * 1024;

/**
 * Looks into an image, of which at most some hundred MiB are ever in memory. Throws RAZOR_MK_ISO, RAZOR_MK_ARCHIVE,
 * RAZOR_MK_FILE_UNREADABLE for what cannot be read at all.
 */
export async function inspectImage(file: string): Promise<Inspection> {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    const bytes = bytesOfFile(fd, 0, fstatSync(fd).size);
    const looksIso = bytes.at(0x8001, 5).toString('latin1') === 'CD001' || file.endsWith('.iso');
    return looksIso ? await inspectIso(file) : await inspectInitrd(file, bytes);
  } catch (error) {
    if (error instanceof RazorMkError) throw error;
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

async function inspectInitrd(file: string, bytes: StoredBytes): Promise<Inspection> {
  const initrd = await reportInitrd(bytes, file);
  return {
    file,
    kind: 'initrd',
    initrd: { ...initrd, path: file, sha256: digestOf(bytes, 'sha256') },
    problems: initrdProblems(initrd),
  };
}

async function inspectIso(file: string): Promise<Inspection> {
  const iso = openIso(file);
  try {
    const { files, boot, disk, id, application, preparer, publisher, size, fileSize, names } = iso;
    const read = (path: string): Buffer | undefined => (files.has(path) ? iso.read(path, LARGEST_TEXT) : undefined);
    const text = read('iso-metadata.yaml')?.toString();
    const metadata = await judgeMetadata(text, (path, algorithm) =>
      files.has(path) ? digestOf(iso.open(path), algorithm) : undefined,
    );
    const map = metadata.metadata ?? {};
    const named = (key: string, others: readonly string[]): string | undefined =>
      [map[key], ...others].find((path): path is string => typeof path === 'string' && files.has(path));
    const kernel = kernelOf(iso, named('kernel', ['boot/vmlinuz64', 'boot/vmlinuz']));
    const boots = { words: wordsOf(read), release: kernel?.release };
    const initrd = await initrdOf(iso, named('initrd', ['boot/corepure64.gz', 'boot/core.gz']), file, boots);
    const problems = [
      ...metadata.problems,
      ...(file.endsWith('.iso') ? [] : ['the name does not end in .iso: a Razor server refuses it']),
      ...(kernel === undefined
        ? ['no kernel']
        : kernel.release === undefined
          ? [`${kernel.path} is not a Linux kernel`]
          : []),
      ...(initrd === undefined ? ['no initrd'] : initrdProblems(initrd)),
      ...(kernel?.report.arch !== undefined && initrd?.arch !== undefined && kernel.report.arch !== initrd.arch
        ? [`the kernel is for ${kernel.report.arch}, the programs of the initrd are for ${initrd.arch}`]
        : []),
      ...(boot.some((entry) => entry.bootable) ? [] : ['no boot catalogue: it does not boot as a CD']),
    ];
    return {
      file,
      kind: 'iso',
      iso: { boot, disk, id, application, preparer, publisher, size, fileSize, names, fileCount: files.size },
      metadata,
      ...(kernel === undefined ? {} : { kernel: kernel.report }),
      ...(initrd === undefined ? {} : { initrd }),
      problems,
    };
  } finally {
    iso.close();
  }
}

type OpenIso = ReturnType<typeof openIso>;

interface FoundKernel {
  readonly path: string;
  readonly release: string | undefined;
  readonly report: NonNullable<Inspection['kernel']>;
}

function kernelOf(iso: OpenIso, path: string | undefined): FoundKernel | undefined {
  if (path === undefined) return undefined;
  const bytes = iso.open(path);
  const head = bytes.at(0, KERNEL_HEAD);
  const { arch, release } = readKernelFile(isArm64Image(head) ? bytes.at(0, bytes.length) : head) ?? {};
  const report = { path, bytes: bytes.length, arch, version: release ?? '', sha256: digestOf(bytes, 'sha256') };
  return { path, release, report };
}

async function initrdOf(
  iso: OpenIso,
  path: string | undefined,
  file: string,
  boots: BootedBy,
): Promise<Inspection['initrd']> {
  if (path === undefined) return undefined;
  const bytes = iso.open(path);
  const report = await reportInitrd(bytes, `${path} of ${file}`, boots);
  return { ...report, path, sha256: digestOf(bytes, 'sha256') };
}

/** What stands beside the initrd in an ISO. */
interface BootedBy {
  /** Of the kernel line. */
  readonly words: readonly string[];
  /** The kernel's version: an initrd may hold modules of several. */
  readonly release: string | undefined;
}

async function reportInitrd(
  bytes: StoredBytes,
  name: string,
  { words, release }: BootedBy = { words: [], release: undefined },
): Promise<InitrdReport> {
  const initrd = await readInitrd(bytes, name);
  const { tree, segments } = initrd;
  const version = kernelVersionOf(tree, release);
  const files = [...tree.values()].filter((entry) => entry.type === 'file' && entry.linkTo === undefined);
  const unpackedBytes = files.reduce((sum, entry) => sum + Math.ceil(sizeOf(entry) / 4096) * 4096, 0);
  return {
    bytes: bytes.length,
    segments: segments.map((each) => ({
      compression: each.compression,
      bytes: each.size,
      unpacked: each.unpackedSize,
      entries: each.entries.length,
    })),
    arch: archOfTree(tree),
    kernelModules: version === undefined ? undefined : { version, count: modulesOf(tree, version) },
    missing: version === undefined ? [] : missingDrivers(moduleNamesOf(tree, version), archOfTree(tree) ?? 'x64'),
    extensions: extensionsOf(tree),
    unpackedBytes,
    needsMib: memoryNeeded(unpackedBytes, bytes.length),
    image: imageOf(initrd),
    lacks: lacksOf(tree, version, words),
    openAccounts: openAccounts(tree),
    largest: files
      .sort((a, b) => sizeOf(b) - sizeOf(a))
      .slice(0, 5)
      .map((entry) => ({ path: entry.path, bytes: sizeOf(entry) })),
  };
}

function modulesOf(tree: ReadonlyMap<string, Entry>, version: string): number {
  return [...tree.keys()].filter((path) => isModule(path) && path.includes(`lib/modules/${version}/`)).length;
}

function archOfTree(tree: ReadonlyMap<string, Entry>): Arch | undefined {
  const shell = readTree(tree, 'bin/busybox', LARGEST_PROGRAM);
  return shell === undefined ? undefined : archOfProgram(shell);
}

/** The kernel words of the ISO's own menu. */
function wordsOf(read: (path: string) => Buffer | undefined): string[] {
  for (const { path, line, read: words } of MENUS) {
    const text = line.exec(read(path)?.toString('latin1') ?? '')?.[2];
    if (text !== undefined) return words(text);
  }
  return [];
}

/** Only of images: a base alone is mended when it becomes one. */
function lacksOf(tree: ReadonlyMap<string, Entry>, version: string | undefined, words: readonly string[]): string[] {
  if (readTree(tree, 'etc/razor-mk/image') === undefined) return [];
  if (version === undefined && [...tree.keys()].some((path) => path.endsWith('.tcz')))
    return ['there are no kernel modules: nothing shows that it could load its extensions, or a driver'];
  const listed = readTree(tree, `lib/modules/${version}/modules.builtin`) !== undefined;
  const names = version !== undefined && listed ? moduleNamesOf(tree, version) : undefined;
  return baseProblems(tree, names, words).map(({ what }) => what);
}

function extensionsOf(tree: ReadonlyMap<string, Entry>): InitrdReport['extensions'] {
  const onboot = new Set(parseList(readTree(tree, 'tmp/builtin/onboot.lst')?.toString() ?? ''));
  return [...tree.values()]
    .filter((entry) => entry.type === 'file' && entry.path.endsWith('.tcz'))
    .map((entry) => {
      const name = entry.path.split('/').at(-1) ?? '';
      return { name, bytes: sizeOf(entry), onboot: entry.path.startsWith('tmp/builtin/') && onboot.has(name) };
    });
}

function imageOf(initrd: Initrd): InitrdReport['image'] {
  const text = readTree(initrd.tree, 'etc/razor-mk/image')?.toString();
  if (text === undefined) return undefined;
  const value = (name: string): string | undefined => new RegExp(`^${name}='([^']*)'$`, 'm').exec(text)?.[1];
  const [version, flavour] = [value('RAZOR_MK_VERSION'), value('RAZOR_MK_FLAVOUR')];
  return {
    version,
    flavour,
    bootLogin: value('RAZOR_MK_BOOT_LOGIN') === 'yes',
    complete: initrd.segments.at(-1)?.entries.at(-1)?.path === 'etc/razor-mk/complete',
  };
}

function initrdProblems(report: InitrdReport): string[] {
  const problems: string[] = [];
  if (report.image === undefined)
    problems.push('the initrd was not made by razor-mk image build: no agent of ours is in it');
  else if (!report.image.complete)
    problems.push('the sentinel etc/razor-mk/complete is not the last file: the machine could not tell a half initrd');
  problems.push(...report.lacks);
  const empty = report.openAccounts.filter(({ by }) => by === 'empty').map(({ name }) => name);
  if (empty.length > 0) problems.push(`without a password anybody can log in as ${empty.join(', ')}`);
  const known = report.openAccounts.filter(({ by }) => by === 'password').map(({ name }) => name);
  if (known.length > 0 && report.image?.flavour === 'prod')
    problems.push(`a prod image has no logins, and this one has a password of ${known.join(', ')}`);
  return problems;
}
