/** Throw-away initrds of virtual machines: Debian's kernel modules, static busybox, and programs of this machine. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  copyFileSync,
  chmodSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { run } from '../../platform/process/run.ts';

export interface Guest {
  readonly kernel: string;
  readonly initrd: string;
}

/** The drivers that the virtual machines' devices need, and what those use. */
const DRIVERS = [
  ...[
    'acpi',
    'ata',
    'block',
    'cdrom',
    'char/tpm',
    'hid',
    'i2c/busses',
    'input',
    'message/fusion',
    'nvme',
    'scsi',
    'usb',
    'virtio',
  ],
  ...['net/ethernet', 'net/vmxnet3', 'net/mii.ko', 'net/virtio_net.ko', 'net/net_failover.ko', 'net/phy', 'net/mdio'],
];
/** Whole parts of the module tree that are taken. */
const PARTS = [
  'arch/x86/crypto',
  'block',
  'crypto',
  'fs/efivarfs',
  'lib',
  'net/core',
  'net/802',
  'net/8021q',
  'net/bridge',
  'net/llc',
];

async function must(argv: readonly [string, ...string[]], cwd?: string): Promise<string> {
  const result = await run(argv, {
    timeoutMs: 300_000,
    outputLimit: 256 * 1024 * 1024,
    cwd,
  });
  if (result.status !== 0) {
    throw new Error(`${argv.join(' ')}: ${result.failure ?? result.status} ${result.stderr.toString().slice(0, 500)}`);
  }
  return result.stdout.toString();
}

/** Directories of the guest's root, in any order. */
const DIRECTORIES = 'bin sbin usr/bin dev proc sys lib/modules lib64 usr/share/misc tmp run'.split(' ');

/** What a guest is made of, besides Debian's kernel, its modules and static busybox. */
export interface GuestParts {
  /** The first process: a script for busybox. */
  readonly init: string;
  /** Programs of this machine; the libraries that they load come with them. */
  readonly programs: readonly string[];
  /** Further files: their path in the guest, and here. Directories are copied whole. */
  readonly files?: Readonly<Record<string, string>>;
  /** Whole trees, their symbolic links as they are. */
  readonly trees?: Readonly<Record<string, string>>;
  /** Files whose libraries come too. */
  readonly librariesOf?: readonly string[];
  /** Not compressed: emulated processors unpack slowly, and QEMU reads fast. */
  readonly plain?: true;
  /** Parts of the kernel's drivers/ in place of the usual ones. */
  readonly drivers?: readonly string[];
  /** Options of apt, for packages of another release than this machine's. */
  readonly apt?: readonly string[];
}

/** Makes kernel and initrd in `folder`, downloading with apt-get what is not there yet. */
export async function buildGuest(folder: string, parts: GuestParts): Promise<Guest> {
  const unpacked = await unpackKernel(folder, parts);
  const version = readdirSync(inPackage(unpacked, 'lib/modules'))[0] ?? '';
  const root = join(folder, 'root');
  rmSync(root, { recursive: true, force: true });
  for (const name of DIRECTORIES) mkdirSync(join(root, name), { recursive: true });
  copyFileSync(inPackage(unpacked, 'bin/busybox'), join(root, 'bin/busybox'));
  for (const program of parts.programs) await copyProgram(program, root);
  for (const path of parts.librariesOf ?? []) await copyLibraries(path, root);
  for (const [to, from] of Object.entries(parts.trees ?? {})) {
    cpSync(from, join(root, to), { recursive: true, verbatimSymlinks: true });
  }
  for (const [to, from] of Object.entries(parts.files ?? {})) {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    cpSync(from, join(root, to), { recursive: true, dereference: true });
  }
  await copyModules(unpacked, root, version, parts.drivers ?? DRIVERS);
  writeFileSync(join(root, 'init'), parts.init);
  chmodSync(join(root, 'init'), 0o755);
  const initrd = join(folder, parts.plain ? 'initrd.cpio' : 'initrd.cpio.gz');
  const archive = await archiveOf(root);
  writeFileSync(initrd, parts.plain ? archive : gzipSync(archive, { level: 1 }));
  return { kernel: join(unpacked, `boot/vmlinuz-${version}`), initrd };
}

