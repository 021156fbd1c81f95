/** The boot loaders of a TFTP root: what they are for and where Debian's packages keep them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../files.ts';

interface BootLoader {
  /** Its name in the root. */
  readonly name: string;
  /** Where it may lie on this machine; the first that exists is taken. */
  readonly from: readonly string[];
  /** The Debian package that has it. */
  readonly debian: string;
  /** What does not work without it. */
  readonly need: string;
  /** Without it no firmware of one kind gets to iPXE. */
  readonly essential: boolean;
}

const IPXE = '/usr/lib/ipxe';
const SYSLINUX = '/usr/lib/syslinux/modules/bios';

const BOOT_LOADERS: readonly BootLoader[] = [
  essential('undionly.kpxe', 'ipxe', 'BIOS machines without iPXE', [`${IPXE}/undionly.kpxe`]),
  essential('ipxe.lkrn', 'ipxe', 'the BIOS menu', [`${IPXE}/ipxe.lkrn`, '/boot/ipxe.lkrn']),
  essential('ipxe.efi', 'ipxe', 'UEFI machines', [`${IPXE}/ipxe.efi`]),
  optional('snponly.efi', 'ipxe', 'UEFI machines with unknown NICs', [`${IPXE}/snponly.efi`]),
  optional('pxelinux.0', 'pxelinux', 'the BIOS menu by PXE', ['/usr/lib/PXELINUX/pxelinux.0']),
  ...['ldlinux.c32', 'menu.c32', 'libutil.c32', 'libcom32.c32'].map((name) =>
    optional(name, 'syslinux-common', 'the BIOS menu', [`${SYSLINUX}/${name}`]),
  ),
  optional('isolinux.bin', 'isolinux', 'the BIOS menu on a CD', ['/usr/lib/ISOLINUX/isolinux.bin']),
];

function essential(name: string, debian: string, need: string, from: readonly string[]): BootLoader {
  return { name, debian, need, from, essential: true };
}

function optional(name: string, debian: string, need: string, from: readonly string[]): BootLoader {
  return { name, debian, need, from, essential: false };
}

/** The boot loaders that are not installed on this machine. */
export function missingLoaders(): readonly BootLoader[] {
  return BOOT_LOADERS.filter(({ from }) => !from.some((path) => existsSync(path)));
}

/** Copies every boot loader that is installed into the directory `root`; returns their names. Throws RAZOR_MK_FILE_UNWRITABLE. */
export function copyLoaders(root: string): readonly string[] {
  return BOOT_LOADERS.flatMap(({ name, from }) => {
    const source = from.find((path) => existsSync(path));
    if (source === undefined) return [];
    replaceFile(join(root, name), readFileSync(source));
    return [name];
  });
}
