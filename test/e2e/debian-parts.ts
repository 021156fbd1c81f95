/**
 * The parts that Debian's installer fetches (.udeb), as a suite of their own on a site's mirror. Some mirrors have packages but not
 * all parts, or an index that is older than the installer's kernel: what is missing is made of the packages that the parts are
 * made of as well, and what nothing is left of is not listed, with what depends on it.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { run } from '../../platform/process/run.ts';

export interface PartsOptions {
  /** Release of Debian: `trixie`. */
  readonly release: string;
  /** The installer's kernel and initrd, which has parts already. */
  readonly kernel: string;
  readonly initrd: string;
  /** Where the suite is made. */
  readonly dir: string;
  /** The file at a path of the mirror, on this machine; undefined where it has none. */
  readonly fetch: (path: string) => Promise<string | undefined>;
}

export interface Parts {
  /** Name of the suite, for `mirror/udeb/suite`. */
  readonly suite: string;
  /** Files by their path on the mirror. */
  readonly files: ReadonlyMap<string, string>;
  /** What was made of packages, and what is left out, for the report. */
  readonly made: readonly string[];
  readonly left: readonly string[];
}

type Fields = Readonly<Record<string, string>>;

/** What a part that may be missing is made of, and which of the packages' files it has. */
const FROM_PACKAGES: Readonly<Record<string, { readonly packages: readonly string[]; readonly files: RegExp }>> = {
  'e2fsprogs-udeb': {
    packages: ['e2fsprogs', 'libext2fs2t64', 'libcom-err2', 'libss2'],
    files:
      /^\.\/(etc\/mke2fs\.conf|usr\/sbin\/(mke2fs|mkfs\.ext\d|e2fsck|fsck\.ext\d|resize2fs|tune2fs)|usr\/lib\/x86_64-linux-gnu\/.*\.so.*)$/,
  },
  'ntfs-3g-udeb': {
    packages: ['ntfs-3g', 'libntfs-3g89t64'],
    files: /^\.\/usr\/(sbin\/(mkntfs|mkfs\.ntfs|ntfsresize)|lib\/x86_64-linux-gnu\/.*\.so.*)$/,
  },
};

/** Modules of disks and file systems; those of networks are in the installer's initrd. */
const MODULES =
  /\/kernel\/(arch\/x86\/crypto|crypto|lib|fs\/(ext4|jbd2|fat|nls|efivarfs|isofs)|drivers\/(ata|block|cdrom|nvme|virtio|scsi\/(sd_mod|sr_mod|virtio_scsi|scsi_mod|sg)))[./]|\/kernel\/fs\/mbcache/;
const MODULE_NAMES = ['ext4', 'ext3', 'scsi', 'scsi-core', 'ata', 'sata', 'fat', 'efi', 'isofs', 'cdrom-core', 'loop'];

