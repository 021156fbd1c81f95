/** The processors that images are built for, as the worlds that meet in one name them. */
import type { Arch } from '../../packaging/project-paths.ts';

interface ImageArch {
  readonly arch: Arch;
  /** As `uname -m` and QEMU name it. */
  readonly machine: string;
  /** Debian's name, in packages and in the names of its kernels. */
  readonly debian: 'amd64' | 'arm64';
  /** In names of EFI programs: BOOTX64.EFI, grubaa64.efi (UEFI 2.10, 3.5.1.1). */
  readonly efi: 'x64' | 'aa64';
  /** GRUB's platform: directory of its modules, format of its images. */
  readonly grub: 'x86_64-efi' | 'arm64-efi';
  /** e_machine of ELF programs. */
  readonly elfMachine: number;
  /** Serial console that its machines, or QEMU's, have. */
  readonly serial: string;
}

export const IMAGE_ARCHES: Readonly<Record<Arch, ImageArch>> = {
  x64: {
    arch: 'x64',
    machine: 'x86_64',
    debian: 'amd64',
    efi: 'x64',
    grub: 'x86_64-efi',
    elfMachine: 62,
    serial: 'ttyS0,115200',
  },
  arm64: {
    arch: 'arm64',
    machine: 'aarch64',
    debian: 'arm64',
    efi: 'aa64',
    grub: 'arm64-efi',
    elfMachine: 183,
    serial: 'ttyAMA0,115200',
  },
};

export const IMAGE_ARCH_NAMES = ['x64', 'arm64'] as const;

/** The processor of the machine that builds. */
export const OWN_ARCH: Arch = process.arch === 'arm64' ? 'arm64' : 'x64';
