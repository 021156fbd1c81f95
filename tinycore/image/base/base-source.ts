/** Where the base of an image comes from: an ISO, a directory, or a kernel and an initrd; and what must be in it. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Arch } from '../../../packaging/project-paths.ts';
import { isDirectory } from '../../../platform/files.ts';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { hasEntryWithin, readWithin } from '../../../platform/within.ts';
import { joinSegments, LARGEST_PROGRAM, readInitrd, readTree, resolvePath, type Initrd } from '../initrd/initrd.ts';
import { IMAGE_ARCHES } from '../architectures.ts';
import { archOfProgram, readKernelFile, wholeLength } from './kernel-file.ts';
import { openIso } from '../iso/iso-reader.ts';
import { kernelVersionOf, moduleNamesOf } from '../modules/modules.ts';
import type { Entry } from '../initrd/entry.ts';

export interface Base {
  /** In words, for messages: the path it came from. */
  readonly from: string;
  /** The processor that its kernel is for. */
  readonly arch: Arch;
  readonly kernel: Buffer;
  readonly initrd: Buffer;
  readonly contents: Initrd;
  /** Of the kernel file itself; undefined where its header names none. */
  readonly kernelVersion: string | undefined;
  /** The directory below lib/modules. */
  readonly moduleVersion: string | undefined;
  /** Names of the modules of the base, built-in ones included. */
  readonly modules: ReadonlySet<string>;
}

/** Names under which Tiny Core and others keep them, in the order in which they are looked for. */
const KERNELS = ['boot/vmlinuz64', 'boot/vmlinuz', 'vmlinuz64', 'vmlinuz', 'vmlinuz0'];
const INITRDS = [
  'boot/corepure64.gz',
  'boot/core.gz',
  'boot/rootfs64.gz',
  'boot/rootfs.gz',
  'corepure64.gz',
  'core.gz',
  'rootfs64.gz',
  'rootfs.gz',
  'initrd0.img',
];
/** What Tiny Core publishes beside rootfs.gz and rootfs64.gz; core.gz is one of each, joined. */
const MODULES = ['modules64.gz', 'modules.gz'];

/** Every name under which a directory may hold a part of a base. */
export const BASE_FILES: readonly string[] = [...KERNELS, ...INITRDS, ...MODULES];

export interface BaseLocation {
  /** ISO file or directory. */
  readonly base?: string;
  readonly kernel?: string;
  /** Files that the kernel unpacks one after the other: `rootfs64.gz`, `modules64.gz`. */
  readonly initrd?: readonly string[];
  /** Modules of the kernel, for a base that has none of it: an archive like modules64.gz, or a directory lib/modules/VERSION. */
  readonly modulesFrom?: string;
}

/**
 * Reads a base into memory. Throws RAZOR_MK_IMAGE_BASE (parts that are not there), RAZOR_MK_ISO, RAZOR_MK_ARCHIVE,
 * RAZOR_MK_FILE_UNREADABLE.
 */
export async function readBase(location: BaseLocation): Promise<Base> {
  const { kernel, initrd, from } = findParts(location);
  const contents = await readInitrd(initrd, `the initrd of ${from}`);
  const { tree } = contents;
  const named = readKernelFile(kernel);
  if (named === undefined) {
    throw new RazorMkError(
      'RAZOR_MK_IMAGE_BASE',
      `the kernel of ${from} is neither a bzImage nor an Image of arm64: it has no boot header`,
    );
  }
  const { arch, release: kernelVersion } = named;
  checkKernelWhole(kernel, from);
  checkOneArch({ arch, from, contents });
  // a directory of modules is of the kernel, which the added modules are held against one by one
  const fromDirectory = location.modulesFrom !== undefined && isDirectory(location.modulesFrom);
  const moduleVersion = fromDirectory ? kernelVersion : kernelVersionOf(tree, kernelVersion);
  if (tree.get(resolvePath(tree, 'init'))?.type !== 'file') {
    throw new RazorMkError('RAZOR_MK_IMAGE_BASE', `the initrd of ${from} has no /init: it does not boot alone`);
  }
  const modules = moduleVersion === undefined ? new Set<string>() : moduleNamesOf(tree, moduleVersion);
  return { from, arch, kernel, initrd, contents, kernelVersion, moduleVersion, modules };
}