/** Makes the suite. Throws where what the installer cannot do without is neither there nor can be made. */
export async function makeParts(options: PartsOptions): Promise<Parts> {
  const { release, dir, fetch } = options;
  const suite = `${release}-parts`;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(dir, 'pool'), { recursive: true });
  const text = await textAt(`dists/${release}/main/debian-installer/binary-amd64/Packages.xz`, fetch);
  const listed = text.trim().split('\n\n').map(fieldsOf);
  const version = kernelVersion(readFileSync(options.kernel));
  const right = listed.filter(({ 'Kernel-Version': of }) => of === undefined || of === version);
  const files = new Map<string, string>();
  const index = new Map<string, Fields>();
  const made: string[] = [];
  const gone = new Set<string>();
  const make = async (fields: Fields, packages: readonly string[], pattern: RegExp): Promise<void> => {
    const part = await madePart({ ...options, fields, packages, pattern });
    index.set(fields['Package'] ?? '', part.fields);
    files.set(part.fields['Filename'] ?? '', part.file);
    made.push(fields['Package'] ?? '');
  };
  const there = await partsIn(options.initrd);
  const needed = neededOf(right, there);
  for (const fields of right) if (there.has(fields['Package'] ?? '')) index.set(fields['Package'] ?? '', fields);
  const fetched = new Set<string>();
  const todo = [...needed];
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      for (let fields = todo.shift(); fields !== undefined; fields = todo.shift()) {
        if ((await fetch(fields['Filename'] ?? '')) !== undefined) fetched.add(fields['Package'] ?? '');
      }
    }),
  );
  for (const fields of needed) {
    const { Package: name = '' } = fields;
    const recipe = FROM_PACKAGES[name];
    if (fetched.has(name)) index.set(name, fields);
    else if (recipe !== undefined) await make(fields, recipe.packages, recipe.files);
    else gone.add(name);
  }
  if (!right.some(({ 'Kernel-Version': of }) => of === version)) {
    await make(modulesOf(version), [`linux-image-${version}`], MODULES);
  }
  const left = withoutBroken(index, gone);
  for (const name of ['partman-base', 'partman-ext3', 'base-installer', 'grub-installer', 'finish-install']) {
    if (!index.has(name)) throw new Error(`the mirror that apt uses has not what ${name} needs: ${left.join(' ')}`);
  }
  const packages = join(dir, 'Packages');
  writeFileSync(packages, [...index.values()].map(textOf).join('\n'));
  const list = 'main/debian-installer/binary-amd64/Packages';
  const of = `Suite: ${suite}\nCodename: ${suite}\nComponents: main\nArchitectures: amd64\nSHA256:\n ${digest('sha256', packages)} ${statSync(packages).size} ${list}\n`;
  writeFileSync(join(dir, 'Release'), of);
  files.set(`dists/${suite}/Release`, join(dir, 'Release')).set(`dists/${suite}/${list}`, packages);
  return { suite, files, made, left };
}

function modulesOf(version: string): Fields {
  return {
    Package: `disk-modules-${version}-di`,
    Version: '1',
    Architecture: 'amd64',
    'Kernel-Version': version,
    Provides: MODULE_NAMES.map((name) => `${name}-modules`).join(', '),
    Section: 'debian-installer',
    Priority: 'standard',
    Description: 'modules of disks and file systems',
  };
}

/** The parts that the installer fetches unasked, and all that they depend on, without those that are there. */
/** What an installation on one disk with ext4 has no use for; the installer fetches it unasked, and an emulator takes its time. */
const SPARE =
  /btrfs|jfs|xfs|cros|depthcharge|raid|iscsi|systemd-boot|kickseed|nobootloader|rescue|partman-md|partman-auto-lvm/;

function neededOf(listed: readonly Fields[], there: ReadonlySet<string>): readonly Fields[] {
  const byName = new Map(listed.map((fields) => [fields['Package'] ?? '', fields]));
  // a name that only others stand for is what the first of them is, unless the installer has one
  for (const fields of listed) {
    for (const name of providedBy(fields)) {
      if (!byName.has(name) || there.has(fields['Package'] ?? '')) byName.set(name, fields);
    }
  }
  const needed = new Map<string, Fields>();
  const todo = listed
    .filter(({ Package = '' }) => !SPARE.test(Package))
    .filter(({ Priority }) => ['required', 'important', 'standard'].includes(Priority ?? ''))
    .map(({ Package }) => Package ?? '');
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    const fields = byName.get(name);
    const real = fields?.['Package'] ?? '';
    if (fields === undefined || needed.has(real) || there.has(real)) continue;
    needed.set(real, fields);
    todo.push(...dependsOf(fields));
  }
  return [...needed.values()];
}

function providedBy({ Provides = '' }: Fields): string[] {
  return Provides.split(',')
    .map((each) => each.trim().split(' ')[0] ?? '')
    .filter((name) => name !== '');
}

/** Names of the parts in an initrd. */
async function partsIn(initrd: string): Promise<ReadonlySet<string>> {
  const unpack = 'zcat "$1" | cpio -i --quiet --to-stdout var/lib/dpkg/status';
  const { stdout } = await run(['sh', '-c', unpack, 'sh', initrd], { timeoutMs: 120_000 });
  return new Set([...stdout.toString().matchAll(/^Package: (\S+)$/gm)].map(([, name]) => name ?? ''));
}

