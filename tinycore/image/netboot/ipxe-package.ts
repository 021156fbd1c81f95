/**
 * Which iPXE a TFTP root gets. A kernel under UEFI takes the initrd that its line names (`initrd=`), or the one that the boot loader
 * offers by EFI_LOAD_FILE2_PROTOCOL under LINUX_EFI_INITRD_MEDIA_GUID (the kernel's Documentation/arch/x86/boot.rst, Linux 5.8 and
 * later). Boot scripts of Razor 0.x and Hanlon do not name it (docs/contracts/razor-0.x.md#microkernel-boot-script), and iPXE of
 * Debian 12 does not offer it; that of Debian 13 does.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { INSTALLED_IPXE } from '../../../platform/netboot/loaders.ts';

/** `trixie`: of Debian 13, whatever the machine has. `installed`: the package of this machine. */
export const IPXE_CHOICES = ['trixie', 'installed'] as const;
export type IpxeChoice = (typeof IPXE_CHOICES)[number];

interface IpxeFiles {
  /** Directory with ipxe.efi, undionly.kpxe and the others. */
  readonly directory: string;
  /** As ipxe.efi names it: `1.21.1+git20250501.dad20602+dfsg-1`; undefined where it names none. */
  readonly version?: string;
  /** Under UEFI it hands the initrd over by itself. */
  readonly handsOverInitrd: boolean;
}

interface IpxeFound extends IpxeFiles {
  /** Why it is not the newer one, which was tried. */
  readonly problem?: string;
}

/** 5568e427-68fc-4f3d-ac74-ca555231cc68, as it lies in memory. */
const INITRD_MEDIA_GUID = Buffer.from('27e46855fc683d4fac74ca555231cc68', 'hex');

/** What the iPXE in this directory is, by the bytes of its ipxe.efi. */
export function examineIpxe(directory: string): IpxeFiles {
  const file = join(directory, 'ipxe.efi');
  if (!existsSync(file)) return { directory, handsOverInitrd: false };
  const bytes = readFileSync(file);
  const version = /\d+\.\d+\.\d+\+git[\w.+-]*/.exec(bytes.toString('latin1'))?.[0];
  return { directory, version, handsOverInitrd: bytes.includes(INITRD_MEDIA_GUID) };
}

/**
 * The iPXE to lay out. Without a choice the installed one where it hands the initrd over, else Debian 13's by `fetch`, which gives
 * the directory with its files; where that fails, what is installed, and why. Throws what `fetch` throws where Debian 13's was
 * asked for, and RAZOR_MK_IMAGE_PROGRAM where there is none at all.
 */
export async function chooseIpxe(
  choice: IpxeChoice | undefined,
  fetch: () => Promise<string>,
  installed: string = INSTALLED_IPXE,
): Promise<IpxeFound> {
  const here = examineIpxe(installed);
  if (choice === 'installed' || (choice === undefined && here.handsOverInitrd)) return here;
  try {
    return examineIpxe(await fetch());
  } catch (error) {
    if (choice !== undefined) throw error;
    if (existsSync(join(installed, 'ipxe.efi'))) return { ...here, problem: messageOf(error) };
    throw new RazorMkError('RAZOR_MK_IMAGE_PROGRAM', `no iPXE: none is installed, and ${messageOf(error)}`, {
      remedy: 'Install it (apt-get install ipxe), or check the network and the sources of apt.',
      cause: error,
    });
  }
}

/** What a person must know of the iPXE that was laid out: a line each. */
export function ipxeNotes({ version, handsOverInitrd, problem }: IpxeFound): readonly string[] {
  const name = `iPXE ${version ?? 'of an unknown version'}`;
  if (handsOverInitrd) return [`${name}: under UEFI it hands the initrd over by itself`];
  return [
    ...(problem === undefined ? [] : [`the newer iPXE of Debian 13 could not be had: ${problem}`]),
    `${name}: under UEFI it does not hand the initrd over, and a kernel line without initrd= ends in a kernel panic`,
    'set on the server: Razor rz_mk_boot_kernel_args: initrd=core.gz; Hanlon hnl_mk_boot_kernel_args: initrd=core.gz',
  ];
}