/** A path of an unpacked package, which from Debian 13 on lies below /usr. */
function inPackage(unpacked: string, path: string): string {
  const merged = join(unpacked, 'usr', path);
  return existsSync(merged) ? merged : join(unpacked, path);
}

/** The directory in which Debian's kernel and busybox lie unpacked. */
async function unpackKernel(folder: string, { apt = [] }: GuestParts): Promise<string> {
  const packages = join(folder, 'packages');
  const unpacked = join(folder, 'unpacked');
  mkdirSync(packages, { recursive: true });
  if (existsSync(join(unpacked, 'boot'))) return unpacked;
  const image = 'linux-image-amd64';
  const said = await must(['apt-cache', ...apt, 'depends', image]);
  const kernel = /Depends: (linux-image-[^\s:]+)/.exec(said)?.[1];
  if (kernel === undefined) throw new Error(`apt-cache knows no ${image}: run apt-get update`);
  await must(['apt-get', ...apt, 'download', kernel, 'busybox-static'], packages);
  for (const file of readdirSync(packages)) await must(['dpkg', '-x', join(packages, file), unpacked]);
  return unpacked;
}

/** A program of this machine with the libraries that it loads. */
async function copyProgram(program: string, root: string): Promise<void> {
  mkdirSync(dirname(join(root, program)), { recursive: true });
  copyFileSync(program, join(root, program));
  await copyLibraries(program, root);
}

async function copyLibraries(program: string, root: string): Promise<void> {
  const libraries = await must(['ldd', program]);
  for (const [, path] of libraries.matchAll(/(\/\S+\.so\S*) \(0x/g)) {
    if (path === undefined) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(path, join(root, path));
  }
}

async function copyModules(unpacked: string, root: string, version: string, drivers: readonly string[]): Promise<void> {
  const modules = join('lib/modules', version);
  const here = join(inPackage(unpacked, 'lib/modules'), version);
  for (const part of [...drivers.map((driver) => `drivers/${driver}`), ...PARTS]) {
    for (const name of [part, `${part}.xz`]) {
      const from = join(here, 'kernel', name);
      if (existsSync(from)) cpSync(from, join(root, modules, 'kernel', name), { recursive: true });
    }
  }
  await copyDependencies(here, join(root, modules));
  for (const list of readdirSync(here).filter((name) => /^modules\.(order|builtin)/.test(name))) {
    copyFileSync(join(here, list), join(root, modules, list));
  }
  // an emulated processor would take most of a minute for it
  await must(['find', join(root, modules), '-name', '*.ko.xz', '-exec', 'xz', '-d', '{}', '+']);
  await must(['depmod', '-b', root, version]);
}

/** What the modules in `there` need of those in `here`: one without it would not be loaded, and nobody would be told. */
async function copyDependencies(here: string, there: string): Promise<void> {
  const table = join(here, 'modules.dep');
  if (!existsSync(table)) await must(['depmod', '-b', join(here, '../../..'), basename(here)]);
  for (const line of readFileSync(table, 'utf8').split('\n')) {
    const [module = '', needed = ''] = line.split(':');
    if (module === '' || !existsSync(join(there, module))) continue;
    for (const name of needed.split(' ').filter((word) => word !== '' && !existsSync(join(there, word)))) {
      cpSync(join(here, name), join(there, name));
    }
  }
}

async function archiveOf(root: string): Promise<Buffer> {
  const names = await must(['find', '.', '-print'], root);
  const archive = await run(['cpio', '-o', '-H', 'newc', '--quiet'], {
    cwd: root,
    input: names,
    timeoutMs: 120_000,
    outputLimit: 1024 * 1024 * 1024,
  });
  if (archive.status !== 0) throw new Error(`cpio: ${archive.stderr.toString().slice(0, 500)}`);
  return archive.stdout;
}