/** A directory or an ISO: what is there under a name. */
interface Source {
  has(name: string): boolean;
  read(name: string): Buffer;
}

interface FoundParts {
  readonly kernel: Buffer;
  readonly initrd: Buffer;
  readonly from: string;
}

function findParts(location: BaseLocation): FoundParts {
  const { base, modulesFrom } = location;
  const given = {
    kernel: location.kernel === undefined ? undefined : readWhole(location.kernel),
    initrds: (location.initrd ?? []).map(readWhole),
  };
  const more = modulesFrom === undefined || isDirectory(modulesFrom) ? [] : [readWhole(modulesFrom)];
  if (base === undefined) {
    if (given.kernel === undefined || given.initrds.length === 0) {
      throw new RazorMkError('RAZOR_MK_USAGE', 'no base was named', {
        remedy: 'Give --base ISO or --base DIRECTORY, or --kernel FILE with --initrd FILE.',
      });
    }
    const initrd = joinSegments([...given.initrds, ...more]);
    return { kernel: given.kernel, initrd, from: (location.initrd ?? []).join(' with ') };
  }
  return withSource(base, (source) => {
    const pick = (names: readonly string[], what: string): string => {
      const name = names.find((each) => source.has(each));
      if (name === undefined) throw lacks(base, what, names);
      return name;
    };
    const kernel = given.kernel ?? source.read(pick(KERNELS, 'kernel'));
    if (given.initrds.length > 0) return { kernel, initrd: joinSegments([...given.initrds, ...more]), from: base };
    const name = pick(INITRDS, 'core.gz');
    const beside = /rootfs(64)?\.gz$/.test(name) ? MODULES.map((each) => join(dirname(name), each)) : [];
    const names = [name, ...beside.filter((each) => source.has(each))];
    return { kernel, initrd: joinSegments([...names.map((each) => source.read(each)), ...more]), from: base };
  });
}

function withSource<T>(base: string, action: (source: Source) => T): T {
  if (!existsSync(base)) throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `${base} is not there`);
  if (isDirectory(base)) {
    return action({ has: (name) => hasEntryWithin(base, name), read: (name) => readPart(base, name) });
  }
  const iso = openIso(base);
  try {
    return action({ has: (name) => iso.files.has(name), read: (name) => iso.read(name) });
  } finally {
    iso.close();
  }
}

function lacks(where: string, what: string, names: readonly string[]): RazorMkError {
  return new RazorMkError(
    'RAZOR_MK_IMAGE_BASE',
    `${where} has no ${what} (looked for ${names.slice(0, 4).join(', ')} …)`,
  );
}

/** A part of a base directory, which may be an ISO that somebody unpacked: no link of it is followed out. */
function readPart(base: string, name: string): Buffer {
  const bytes = readWithin(base, name);
  if (bytes !== undefined) return bytes;
  const path = join(base, name);
  throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `${path} is not a file, or a link that leads out of ${base}`, {
    remedy: 'Give the files themselves: --kernel FILE --initrd FILE.',
  });
}

