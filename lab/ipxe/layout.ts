/** A TFTP root: scripts and menus, and the loaders of the machine's iPXE and syslinux packages. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { replaceFile } from '../../platform/files.ts';
import { copyLoaders, missingLoaders } from '../../platform/netboot/loaders.ts';
import { HELP_TEXT, IPXE_MENU, SYSLINUX_MENU, menuVersionText } from '../../platform/netboot/scripts.ts';
import { UNKNOWN_ADDRESS } from '../../platform/netboot/dnsmasq.ts';
import { dnsmasqConf } from './dnsmasq.ts';

interface Layout {
  readonly root: string;
  readonly written: readonly string[];
  /** Loaders that this machine has not, in words. */
  readonly missing: readonly string[];
}

/**
 * Lays out a TFTP root with this script; `address` is that of the TFTP server, for dnsmasq. Throws RAZOR_MK_FILE_UNWRITABLE.
 */
export async function layOut(
  directory: string,
  script: string,
  version: string,
  address = UNKNOWN_ADDRESS,
): Promise<Layout> {
  const root = resolve(directory);
  await mkdir(join(root, 'pxelinux.cfg'), { recursive: true });
  const texts: readonly (readonly [string, string])[] = [
    ['razor.ipxe', script],
    ['menu.ipxe', IPXE_MENU],
    // iPXE for UEFI looks for this name by itself
    ['autoexec.ipxe', IPXE_MENU],
    ['pxelinux.cfg/default', SYSLINUX_MENU],
    ['isolinux.cfg', SYSLINUX_MENU],
    ['help.txt', HELP_TEXT],
    ['version.txt', menuVersionText(version)],
    ['dnsmasq.conf', dnsmasqConf({ address, tftpRoot: root })],
  ];
  for (const [name, text] of texts) replaceFile(join(root, name), text);
  const missing = missingLoaders().map(({ name, debian, need }) => `${name} (package ${debian}): needed for ${need}`);
  return { root, written: [...texts.map(([name]) => name), ...copyLoaders(root)], missing };
}
