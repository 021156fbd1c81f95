/** Small trees that say of themselves what the media of real systems say, one for each family that the lab knows. */
import { gzipSync } from 'node:zlib';
import type { TreeFiles } from './tree.ts';

/** A WIM of nothing but its header and its XML. */
export function wimOf(xml: string): Buffer {
  const header = Buffer.alloc(208);
  header.write('MSWIM\0\0\0', 0, 'latin1');
  header.writeUInt32LE(208, 8);
  const text = Buffer.from(`\ufeff${xml}`, 'utf16le');
  header.writeBigUInt64LE(BigInt(text.length) | (2n << 56n), 72);
  header.writeBigUInt64LE(1208n, 80);
  header.writeBigUInt64LE(BigInt(text.length), 88);
  return Buffer.concat([header, Buffer.alloc(1000), text]);
}

const windowsXml = (names: readonly string[], arch: number, build: number): string =>
  `<WIM>${names
    .map(
      (name, i) =>
        `<IMAGE INDEX="${i + 1}"><NAME>${name}</NAME><WINDOWS><ARCH>${arch}</ARCH><VERSION><MAJOR>10</MAJOR>` +
        `<BUILD>${build}</BUILD></VERSION></WINDOWS></IMAGE>`,
    )
    .join('')}</WIM>`;

const CD_INITRD = gzipSync('usr/lib/debian-installer/retriever/cdrom-retriever');
const NET_INITRD = gzipSync('usr/lib/debian-installer/retriever/net-retriever');

/** `.treeinfo` as productmd writes it. */
const treeinfo = (name: string, version: string, arch = 'x86_64'): string =>
  `[general]\narch = ${arch}\nfamily = ${name}\nname = ${name} ${version}\nversion = ${version}\n\n` +
  `[images-${arch}]\ninitrd = images/pxeboot/initrd.img\nkernel = images/pxeboot/vmlinuz\n\n` +
  `[release]\nname = ${name}\nshort = X\nversion = ${version}\n\n[tree]\narch = ${arch}\n`;

const PXEBOOT: TreeFiles = { 'images/pxeboot/vmlinuz': 'k', 'images/pxeboot/initrd.img': 'i' };
const SUSE_BOOT: TreeFiles = { 'boot/x86_64/loader/linux': 'k', 'boot/x86_64/loader/initrd': 'i' };
const DEBIAN_INFO = 'Debian GNU/Linux 12.5.0 "Bookworm" - Official amd64 NETINST with firmware 20240210-11:27\n';

/** A tree, what it is in words, its template, and a part of the reason where it is refused. */
export interface KnownTree {
  readonly files: TreeFiles;
  readonly is: string;
  readonly kind: string | undefined;
  readonly type?: string;
  readonly unfit?: RegExp;
}

