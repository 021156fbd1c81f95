/** The boot loaders of a TFTP root: what they are for and where Debian's packages keep them. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

/** Where Debian's package ipxe has its files. */
export const INSTALLED_IPXE = '/usr/lib/ipxe';
/** GRUB with most of its modules in it; HTTP is not among them in Debian 12, and is looked for below its own directory. */
const GRUB_IA32 = '/usr/lib/grub/i386-efi';
const SYSLINUX = '/usr/lib/syslinux/modules/bios';

/** `ipxe` is the directory with iPXE's files. */
function bootLoaders(ipxe: string): readonly BootLoader[] {
  // the package of Debian 12 has links to /boot
  const lkrn = ipxe === INSTALLED_IPXE ? [`${ipxe}/ipxe.lkrn`, '/boot/ipxe.lkrn'] : [`${ipxe}/ipxe.lkrn`];
  return [
    essential('undionly.kpxe', 'ipxe', 'BIOS machines without iPXE', [`${ipxe}/undionly.kpxe`]),
    essential('ipxe.lkrn', 'ipxe', 'the BIOS menu', lkrn),
    essential('ipxe.efi', 'ipxe', 'UEFI machines', [`${ipxe}/ipxe.efi`]),
    optional('snponly.efi', 'ipxe', 'UEFI machines with unknown NICs', [`${ipxe}/snponly.efi`]),
    optional('ipxe-arm64.efi', 'ipxe', 'arm64 UEFI machines (in Debian 13’s: --ipxe trixie)', [
      `${ipxe}/ipxe-arm64.efi`,
    ]),
    optional('grubia32.efi', 'grub-efi-ia32-bin', 'IA-32 UEFI machines', [`${GRUB_IA32}/monolithic/grubnetia32.efi`]),
    optional('grub/i386-efi/http.mod', 'grub-efi-ia32-bin', 'IA-32 UEFI machines', [`${GRUB_IA32}/http.mod`]),
    optional('pxelinux.0', 'pxelinux', 'the BIOS menu by PXE', ['/usr/lib/PXELINUX/pxelinux.0']),
    ...['ldlinux.c32', 'menu.c32', 'libutil.c32', 'libcom32.c32'].map((name) =>
      optional(name, 'syslinux-common', 'the BIOS menu', [`${SYSLINUX}/${name}`]),
    ),
    optional('isolinux.bin', 'isolinux', 'the BIOS menu on a CD', ['/usr/lib/ISOLINUX/isolinux.bin']),
  ];
}

function essential(name: string, debian: string, need: string, from: readonly string[]): BootLoader {
  return { name, debian, need, from, essential: true };
}

function optional(name: string, debian: string, need: string, from: readonly string[]): BootLoader {
  return { name, debian, need, from, essential: false };
}

/** The boot loaders that are not there; `ipxe` is the directory with iPXE's files. */
export function missingLoaders(ipxe = INSTALLED_IPXE): readonly BootLoader[] {
  return bootLoaders(ipxe).filter(({ from }) => !from.some((path) => existsSync(path)));
}

/** Copies every boot loader that is there into the directory `root`; returns their names. Throws RAZOR_MK_FILE_UNWRITABLE. */
export function copyLoaders(root: string, ipxe = INSTALLED_IPXE): readonly string[] {
  return bootLoaders(ipxe).flatMap(({ name, from }) => {
    const source = from.find((path) => existsSync(path));
    if (source === undefined) return [];
    mkdirSync(dirname(join(root, name)), { recursive: true });
    replaceFile(join(root, name), readFileSync(source));
    return [name];
  });
}
