/**
 * What GRUB is answered where iPXE gets its own scripts: UEFI machines with Secure Boot start GRUB, since nobody signs iPXE for all.
 * Measured with Debian's signed GRUB 2.12: quoted device paths, chainloader takes its device from $root, `exit` does not lead to the
 * disk, multiboot is not there. Pure.
 */
import { grubEcho, grubStartOver } from '../../platform/netboot/grub-bootstrap.ts';
import { grubWords } from '../../platform/netboot/kernel-arguments.ts';

export interface GrubLoad {
  /** Addresses: `http://192.0.2.1:8027/razor/image/mk/UUID/vmlinuz`. */
  readonly kernel: string;
  readonly initrd: string | readonly string[];
  /** Words of the kernel line; `initrd=` is left out, GRUB hands the initrd over itself. */
  readonly words: readonly string[];
  /** Seconds until the machine starts again where loading fails. */
  readonly retryS: number;
}

/**
 * Loaders of installed systems, looked for on all disks in this order; under Secure Boot a shim must be the first link. `$efi` is the
 * processor in their names; FAT does not tell BOOTX64.EFI from BOOTx64.EFI.
 */
const LOADERS = [
  ...['debian', 'ubuntu', 'redhat', 'centos', 'rocky', 'almalinux', 'fedora', 'opensuse', 'sles', 'sle'].map(
    (name) => `/EFI/${name}/shim$efi.efi`,
  ),
  '/EFI/opensuse/shim.efi',
  '/EFI/Microsoft/Boot/bootmgfw.efi',
  '/EFI/BOOT/BOOT$efi.EFI',
];

/** GRUB's names of processors that are not x86_64, and those in the names of loaders. */
const EFI_NAMES = [
  ['arm64', 'aa64'],
  ['i386', 'ia32'],
] as const;

/** `http://HOST:PORT/PATH` as GRUB names a file there. */
function grubFile(url: string): string {
  const { host, pathname, search } = new URL(url);
  return `"(http,${host})${pathname}${search}"`;
}

/** Loads a Linux kernel and its initrd. `notes` are shown before. */
export function grubLoad(notes: readonly string[], { kernel, initrd, words, retryS }: GrubLoad): string {
  const line = grubWords(words.filter((word) => !word.startsWith('initrd=')));
  const lines = [`linux ${grubFile(kernel)} ${line}`, `initrd ${[initrd].flat().map(grubFile).join(' ')}`, 'boot'];
  return `${[...notes.map(grubEcho), ...lines, ...grubStartOver(retryS)].join('\n')}\n`;
}

/** Starts what is installed on a disk; `exit` where nothing is found, which leads to the firmware's next entry on some machines. */
export function grubLocal(notes: readonly string[]): string {
  const tries = LOADERS.flatMap((path) => [
    `if search --no-floppy --file --set=root ${path}; then`,
    `  chainloader ${path}`,
    '  boot',
    'fi',
  ]);
  const names = EFI_NAMES.map(([cpu, efi]) => `if [ "$grub_cpu" = ${cpu} ]; then set efi=${efi}; fi`);
  return `${[...notes.map(grubEcho), 'insmod chain', 'set efi=x64', ...names, ...tries, grubEcho('no boot loader was found on a disk'), 'exit 1'].join('\n')}\n`;
}

/** Says why nothing is booted, and starts over. */
export function grubWait(notes: readonly string[], reason: string, retryS: number): string {
  return `${[...notes.map(grubEcho), grubEcho(reason), ...grubStartOver(retryS)].join('\n')}\n`;
}

/** Asks the boot API again, with the loader's processor. */
export function grubAskAgain(url: string, retryS: number): string {
  const { host, pathname, search } = new URL(url);
  const lines = [
    `source "(http,${host})${pathname}${search}&arch=$grub_cpu"`,
    grubEcho('no answer that could be booted'),
  ];
  return `${[...lines, ...grubStartOver(retryS)].join('\n')}\n`;
}
