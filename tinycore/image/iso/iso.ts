/**
 * The ISO: one file that boots as a CD and as a disk, under BIOS (isolinux) and UEFI (GRUB). xorriso writes the file
 * system; everything that goes into it is fixed, so that the same input gives the same bytes.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Flavour } from '../../../packaging/extension/overlay.ts';
import { buildDirectory, PROJECT, type Arch } from '../../../packaging/project-paths.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { ownMark } from '../../../platform/leftovers.ts';
import { checkKernelArguments } from '../../../platform/netboot/kernel-arguments.ts';
import type { SignedLoaders } from '../netboot/secure-boot.ts';
import type { ImageParts } from '../outputs.ts';
import { IMAGE_ARCHES } from '../architectures.ts';
import { must, withTemporary } from '../programs.ts';
import { grubConfig, isolinuxConfig, kernelWords } from './boot-configs.ts';

export interface IsoOptions {
  /** Kernel arguments besides the console. */
  readonly kernelArgs: readonly string[];
  /** `ttyS0,115200`, USUAL_SERIAL until the processor is known, or undefined for none. */
  readonly serial?: string;
  /** Seconds until the default entry is started. */
  readonly timeout: number;
  readonly volumeId: string;
  readonly uefi: boolean;
}

/** Stands for the serial port that is usual for a processor. */
export const USUAL_SERIAL = 'usual';

interface WriteOptions extends IsoOptions {
  readonly arch: Arch;
  readonly epoch: number;
  readonly version: string;
  readonly flavour: Flavour;
  /** Signed, for Secure Boot; without them GRUB is made of the machine's own modules. */
  readonly loaders?: Pick<SignedLoaders, 'shim' | 'grubCd'> | undefined;
}

/** Where Debian and others keep the parts of isolinux. */
const ISOLINUX = {
  'isolinux.bin': [
    '/usr/lib/ISOLINUX/isolinux.bin',
    '/usr/lib/syslinux/bios/isolinux.bin',
    '/usr/share/syslinux/isolinux.bin',
  ],
  'ldlinux.c32': [
    '/usr/lib/syslinux/modules/bios/ldlinux.c32',
    '/usr/lib/syslinux/bios/ldlinux.c32',
    '/usr/share/syslinux/ldlinux.c32',
  ],
  'isohdpfx.bin': [
    '/usr/lib/ISOLINUX/isohdpfx.bin',
    '/usr/lib/syslinux/bios/isohdpfx.bin',
    '/usr/share/syslinux/isohdpfx.bin',
  ],
} as const;

const FAT_PROGRAMS = ['mformat', 'mmd', 'mcopy'];

/** Modules of GRUB for UEFI. */
const GRUB_EFI = '/usr/lib/grub/x86_64-efi';

const GRUB_MODULES =
  'part_gpt part_msdos iso9660 fat linux serial terminal search search_fs_file normal echo configfile test';

/** Programs, and files of the boot loaders, that an ISO is made with. */
export function isoPrograms({ uefi }: IsoOptions, arch: Arch, signed = false): string[] {
  if (arch !== 'x64') return ['xorriso', ...FAT_PROGRAMS, 'dpkg-deb', 'apt-get'];
  const bios = Object.keys(ISOLINUX) as (keyof typeof ISOLINUX)[];
  const absent = bios.filter((name) => !ISOLINUX[name].some((each) => existsSync(each)));
  return [
    'xorriso',
    ...absent,
    ...(uefi ? FAT_PROGRAMS : []),
    ...(uefi && !signed ? ['grub-mkimage'] : []),
    ...(uefi && !signed && !existsSync(GRUB_EFI) ? [GRUB_EFI] : []),
  ];
}