function dependsOf({ Depends = '' }: Fields): string[] {
  return Depends.split(',').map((each) => each.split('|')[0]?.trim().split(' ')[0] ?? '');
}

/** Takes out what depends on what is gone, until nothing does; gives all that is left out. */
function withoutBroken(index: Map<string, Fields>, gone: Set<string>): string[] {
  for (let before = -1; before !== gone.size;) {
    before = gone.size;
    for (const [name, fields] of index) if (dependsOf(fields).some((each) => gone.has(each))) gone.add(name);
    for (const name of gone) index.delete(name);
  }
  return [...gone].sort();
}

async function textAt(path: string, fetch: PartsOptions['fetch']): Promise<string> {
  const file = await fetch(path);
  if (file === undefined) throw new Error(`the mirror that apt uses has no ${path}`);
  const { stdout } = await run(['xz', '-dc', file], { outputLimit: 128 * 1024 * 1024 });
  return `\n${stdout.toString().trim()}\n\n`;
}

function fieldsOf(text: string): Fields {
  const lines = text.split('\n').filter((line) => /^\S+: /.test(line));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
}

function textOf(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

interface MadeOptions extends PartsOptions {
  readonly fields: Fields;
  readonly packages: readonly string[];
  readonly pattern: RegExp;
}

/** A part with the fields of an index, and the files of packages that the pattern takes. */
async function madePart(options: MadeOptions): Promise<{ readonly fields: Fields; readonly file: string }> {
  const { release, dir, fetch, fields, packages, pattern } = options;
  const { Package: name = '' } = fields;
  const tree = join(dir, name);
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
  const list = await textAt(`dists/${release}/main/binary-amd64/Packages.xz`, fetch);
  for (const wanted of packages) {
    const from = list.indexOf(`\nPackage: ${wanted}\n`);
    const path = from < 0 ? undefined : fieldsOf(list.slice(from, list.indexOf('\n\n', from)))['Filename'];
    const deb = path === undefined ? undefined : await fetch(path);
    if (deb === undefined) throw new Error(`the mirror that apt uses has no ${wanted}, which ${name} would be made of`);
    const all = join(dir, 'unpacked', wanted);
    mkdirSync(all, { recursive: true });
    await must(['dpkg-deb', '-x', deb, all]);
    const { stdout } = await run(['find', '.', '(', '-type', 'f', '-o', '-type', 'l', ')'], {
      cwd: all,
      outputLimit: 16e6,
    });
    for (const file of stdout
      .toString()
      .split('\n')
      .filter((each) => pattern.test(each))) {
      mkdirSync(dirname(join(tree, file)), { recursive: true });
      cpSync(join(all, file), join(tree, file), { verbatimSymlinks: true });
    }
  }
  const { Filename: _path, Size: _size, MD5sum: _md5, SHA256: _sha, 'Description-md5': _text, ...control } = fields;
  writeFileSync(join(tree, 'DEBIAN', 'control'), textOf({ Maintainer: 'Nobody <nobody@localhost>', ...control }));
  const file = join(dir, 'pool', `${name}.udeb`);
  await must(['dpkg-deb', '--root-owner-group', '-Zxz', '-z1', '--build', tree, file]);
  const where = {
    Filename: `pool/made/${basename(file)}`,
    Size: String(statSync(file).size),
    MD5sum: digest('md5', file),
    SHA256: digest('sha256', file),
  };
  return { file, fields: { ...control, ...where } };
}

async function must(argv: readonly [string, ...string[]]): Promise<void> {
  const { status, stderr } = await run(argv, { timeoutMs: 120_000 });
  if (status !== 0) throw new Error(`${argv[0]}: ${stderr.toString().trim()}`);
}

const digest = (kind: string, file: string): string => createHash(kind).update(readFileSync(file)).digest('hex');

/** Linux' x86 boot protocol: offset 0x20e, from 0x200, points to the version. */
function kernelVersion(kernel: Buffer): string {
  const at = kernel.readUInt16LE(0x20e) + 0x200;
  return kernel.toString('latin1', at, at + 128).split(/[ \0]/)[0] ?? '';
}