function readWhole(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Throws RAZOR_MK_IMAGE_BASE for a kernel that is cut off: it says itself how long it is. */
function checkKernelWhole(kernel: Buffer, from: string): void {
  const needed = wholeLength(kernel);
  if (kernel.length >= needed) return;
  throw new RazorMkError(
    'RAZOR_MK_IMAGE_BASE',
    `the kernel of ${from} is cut off: it should have ${needed} bytes and has ${kernel.length}`,
    { remedy: 'Fetch it again.' },
  );
}

/** Throws RAZOR_MK_IMAGE_BASE where the programs of the initrd are for another processor than the kernel. */
function checkOneArch({ arch, from, contents }: Pick<Base, 'arch' | 'from' | 'contents'>): void {
  const shell = readTree(contents.tree, 'bin/busybox', LARGEST_PROGRAM);
  const programs = shell === undefined ? undefined : archOfProgram(shell);
  if (programs === undefined || programs === arch) return;
  throw new RazorMkError(
    'RAZOR_MK_IMAGE_BASE',
    `the kernel of ${from} is for ${IMAGE_ARCHES[arch].machine}, the programs of its initrd are for ${IMAGE_ARCHES[programs].machine}`,
    { remedy: 'Take kernel and core.gz of the same base.' },
  );
}

/** Tiny Core's own version and architecture, as its mirror's directories are named: `14.x`, `x86_64`. */
export function mirrorDirectory(tree: ReadonlyMap<string, Entry>, modules: string | undefined): string {
  const release = readTree(tree, 'usr/share/doc/tc/release.txt')?.toString() ?? '';
  const major = /version\s+([^\s.]+)/.exec(release)?.[1] ?? /^\s*([^\s.]+)\./.exec(release)?.[1] ?? 'local';
  const shell = readTree(tree, 'bin/busybox', LARGEST_PROGRAM);
  const wide = shell === undefined ? /64/.test(modules ?? '') : shell[4] === 2; // EI_CLASS of its ELF header
  const arm = shell !== undefined && archOfProgram(shell) === 'arm64';
  const names = arm ? (['aarch64', 'armv7'] as const) : (['x86_64', 'x86'] as const);
  return `${major}.x/${names[wide ? 0 : 1]}/tcz`;
}

/** Throws RAZOR_MK_IMAGE_BASE unless the kernel can mount extensions, or its modules can be told not to fit it. */
export function checkKernelFits(base: Base, needsExtensions: boolean): void {
  if (base.moduleVersion !== undefined && base.kernelVersion !== '' && base.kernelVersion !== base.moduleVersion) {
    throw new RazorMkError(
      'RAZOR_MK_IMAGE_BASE',
      `the kernel of ${base.from} is ${base.kernelVersion}, its modules are of ${base.moduleVersion}: none of them would load`,
      { remedy: 'Take kernel and core.gz of the same release (vmlinuz64 goes with corepure64.gz).' },
    );
  }
  checkKernelRuns(base);
  if (!needsExtensions) return;
  if (base.moduleVersion === undefined) {
    throw new RazorMkError(
      'RAZOR_MK_IMAGE_BASE',
      `the initrd of ${base.from} has no modules: nothing shows that it could load an extension, or a driver`,
      {
        remedy:
          'Give the modules of the kernel (--modules-from modules64.gz), or put the agent into the initrd (--form initrd-gzip).',
      },
    );
  }
  for (const name of ['squashfs', 'loop']) {
    if (base.modules.has(name) || provesExtensions(base)) continue;
    throw new RazorMkError(
      'RAZOR_MK_IMAGE_BASE',
      `the kernel of ${base.from} has no ${name}: it could not load an extension`,
      {
        remedy: `Take another base, add the module (--module ${name}.ko), or put the agent into the initrd (--form initrd-gzip).`,
      },
    );
  }
}

/** The oldest kernel that Node 24 is built for. Its C library does not matter: the extension brings its own. */
const OLDEST: readonly [number, number] = [4, 18];

function checkKernelRuns(base: Base): void {
  const { kernel, from, kernelVersion = '' } = base;
  const [major, minor] = kernelVersion.split('.').map((part) => Number.parseInt(part, 10));
  if (major !== undefined && minor !== undefined && (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))) {
    throw new RazorMkError(
      'RAZOR_MK_IMAGE_BASE',
      `the kernel of ${from} is ${kernelVersion}, and the agent needs ${OLDEST.join('.')}`,
      {
        remedy: 'Take a newer release of Tiny Core (11 or later), or a kernel of your own: --kernel FILE.',
      },
    );
  }
  if (base.arch !== 'x64') return;
  // xloadflags, since boot protocol 2.12: bit 0 is XLF_KERNEL_64
  if (kernel.readUInt16LE(0x206) >= 0x20c && (kernel.readUInt16LE(0x236) & 1) === 0) {
    throw new RazorMkError(
      'RAZOR_MK_IMAGE_BASE',
      `the kernel of ${from} is a 32-bit one, and the agent is a 64-bit program`,
      {
        remedy:
          'Take CorePure64, or give Core’s rootfs.gz a 64-bit kernel: --kernel vmlinuz64 --initrd rootfs.gz --modules-from modules64.gz.',
      },
    );
  }
}

/** A base without modules.builtin says nothing about what is built in; that it brings tce-load proves that it can. */
function provesExtensions(base: Base): boolean {
  const { tree } = base.contents;
  const silent = !tree.has(resolvePath(tree, `lib/modules/${base.moduleVersion}/modules.builtin`));
  return silent && tree.has('usr/bin/tce-load');
}
