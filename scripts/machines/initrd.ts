/** The throw-away initrd: Debian's kernel modules, static busybox, and this machine's lshw and lscpu with their libraries. */
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync, copyFileSync, chmodSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
const PARTS = ['arch/x86/crypto', 'block', 'crypto', 'lib', 'net/core', 'net/802'];

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

/** Makes kernel and initrd in `folder`, downloading with apt-get what is not there yet. */
export async function buildGuest(folder: string, initScript: string): Promise<Guest> {
  const unpacked = await unpackKernel(folder);
  const version = readdirSync(join(unpacked, 'lib/modules'))[0] ?? '';
  const root = join(folder, 'root');
  rmSync(root, { recursive: true, force: true });
  for (const name of DIRECTORIES) mkdirSync(join(root, name), { recursive: true });
  copyFileSync(join(unpacked, 'bin/busybox'), join(root, 'bin/busybox'));
  for (const program of ['/usr/bin/lshw', '/usr/bin/lscpu']) await copyProgram(program, root);
  copyFileSync('/usr/share/misc/pci.ids', join(root, 'usr/share/misc/pci.ids'));
  await copyModules(unpacked, root, version);
  writeFileSync(join(root, 'init'), initScript);
  chmodSync(join(root, 'init'), 0o755);
  const initrd = join(folder, 'initrd.cpio.gz');
  writeFileSync(initrd, gzipSync(await archiveOf(root), { level: 1 }));
  return { kernel: join(unpacked, `boot/vmlinuz-${version}`), initrd };
}

/** The directory in which Debian's kernel and busybox lie unpacked. */
async function unpackKernel(folder: string): Promise<string> {
  const packages = join(folder, 'packages');
  const unpacked = join(folder, 'unpacked');
  mkdirSync(packages, { recursive: true });
  if (existsSync(join(unpacked, 'boot'))) return unpacked;
  const kernel = /Depends: (linux-image-\S+)/.exec(await must(['apt-cache', 'depends', 'linux-image-amd64']))?.[1];
  if (kernel === undefined) throw new Error('apt-cache knows no linux-image-amd64: run apt-get update');
  await must(['apt-get', 'download', kernel, 'busybox-static'], packages);
  for (const file of readdirSync(packages)) await must(['dpkg', '-x', join(packages, file), unpacked]);
  return unpacked;
}

/** A program of this machine with the libraries that it loads. */
async function copyProgram(program: string, root: string): Promise<void> {
  copyFileSync(program, join(root, program));
  const libraries = await must(['ldd', program]);
  for (const [, path] of libraries.matchAll(/(\/\S+\.so\S*) \(0x/g)) {
    if (path === undefined) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(path, join(root, path));
  }
}

async function copyModules(unpacked: string, root: string, version: string): Promise<void> {
  const modules = join('lib/modules', version);
  for (const part of [...DRIVERS.map((driver) => `drivers/${driver}`), ...PARTS]) {
    const from = join(unpacked, modules, 'kernel', part);
    if (existsSync(from)) cpSync(from, join(root, modules, 'kernel', part), { recursive: true });
  }
  for (const list of readdirSync(join(unpacked, modules)).filter((name) => /^modules\.(order|builtin)/.test(name))) {
    copyFileSync(join(unpacked, modules, list), join(root, modules, list));
  }
  await must(['depmod', '-b', root, version]);
}

async function archiveOf(root: string): Promise<Buffer> {
  const names = await must(['find', '.', '-print'], root);
  const archive = await run(['cpio', '-o', '-H', 'newc', '--quiet'], {
    cwd: root,
    input: names,
    timeoutMs: 120_000,
    outputLimit: 1024 * 1024 * 1024,
  });
  if (archive.status !== 0) throw new Error(`cpio: ${archive.stderr.toString()}`);
  return archive.stdout;
}
