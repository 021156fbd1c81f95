/** Fedora CoreOS, Flatcar and Talos: a kernel and an initrd, as their makers publish them for network boots. */
import { firstFound, type ImageTree } from './image-tree.ts';
import { processorOf, shellValues, versionIn, type Recognition } from './recognition.ts';

const COREOS_KERNEL = /^fedora-coreos-([\d.]+)-live-kernel[.-](x86_64|aarch64|ppc64le|s390x)$/;

/** Reads the three PXE files of Fedora CoreOS in a directory, or its live ISO, which has the same. */
export async function readFedoraCoreos(tree: ImageTree): Promise<Recognition | undefined> {
  const names = await tree.names('.');
  const common = { system: 'Fedora CoreOS', type: 'os', kind: 'fedora_coreos', notes: [] } as const;
  const kernel = names.find((name) => COREOS_KERNEL.test(name));
  if (kernel !== undefined) {
    const [, version = '', arch = ''] = COREOS_KERNEL.exec(kernel) ?? [];
    const part = (what: string): string | undefined =>
      names.find((name) => name.startsWith(`fedora-coreos-${version}-live-${what}.${arch}`) && name.endsWith('.img'));
    const [initrd, root] = [part('initramfs'), part('rootfs')];
    const lacks = [initrd === undefined ? 'live-initramfs' : '', root === undefined ? 'live-rootfs' : ''];
    const missing = lacks.filter((name) => name !== '');
    const why = `the file ${missing.join(' and ')} of version ${version} is not there`;
    const remedy = 'Fetch kernel, initramfs and rootfs of one version: coreos-installer download -f pxe.';
    const unfit = missing.length === 0 ? undefined : { why, remedy };
    return { ...common, version, arch: processorOf(arch), kernel, initrd, unfit };
  }
  const rootfs = await tree.find('images/pxeboot/rootfs.img');
  if (rootfs === undefined || (await firstFound(tree, ['coreos', 'images/ignition.img'])) === undefined)
    return undefined;
  return {
    ...common,
    version: versionIn(tree.volume),
    arch: undefined,
    medium: 'live ISO',
    kernel: await tree.find('images/pxeboot/vmlinuz'),
    initrd: await tree.find('images/pxeboot/initrd.img'),
  };
}

/** Reads the PXE files of Flatcar; version.txt beside them is read where it was fetched too. */
export async function readFlatcar(tree: ImageTree): Promise<Recognition | undefined> {
  const kernel = await tree.find('flatcar_production_pxe.vmlinuz');
  const initrd = await tree.find('flatcar_production_pxe_image.cpio.gz');
  if (kernel === undefined && initrd === undefined) return undefined;
  const values = shellValues((await tree.text('version.txt')) ?? '');
  const missing = kernel === undefined ? 'flatcar_production_pxe.vmlinuz' : 'flatcar_production_pxe_image.cpio.gz';
  const unfit =
    kernel !== undefined && initrd !== undefined
      ? undefined
      : { why: `${missing} is not there`, remedy: 'Fetch both files of the release into one directory.' };
  return {
    system: 'Flatcar',
    version: values.get('FLATCAR_VERSION') ?? '',
    arch: processorOf(/^(amd64|arm64)/.exec(values.get('FLATCAR_BOARD') ?? '')?.[1]),
    type: 'os',
    kind: 'flatcar',
    kernel,
    initrd,
    notes: [],
    unfit,
  };
}

/** Reads kernel and initramfs of Talos, under the names of its releases or of its image factory. */
export async function readTalos(tree: ImageTree): Promise<Recognition | undefined> {
  for (const arch of ['amd64', 'arm64'] as const) {
    const initrd = await tree.find(`initramfs-${arch}.xz`);
    const kernel = await firstFound(tree, [`vmlinuz-${arch}`, `kernel-${arch}`]);
    if (initrd === undefined || kernel === undefined) continue;
    return { system: 'Talos', version: '', arch, type: 'os', kind: 'talos', kernel, initrd, notes: [] };
  }
  return undefined;
}