/** Writes the ISO at `path`, whole or not at all. Returns its size. Throws RAZOR_MK_IMAGE_PROGRAM, RAZOR_MK_USAGE. */
export async function writeIso(
  path: string,
  image: ImageParts,
  options: WriteOptions,
  signal?: AbortSignal,
): Promise<number> {
  checkIsoOptions(options);
  return await withTemporary(async (directory) => {
    const tree = join(directory, 'iso');
    mkdirSync(join(tree, 'boot'), { recursive: true });
    writeFileSync(join(tree, 'boot/vmlinuz'), image.kernel);
    writeFileSync(join(tree, 'boot/core.gz'), image.initrd);
    writeFileSync(join(tree, 'iso-metadata.yaml'), image.metadata);
    if (options.arch === 'x64') writeIsolinux(tree, options);
    copyLicences(tree, options.arch);
    if (options.uefi) await writeEfi(directory, tree, options, signal);
    settle(tree, options.epoch);
    const beside = join(dirname(path), `.${options.flavour}.${ownMark()}.iso.part`);
    try {
      await must(xorrisoArgs(tree, beside, options), {
        env: { SOURCE_DATE_EPOCH: String(options.epoch) },
        signal,
      });
      renameSync(beside, path);
    } finally {
      rmSync(beside, { force: true });
    }
    return statSync(path).size;
  });
}

function writeIsolinux(tree: string, options: WriteOptions): void {
  const isolinux = join(tree, 'boot/isolinux');
  mkdirSync(isolinux);
  for (const name of ['isolinux.bin', 'ldlinux.c32'] as const) copyFileSync(partOf(name), join(isolinux, name));
  writeFileSync(join(isolinux, 'isolinux.cfg'), isolinuxConfig(options));
}

/** How xorriso makes it bootable: as the CD and as the disk of a PC with BIOS or UEFI; of others with UEFI, by a partition behind. */
function bootArgs(tree: string, { arch, uefi }: WriteOptions): string[] {
  if (arch !== 'x64') {
    const partition = ['-append_partition', '2', '0xef', join(tree, 'boot/efi.img'), '-appended_part_as_gpt'];
    return [...partition, '-c', 'boot/boot.cat', '-e', '--interval:appended_partition_2:all::', '-no-emul-boot'];
  }
  return [
    ...['-b', 'boot/isolinux/isolinux.bin', '-c', 'boot/isolinux/boot.cat'],
    ...['-no-emul-boot', '-boot-load-size', '4', '-boot-info-table', '-isohybrid-mbr', partOf('isohdpfx.bin')],
    ...(uefi ? ['-eltorito-alt-boot', '-e', 'boot/efi.img', '-no-emul-boot', '-isohybrid-gpt-basdat'] : []),
  ];
}

function xorrisoArgs(tree: string, target: string, options: WriteOptions): [string, ...string[]] {
  return [
    ...(['xorriso', '-as', 'mkisofs', '-quiet', '-o', target, '-l', '-J', '-R', '-V', options.volumeId] as const),
    ...[
      '-A',
      `RAZOR MICROKERNEL ${options.version} ${options.flavour}`,
      '-p',
      'RAZOR-MK IMAGE BUILDER',
      '-publisher',
      'RAZOR-MK',
    ],
    ...['-uid', '0', '-gid', '0', ...bootArgs(tree, options)],
    tree,
  ];
}

/** Throws RAZOR_MK_USAGE for options that no boot loader could take. */
export function checkIsoOptions(options: IsoOptions): void {
  checkKernelArguments(kernelWords(options));
  const { serial = USUAL_SERIAL } = options;
  if (serial !== USUAL_SERIAL && !/^tty(S|AMA)[0-3],\d{4,6}$/.test(serial)) {
    throw new RazorMkError('RAZOR_MK_USAGE', `invalid serial port ${serial}`, {
      remedy: 'Give --serial ttyS0,115200 (for arm64 ttyAMA0,115200) or --serial none.',
    });
  }
  if (!Number.isInteger(options.timeout) || options.timeout < 0 || options.timeout > 3600) {
    throw new RazorMkError('RAZOR_MK_USAGE', `invalid timeout ${options.timeout}`, {
      remedy: 'Give whole seconds, 0 to 3600.',
    });
  }
  if (!/^[A-Z0-9_]{1,16}$/.test(options.volumeId)) {
    throw new RazorMkError('RAZOR_MK_USAGE', `invalid volume id ${options.volumeId}`, {
      remedy: 'At most 16 of A to Z, 0 to 9 and _.',
    });
  }
}

function partOf(name: keyof typeof ISOLINUX): string {
  const path = ISOLINUX[name].find((each) => existsSync(each));
  if (path !== undefined) return path;
  throw new RazorMkError('RAZOR_MK_IMAGE_PROGRAM', `${name} of isolinux is not installed`, {
    remedy: 'Install it: apt-get install isolinux syslinux-common.',
  });
}

