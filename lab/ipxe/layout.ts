/** The scripts and menus of a TFTP root; `image ipxe --loaders-only` puts the loaders beside them. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { replaceFile } from '../../platform/files.ts';
import { HELP_TEXT, IPXE_MENU, SYSLINUX_MENU, menuVersionText } from '../../platform/netboot/scripts.ts';
import { UNKNOWN_ADDRESS } from '../../platform/netboot/dnsmasq.ts';
import { dnsmasqConf } from './dnsmasq.ts';

interface Layout {
  readonly root: string;
  readonly written: readonly string[];
}

/** What asks the boot API. */
interface Bootstraps {
  /** iPXE's. */
  readonly script: string;
  /** GRUB's, where the API speaks it. */
  readonly grub?: string | undefined;
}

/**
 * Writes these scripts and what leads to them into a TFTP root; `address` is that of the TFTP server, for dnsmasq. Throws RAZOR_MK_FILE_UNWRITABLE.
 */
export async function layOut(
  directory: string,
  { script, grub }: Bootstraps,
  version: string,
  address = UNKNOWN_ADDRESS,
): Promise<Layout> {
  const root = resolve(directory);
  for (const name of ['pxelinux.cfg', 'grub']) await mkdir(join(root, name), { recursive: true });
  const texts: readonly (readonly [string, string])[] = [
    ['razor.ipxe', script],
    ['menu.ipxe', IPXE_MENU],
    // iPXE for UEFI looks for this name by itself
    ['autoexec.ipxe', IPXE_MENU],
    ...(grub === undefined ? [] : [['grub/grub.cfg', grub] as const]),
    ['pxelinux.cfg/default', SYSLINUX_MENU],
    ['isolinux.cfg', SYSLINUX_MENU],
    ['help.txt', HELP_TEXT],
    ['version.txt', menuVersionText(version)],
    ['dnsmasq.conf', dnsmasqConf({ address, tftpRoot: root })],
  ];
  for (const [name, text] of texts) replaceFile(join(root, name), text);
  return { root, written: texts.map(([name]) => name) };
}
