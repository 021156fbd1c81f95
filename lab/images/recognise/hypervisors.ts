/** VMware ESXi (`boot.cfg`), XenServer and XCP-ng (`.treeinfo`, `XS-REPOSITORY`), Proxmox (`.cd-info`). */
import type { ImageTree } from './image-tree.ts';
import { iniValues, shellValues, versionIn, type Recognition } from './recognition.ts';

/** Reads an ISO of ESXi. */
export async function readEsxi(tree: ImageTree): Promise<Recognition | undefined> {
  const config = await tree.text('boot.cfg');
  if (config === undefined || !/^(title|kernelopt|modules|kernel)=/m.test(config)) return undefined;
  const of = (key: string): string => new RegExp(`^${key}=(.{0,200})$`, 'm').exec(config)?.[1]?.trim() ?? '';
  if (!/esxi/i.test(of('title')) && !/\.b00/.test(of('kernel'))) return undefined;
  // "7.0.3-0.0.19193900"; 5.0 has none
  const version = versionIn(of('build')) || '5.0';
  const arm = (await tree.find('efi/boot/bootaa64.efi')) !== undefined;
  return {
    system: 'VMware ESXi',
    version,
    arch: arm ? 'arm64' : 'amd64',
    type: 'esxi',
    kind: Number.parseInt(version, 10) >= 7 ? 'esxi_7' : 'esxi_5',
    kernel: await tree.find('mboot.c32'),
    notes: [],
  };
}

/** Reads an ISO of XenServer, Citrix Hypervisor or XCP-ng. */
export async function readXenserver(tree: ImageTree): Promise<Recognition | undefined> {
  const values = iniValues((await tree.text('.treeinfo')) ?? '');
  const repository = (await tree.text('XS-REPOSITORY')) ?? '';
  const product = /\bproduct="([^"]{1,100})"/.exec(repository)?.[1];
  const platform = values.get('platform.name');
  if (product === undefined && platform === undefined && values.get('branding.name') === undefined) return undefined;
  const version =
    values.get('branding.version') ??
    values.get('platform.version') ??
    /\bversion="([^"]{1,100})"/.exec(repository)?.[1];
  const bare = versionIn(version ?? '');
  const old = bare.startsWith('6.0') || bare.startsWith('5.');
  const exact = bare.startsWith('6.0') || bare.startsWith('6.1');
  return {
    system: values.get('branding.name') ?? product ?? platform ?? 'XenServer',
    version: bare,
    arch: 'amd64',
    type: 'xenserver',
    kind: old ? 'xenserver_boston' : 'xenserver_tampa',
    kernel: await tree.find('boot/xen.gz'),
    initrd: await tree.find('install.img'),
    notes: exact ? [] : [`The template was made for XenServer 6.${old ? '0' : '1'}: try it on one machine first.`],
  };
}

/** Reads an ISO of Proxmox: Virtual Environment, and its kin that is installed in the same way. */
export async function readProxmox(tree: ImageTree): Promise<Recognition | undefined> {
  const info = await tree.text('.cd-info');
  if (info === undefined && (await tree.find('.pve-cd-id.txt')) === undefined) return undefined;
  const values = shellValues(info ?? '');
  const product = values.get('PRODUCT') ?? 'pve';
  return {
    system: values.get('PRODUCTLONG') ?? (product === 'pve' ? 'Proxmox VE' : `Proxmox ${product}`),
    version: values.get('RELEASE') ?? versionIn(tree.volume),
    arch: 'amd64',
    type: 'os',
    kind: 'proxmox',
    kernel: await tree.find('boot/linux26'),
    initrd: await tree.find('boot/initrd.img'),
    notes: (await tree.find('auto-installer-mode.toml')) === undefined ? [UNPREPARED] : [],
  };
}

const UNPREPARED =
  'its installer asks nobody for answers: make an ISO that does, with Proxmox’s own tool, and add that: ' +
  'proxmox-auto-install-assistant prepare-iso FILE --fetch-from http --url http://LAB:8026/installer/proxmox';
