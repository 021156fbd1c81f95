/** A TFTP root: scripts and menus, and the loaders of the machine's iPXE and syslinux packages. */
import { constants } from 'node:fs';
import { access, copyFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { replaceFile } from '../../platform/files.ts';
import { bootstrapIpxe, dnsmasqConf, HELP_TEXT, IPXE_MENU, SYSLINUX_MENU, versionText } from './scripts.ts';

/** Loaders: name in the root, where Debian keeps it, in which package, and what works without it. */
const LOADERS: readonly { name: string; from: readonly string[]; package: string; need: string }[] = [
  { name: 'undionly.kpxe', from: ['/usr/lib/ipxe/undionly.kpxe'], package: 'ipxe', need: 'BIOS machines without iPXE' },
  { name: 'ipxe.lkrn', from: ['/usr/lib/ipxe/ipxe.lkrn', '/boot/ipxe.lkrn'], package: 'ipxe', need: 'the BIOS menu' },
  { name: 'ipxe.efi', from: ['/usr/lib/ipxe/ipxe.efi', '/boot/ipxe.efi'], package: 'ipxe', need: 'UEFI machines' },
  {
    name: 'snponly.efi',
    from: ['/usr/lib/ipxe/snponly.efi'],
    package: 'ipxe',
    need: 'UEFI machines with unknown NICs',
  },
  { name: 'pxelinux.0', from: ['/usr/lib/PXELINUX/pxelinux.0'], package: 'pxelinux', need: 'the BIOS menu by PXE' },
  ...['ldlinux.c32', 'menu.c32', 'libutil.c32', 'libcom32.c32'].map((name) => ({
    name,
    from: [`/usr/lib/syslinux/modules/bios/${name}`],
    package: 'syslinux-common',
    need: 'the BIOS menu',
  })),
  {
    name: 'isolinux.bin',
    from: ['/usr/lib/ISOLINUX/isolinux.bin'],
    package: 'isolinux',
    need: 'the BIOS menu on a CD',
  },
];

export interface Layout {
  readonly root: string;
  readonly written: readonly string[];
  /** Loaders that this machine has not, in words. */
  readonly missing: readonly string[];
}

/** Lays out a TFTP root. Throws RAZOR_MK_FILE_UNWRITABLE. */
export async function layOut(directory: string, server: string, version: string): Promise<Layout> {
  const root = resolve(directory);
  await mkdir(join(root, 'pxelinux.cfg'), { recursive: true });
  const texts: readonly (readonly [string, string])[] = [
    ['razor.ipxe', bootstrapIpxe(server)],
    ['menu.ipxe', IPXE_MENU],
    // iPXE for UEFI looks for this name by itself
    ['autoexec.ipxe', IPXE_MENU],
    ['pxelinux.cfg/default', SYSLINUX_MENU],
    ['isolinux.cfg', SYSLINUX_MENU],
    ['help.txt', HELP_TEXT],
    ['version.txt', versionText(version)],
    ['dnsmasq.conf', dnsmasqConf(root)],
  ];
  for (const [name, text] of texts) replaceFile(join(root, name), text);
  const written = texts.map(([name]) => name);
  const missing: string[] = [];
  for (const loader of LOADERS) {
    const from = await firstReadable(loader.from);
    if (from === undefined) {
      missing.push(`${loader.name} (package ${loader.package}): needed for ${loader.need}`);
      continue;
    }
    await copyFile(from, join(root, loader.name));
    written.push(loader.name);
  }
  return { root, written, missing };
}

async function firstReadable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const readable = await access(path, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (readable) return path;
  }
  return undefined;
}