/** boot/efi.img: a FAT file system with the loaders, which find the ISO by a file of its own and read grub.cfg there. */
async function writeEfi(directory: string, tree: string, options: WriteOptions, signal?: AbortSignal): Promise<void> {
  mkdirSync(join(tree, 'boot/grub'), { recursive: true });
  writeFileSync(join(tree, 'boot/grub/grub.cfg'), grubConfig(options));
  const extra = signal === undefined ? {} : { signal };
  const programs =
    options.loaders === undefined
      ? await madeGrub(directory, extra)
      : signedPrograms(directory, tree, options.loaders, options);
  const fat = join(tree, 'boot/efi.img');
  let bytes = 256 * 1024;
  for (const [, path] of programs) {
    utimesSync(path, options.epoch, options.epoch);
    bytes += statSync(path).size;
  }
  writeFileSync(fat, Buffer.alloc(Math.ceil(bytes / 1048576) * 1048576));
  const env = { SOURCE_DATE_EPOCH: String(options.epoch), MTOOLS_SKIP_CHECK: '1', TZ: 'UTC' };
  await must(['mformat', '-i', fat, '-N', '52415a52', '-v', 'EFI', '::'], { env, ...extra });
  await must(['mmd', '-i', fat, '::/EFI', '::/EFI/BOOT'], { env, ...extra });
  for (const [name, path] of programs) {
    await must(['mcopy', '-m', '-i', fat, path, `::/EFI/BOOT/${name}`], { env, ...extra });
  }
}

/** Names in EFI/BOOT, and files. */
type EfiPrograms = readonly (readonly [name: string, path: string])[];

/** GRUB out of the modules of this machine. */
async function madeGrub(directory: string, extra: { signal?: AbortSignal }): Promise<EfiPrograms> {
  const [early, grub] = [join(directory, 'early.cfg'), join(directory, 'bootx64.efi')];
  writeFileSync(
    early,
    'search --no-floppy --set=root --file /boot/isolinux/isolinux.cfg\nset prefix=($root)/boot/grub\nconfigfile /boot/grub/grub.cfg\n',
  );
  await must(
    ['grub-mkimage', '-O', 'x86_64-efi', '-o', grub, '-p', '/boot/grub', '-c', early, ...GRUB_MODULES.split(' ')],
    extra,
  );
  return [['BOOTX64.EFI', grub]];
}

/** shim starts grubx64.efi (grubaa64.efi) beside it; that GRUB knows a CD by /.disk/info. */
function signedPrograms(
  directory: string,
  tree: string,
  { shim, grubCd }: NonNullable<WriteOptions['loaders']>,
  { arch, version, flavour }: WriteOptions,
): EfiPrograms {
  const { efi } = IMAGE_ARCHES[arch];
  mkdirSync(join(tree, '.disk'));
  writeFileSync(join(tree, '.disk/info'), `Razor Microkernel ${version} (${flavour})\n`);
  const programs: EfiPrograms = [
    [`BOOT${efi.toUpperCase()}.EFI`, join(directory, 'shim.efi')],
    [`grub${efi}.efi`, join(directory, 'grub.efi')],
  ];
  for (const [name, path] of programs) writeFileSync(path, name.startsWith('grub') ? grubCd : shim);
  return programs;
}

/** The project's licence and those of the agent's parts, where the packager has left them beside the executable. */
function copyLicences(tree: string, arch: Arch): void {
  mkdirSync(join(tree, 'licences'));
  copyFileSync(join(PROJECT, 'LICENSE'), join(tree, 'licences/razor-mk.txt'));
  const parts = join(buildDirectory(arch), 'razor-mk.LICENCES.txt');
  if (existsSync(parts)) copyFileSync(parts, join(tree, 'licences/parts-of-the-agent.txt'));
}

/** Times and modes that are the image's own: those of the disk come from the umask of whoever builds. */
function settle(directory: string, epoch: number): void {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    chmodSync(path, entry.isDirectory() ? 0o755 : 0o644);
    utimesSync(path, epoch, epoch);
  }
  chmodSync(directory, 0o755);
  utimesSync(directory, epoch, epoch);
}
