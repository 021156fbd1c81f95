/** The boot loaders of a TFTP root: what they are for and where Debian's packages keep them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../files.ts';

export interface Loader {
  /** Its name in the root. */
  readonly name: string;
  readonly from: readonly string[];
  /** The Debian package that has it. */
  readonly debian: string;
  /** What does not work without it. */
  readonly need: string;
  /** Without it no firmware of one kind gets to iPXE. */
  readonly essential: boolean;
}

const SYSLINUX = '/usr/lib/syslinux/modules/bios';
const MENU = { need: 'the BIOS menu', essential: false } as const;

export const LOADERS: readonly Loader[] = [
  {
    ...{ name: 'undionly.kpxe', from: ['/usr/lib/ipxe/undionly.kpxe'], debian: 'ipxe' },
    ...{ need: 'BIOS machines without iPXE', essential: true },
  },
  {
    ...{ name: 'ipxe.lkrn', from: ['/usr/lib/ipxe/ipxe.lkrn', '/boot/ipxe.lkrn'], debian: 'ipxe' },
    ...{ need: 'the BIOS menu', essential: true },
  },
  {
    ...{ name: 'ipxe.efi', from: ['/usr/lib/ipxe/ipxe.efi', '/boot/ipxe.efi'], debian: 'ipxe' },
    ...{ need: 'UEFI machines', essential: true },
  },
  {
    ...{ name: 'snponly.efi', from: ['/usr/lib/ipxe/snponly.efi'], debian: 'ipxe' },
    ...{ need: 'UEFI machines with unknown NICs', essential: false },
  },
  {
    ...{ name: 'pxelinux.0', from: ['/usr/lib/PXELINUX/pxelinux.0'], debian: 'pxelinux' },
    ...{ need: 'the BIOS menu by PXE', essential: false },
  },
  ...['ldlinux.c32', 'menu.c32', 'libutil.c32', 'libcom32.c32'].map((name) => ({
    ...MENU,
    ...{ name, from: [`${SYSLINUX}/${name}`], debian: 'syslinux-common' },
  })),
  {
    ...{ name: 'isolinux.bin', from: ['/usr/lib/ISOLINUX/isolinux.bin'], debian: 'isolinux' },
    ...{ need: 'the BIOS menu on a CD', essential: false },
  },
];

/** Loaders that this machine has not. */
export function missingLoaders(): readonly Loader[] {
  return LOADERS.filter(({ from }) => !from.some((path) => existsSync(path)));
}

/** Copies every loader that this machine has; their names. Throws RAZOR_MK_FILE_UNWRITABLE. */
export function copyLoaders(root: string): readonly string[] {
  return LOADERS.flatMap(({ name, from }) => {
    const source = from.find((path) => existsSync(path));
    if (source === undefined) return [];
    replaceFile(join(root, name), readFileSync(source));
    return [name];
  });
}