/** By a name for the test. */
export const KNOWN_TREES: Readonly<Record<string, KnownTree>> = {
  'debian netinst': {
    files: { '.disk/info': DEBIAN_INFO, 'install.amd/vmlinuz': 'k', 'install.amd/initrd.gz': CD_INITRD },
    is: 'Debian 12.5.0 amd64, netinst',
    kind: 'debian',
    unfit: /initrd \(install\.amd\/initrd\.gz\) looks for a CD.* debian-installer-12-netboot-amd64/s,
  },
  'debian dvd with the netboot initrd': {
    files: { '.disk/info': DEBIAN_INFO, 'install.amd/vmlinuz': 'k', 'install.amd/initrd.gz': NET_INITRD },
    is: 'Debian 12.5.0 amd64, netinst',
    kind: 'debian',
  },
  'debian netboot archive': {
    files: {
      'version.info': 'Debian version:  13 (trixie)\nInstaller build: 20250803\n',
      'debian-installer/arm64/linux': 'k',
      'debian-installer/arm64/initrd.gz': NET_INITRD,
    },
    is: 'Debian 13 arm64, netboot',
    kind: 'debian',
  },
  'debian live': {
    files: {
      '.disk/info': 'Official Debian GNU/Linux Live 12.5.0 xfce 2024-02-10T11:42\n',
      'live/filesystem.squashfs': 's',
    },
    is: 'Debian 12.5.0, live',
    kind: 'debian',
    unfit: /a live system/,
  },
  'ubuntu server': {
    files: {
      '.disk/info': 'Ubuntu-Server 24.04.1 LTS "Noble Numbat" - Release amd64 (20240827)',
      'casper/vmlinuz': 'k',
      'casper/initrd': 'i',
      'casper/install-sources.yaml': '- id: ubuntu-server\n',
    },
    is: 'Ubuntu 24.04.1 amd64, live server',
    kind: 'ubuntu',
  },
  'ubuntu desktop before autoinstall': {
    files: {
      '.disk/info': 'Ubuntu 22.04.3 LTS "Jammy Jellyfish" - Release amd64 (20230807.2)',
      'casper/vmlinuz': 'k',
      'casper/filesystem.squashfs': 's',
    },
    is: 'Ubuntu 22.04.3 amd64, desktop',
    kind: 'ubuntu',
    unfit: /live-server ISO/,
  },
  'ubuntu for power': {
    files: {
      '.disk/info': 'Ubuntu-Server 22.04.3 LTS "Jammy Jellyfish" - Release ppc64el (20230810)',
      'casper/vmlinuz': 'k',
    },
    is: 'Ubuntu 22.04.3 for another processor, live server',
    kind: 'ubuntu',
    unfit: /amd64 and arm64 only/,
  },
  'rocky dvd': {
    files: { '.treeinfo': treeinfo('Rocky Linux', '9.3'), 'BaseOS/repodata/repomd.xml': 'x', ...PXEBOOT },
    is: 'Rocky Linux 9.3 amd64, DVD',
    kind: 'redhat',
  },
  'alma by .discinfo alone': {
    files: { '.discinfo': '1714800000.1\nAlmaLinux 8.9\naarch64\n', 'AppStream/repodata/repomd.xml': 'x', ...PXEBOOT },
    is: 'AlmaLinux 8.9 arm64, DVD',
    kind: 'redhat',
  },
  'rhel boot iso': {
    files: { '.treeinfo': treeinfo('Red Hat Enterprise Linux', '9.4'), ...PXEBOOT },
    is: 'Red Hat Enterprise Linux 9.4 amd64, boot ISO',
    kind: 'redhat',
    unfit: /without packages/,
  },
  'centos 6': {
    files: { '.discinfo': '1530000000.1\nCentOS 6.10\nx86_64\n', 'repodata/repomd.xml': 'x', ...PXEBOOT },
    is: 'CentOS 6.10 amd64, DVD',
    kind: 'centos_6',
  },
  'centos 5': {
    files: { '.discinfo': '1410000000.1\nCentOS 5.11\nx86_64\n', 'repodata/repomd.xml': 'x', ...PXEBOOT },
    is: 'CentOS 5.11 amd64, DVD',
    kind: undefined,
  },
  fedora: {
    files: { '.treeinfo': treeinfo('Fedora', '40'), 'Packages/repodata/repomd.xml': 'x', ...PXEBOOT },
    is: 'Fedora 40 amd64, DVD',
    kind: 'fedora',
  },
  'fedora live': {
    files: { 'LiveOS/squashfs.img': 's', ...PXEBOOT },
    is: 'Fedora or its kin, live',
    kind: undefined,
    unfit: /a live system/,
  },
  'leap by .treeinfo': {
    files: { '.treeinfo': treeinfo('openSUSE Leap', '15.5'), ...SUSE_BOOT },
    is: 'openSUSE Leap 15.5 amd64',
    kind: 'opensuse_leap',
  },
  'sles 15 by media.1': {
    files: {
      'media.1/media': 'SUSE - SLE-15-SP5-Full-x86_64-GM-Media\nSLE-15-SP5-Full-x86_64-GM-Media1\n1\n',
      'media.1/products': '/ SLES15-SP5 15.5-0\n',
      ...SUSE_BOOT,
    },
    is: 'SUSE Linux Enterprise Server 15.5 amd64',
    kind: 'sles',
  },
  'sles 11 by content': {
    files: {
      content:
        'CONTENTSTYLE 11\nDISTRIBUTION SUSE_SLES\nVERSION 11.3\nLABEL SUSE Linux Enterprise Server 11 SP3\nBASEARCHS i586 x86_64\n',
      ...SUSE_BOOT,
    },
    is: 'SUSE Linux Enterprise Server 11.3 amd64',
    kind: 'sles_11',
  },
  'opensuse 12 by content': {
    files: { content: 'DISTRIBUTION openSUSE\nNAME openSUSE\nVERSION 12.3\nLABEL openSUSE 12.3\n', ...SUSE_BOOT },
    is: 'openSUSE 12.3 amd64',
    kind: 'opensuse_12',
  },
  'coreos pxe files': {
    files: {
      'fedora-coreos-42.20250410.3.0-live-kernel.x86_64': 'k',
      'fedora-coreos-42.20250410.3.0-live-initramfs.x86_64.img': 'i',
      'fedora-coreos-42.20250410.3.0-live-rootfs.x86_64.img': 'r',
    },
    is: 'Fedora CoreOS 42.20250410.3.0 amd64',
    kind: 'fedora_coreos',
  },
  'coreos without its root': {
    files: {
      'fedora-coreos-38.20230806.3.0-live-kernel-x86_64': 'k',
      'fedora-coreos-38.20230806.3.0-live-initramfs.x86_64.img': 'i',
    },
    is: 'Fedora CoreOS 38.20230806.3.0 amd64',
    kind: 'fedora_coreos',
    unfit: /live-rootfs of version 38/,
  },
  flatcar: {
    files: {
      'flatcar_production_pxe.vmlinuz': 'k',
      'flatcar_production_pxe_image.cpio.gz': 'i',
      'version.txt': 'FLATCAR_BUILD=3510\nFLATCAR_VERSION=3510.2.6\nFLATCAR_BOARD="amd64-usr"\n',
    },
    is: 'Flatcar 3510.2.6 amd64',
    kind: 'flatcar',
  },
  talos: { files: { 'vmlinuz-arm64': 'k', 'initramfs-arm64.xz': 'i' }, is: 'Talos arm64', kind: 'talos' },
  proxmox: {
    files: {
      '.cd-info': "RELEASE='8.1'\nISORELEASE='2'\nPRODUCT='pve'\nPRODUCTLONG=\"Proxmox VE\"\n",
      'boot/linux26': 'k',
      'boot/initrd.img': 'i',
    },
    is: 'Proxmox VE 8.1 amd64',
    kind: 'proxmox',
  },
  'esxi 8, names in capitals': {
    files: {
      'BOOT.CFG': 'bootstate=0\ntitle=Loading ESXi installer\nprefix=\nkernel=/b.b00\nbuild=8.0.2-0.0.22380479\n',
      'MBOOT.C32': 'k',
    },
    is: 'VMware ESXi 8.0.2 amd64',
    kind: 'esxi_7',
    type: 'esxi',
  },
  'esxi 5': {
    files: { 'boot.cfg': 'bootstate=0\ntitle=Loading ESXi installer\nkernel=/tboot.b00\n', 'mboot.c32': 'k' },
    is: 'VMware ESXi 5.0 amd64',
    kind: 'esxi_5',
    type: 'esxi',
  },
  'esxi for arm': {
    files: {
      'boot.cfg': 'title=Loading ESXi installer\nbuild=7.0.0-1.14.21447677\n',
      'efi/boot/bootaa64.efi': 'k',
    },
    is: 'VMware ESXi 7.0.0 arm64',
    kind: 'esxi_7',
    type: 'esxi',
    unfit: /for arm64, and the template vmware_esxi_7 is for amd64 only/,
  },
  'xenserver 6.1': {
    files: {
      'XS-REPOSITORY': '<repository originator="xs" name="main" product="XenServer" version="6.1.0" build="59235p">',
      'boot/xen.gz': 'k',
      'install.img': 'i',
    },
    is: 'XenServer 6.1.0 amd64',
    kind: 'xenserver_tampa',
    type: 'xenserver',
  },
  'xcp-ng': {
    files: {
      '.treeinfo': '[platform]\nname = XCP\nversion = 3.2.0\n\n[branding]\nname = XCP-ng\nversion = 8.2.0\n',
      'boot/xen.gz': 'k',
      'install.img': 'i',
    },
    is: 'XCP-ng 8.2.0 amd64',
    kind: 'xenserver_tampa',
    type: 'xenserver',
  },
  'windows server': {
    files: {
      'sources/install.wim': wimOf(
        windowsXml(['Windows Server 2022 SERVERSTANDARDCORE', 'Windows Server 2022 SERVERSTANDARD'], 9, 20_348),
      ),
    },
    is: 'Windows Server 2022 10.0.20348 amd64',
    kind: 'windows',
  },
  'windows 11 for arm': {
    files: { 'sources/install.esd': wimOf(windowsXml(['Windows 11 Pro'], 12, 22_631)) },
    is: 'Windows 11 Pro 10.0.22631 arm64',
    kind: 'windows',
    unfit: /for arm64/,
  },
  'windows, cut': {
    files: { 'sources/install.wim': wimOf(windowsXml(['Windows Server 2019'], 9, 17_763)).subarray(0, 1300) },
    is: 'Windows',
    kind: 'windows',
    unfit: /cut short or damaged/,
  },
  'windows by ISO 9660': {
    files: {
      'README.TXT': 'This disc contains a "UDF" file system and requires an operating system\r\nthat supports …',
    },
    is: 'Windows',
    kind: 'windows',
    unfit: /xorriso unpacks nothing/,
  },
};
