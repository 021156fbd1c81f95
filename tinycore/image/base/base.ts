/**
 * A base made of Debian packages, in the shape of Tiny Core: a kernel and a core.gz whose init goes the same way (rcS,
 * tc-config, tce-setup with /tmp/builtin, dhcp.sh in the background, /opt/bootsync.sh). The shell parts are ours (tinycore/base).
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { replaceFile } from '../../../platform/files.ts';
import { removeLeftovers } from '../../../platform/leftovers.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { Arch } from '../../../packaging/project-paths.ts';
import { OWN_ARCH } from '../architectures.ts';
import { compress } from '../initrd/compress.ts';
import { writeCpio } from '../initrd/cpio.ts';
import type { Suite } from './apt-suite.ts';
import { baseModules } from './base-modules.ts';
import {
  fetchPackage,
  kernelPackage,
  packageFile,
  type DebianPackage,
  type KernelKind,
  type PackageSource,
} from './debian.ts';
import {
  deviceEntry,
  directoryEntry,
  fileEntry,
  parentsOf,
  sortEntries,
  symlinkEntry,
  type Entry,
} from '../initrd/entry.ts';
import { entriesOfDirectory } from '../initrd/directory-entries.ts';
import { must } from '../programs.ts';

interface DebianBaseOptions {
  readonly kernel: KernelKind;
  /** The processor that it is for; this machine's by default. */
  readonly arch?: Arch;
  readonly out: string;
  readonly cache: string;
  /** The release of Debian; the machine's own sources by default. */
  readonly suite?: Suite;
  readonly env?: PackageSource['env'];
  /** Seconds since 1970 of every file. */
  readonly epoch: number;
  /** Modules besides the default ones. */
  readonly modules?: readonly string[];
  readonly step?: (text: string) => void;
  readonly signal?: AbortSignal;
}

interface DebianBase {
  readonly kernelVersion: string;
  readonly kernelPath: string;
  readonly initrdPath: string;
  readonly moduleCount: number;
  /** Modules that were asked for and that this kernel does not have. */
  readonly missing: readonly string[];
  readonly unpackedSize: number;
  readonly packages: readonly string[];
}

/** Makes `OUT/vmlinuz` and `OUT/core.gz`. Throws RAZOR_MK_DOWNLOAD, RAZOR_MK_IMAGE_PROGRAM, RAZOR_MK_FILE_UNWRITABLE. */
export async function makeDebianBase(options: DebianBaseOptions): Promise<DebianBase> {
  const step = options.step ?? (() => undefined);
  step('asking apt for the packages');
  const { cache, suite, arch, env, signal } = options;
  const source = { cache, suite, arch, env, signal };
  const name = await kernelPackage(options.kernel, source);
  step(`fetching ${name} and busybox-static`);
  const kernel = await fetchPackage(name, source);
  const busybox = await fetchPackage('busybox-static', source);
  const version = name.replace(/^linux-image-/, '');
  step('choosing modules');
  const modules = await baseModules(kernel, version, options.modules ?? [], arch);
  const entries = [
    ...(await systemEntries(busybox, source)),
    ...modules.entries,
    fileEntry('etc/razor-mk-base', `kernel: ${name} ${kernel.version}\nbusybox: busybox-static ${busybox.version}\n`),
  ];
  step('packing core.gz');
  const archive = writeCpio(sortEntries([...parentsOf(entries), ...entries]), { mtime: options.epoch });
  const paths = { kernelPath: join(options.out, 'vmlinuz'), initrdPath: join(options.out, 'core.gz') };
  mkdirSync(options.out, { recursive: true });
  removeLeftovers(options.out);
  replaceFile(paths.kernelPath, readFileSync(packageFile(kernel, `boot/vmlinuz-${version}`)));
  replaceFile(paths.initrdPath, await compress(archive, 'gzip'));
  return {
    ...paths,
    kernelVersion: version,
    moduleCount: modules.count,
    missing: modules.missing,
    unpackedSize: archive.length,
    packages: [kernel, busybox].map((each) => `${each.name} ${each.version}`),
  };
}

const DIRECTORIES: readonly (readonly [string, number])[] = [
  ...['bin', 'sbin', 'dev', 'proc', 'sys', 'run', 'mnt', 'var/log', 'var/run', 'var/lock', 'var/spool/cron/crontabs'],
  ...[
    'usr/local/bin',
    'usr/local/sbin',
    'usr/local/lib',
    'usr/local/etc',
    'usr/local/tce.installed',
    'home/tc',
    'lib',
    'lib64',
  ],
].map((path) => [path, 0o755] as const);

/** Applets that would pretend to be programs of a distribution. */
const LEFT_OUT = new Set(['dpkg', 'dpkg-deb', 'rpm', 'rpm2cpio', 'linuxrc', 'busybox']);

/**
 * The paths of busybox' applets, by itself. Where it is for another processor the one of this machine, of the same release, is asked;
 * what the other does not have by name is left out.
 */
async function appletsOf(busybox: DebianPackage, source: PackageSource): Promise<string[]> {
  const binary = packageFile(busybox, 'bin/busybox');
  const foreign = (source.arch ?? OWN_ARCH) !== OWN_ARCH;
  const asked = foreign
    ? packageFile(await fetchPackage('busybox-static', { ...source, arch: OWN_ARCH }), 'bin/busybox')
    : binary;
  const listed = (await must([asked, '--list-full'])).stdout.toString().split('\n').filter(Boolean);
  const names = foreign ? readFileSync(binary) : undefined;
  const applets = listed.filter((path) => names?.includes(`\0${basename(path)}\0`) ?? true);
  if (applets.length >= 100) return applets;
  throw new RazorMkError('RAZOR_MK_IMAGE_BASE', `${binary} has ${applets.length} programs only`);
}

async function systemEntries(busybox: DebianPackage, source: PackageSource): Promise<Entry[]> {
  const binary = packageFile(busybox, 'bin/busybox');
  const applets = await appletsOf(busybox, source);
  const links = applets.filter((path) => !LEFT_OUT.has(path.split('/').at(-1) ?? ''));
  return [
    ...DIRECTORIES.map(([path, mode]) => directoryEntry(path, mode)),
    directoryEntry('root', 0o700),
    directoryEntry('tmp', 0o1777),
    deviceEntry('dev/console', 'char', 5, 1),
    deviceEntry('dev/null', 'char', 1, 3, 0o666),
    fileEntry('bin/busybox', readFileSync(binary), 0o755),
    fileEntry(
      'usr/share/doc/busybox/copyright',
      readFileSync(packageFile(busybox, 'usr/share/doc/busybox-static/copyright')),
    ),
    ...links.map((path) => symlinkEntry(path, '/bin/busybox')),
    ...entriesOfDirectory(join(import.meta.dirname, '../../base')).map((entry) =>
      entry.path === 'etc/shadow' ? { ...entry, mode: 0o600 } : entry,
    ),
  ];
}
