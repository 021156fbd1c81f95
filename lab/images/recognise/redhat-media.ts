/** Red Hat Enterprise Linux, its kin and Fedora: `.treeinfo` (productmd), `.discinfo` where there is none. */
import { firstFound, type ImageTree } from './image-tree.ts';
import { processorOf, iniValues, versionIn, type Recognition, type Unfit } from './recognition.ts';

/** What a medium says of itself. */
interface Release {
  readonly family: string;
  readonly version: string;
  readonly arch: string | undefined;
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
}

/** By the start of the name; the number is the last major version of the row. */
const KINDS: readonly (readonly [RegExp, number, string | undefined])[] = [
  [/^fedora/i, Infinity, 'fedora'],
  [/^centos/i, 5, undefined],
  [/^centos/i, 6, 'centos_6'],
  [/^oracle/i, 6, 'oraclelinux_6'],
  [/^scientific/i, 6, 'scientificlinux_6'],
  [/^red hat/i, 5, undefined],
  [/^red hat/i, 6, 'redhat_6'],
];
/** Kin that is installed like Red Hat's. */
const KIN = /^(red hat|centos|rocky|alma|oracle|scientific|circle|miracle|eurolinux|navy|virtuozzo)/i;

/** Reads a medium of Red Hat's kin. */
export async function readRedHatMedia(tree: ImageTree): Promise<Recognition | undefined> {
  const release = await readRelease(tree);
  if (release === undefined) return (await isLive(tree)) ? liveMedium(tree) : undefined;
  if (!KIN.test(release.family) && !/^fedora/i.test(release.family)) return undefined;
  const major = Number.parseInt(release.version, 10);
  const row = KINDS.find(([name, last]) => name.test(release.family) && major <= last);
  const packages = await hasPackages(tree);
  return {
    system: release.family,
    version: release.version,
    arch: processorOf(release.arch),
    medium: packages ? 'DVD' : 'boot ISO',
    type: 'os',
    kind: row === undefined ? 'redhat' : row[2],
    kernel: await firstFound(tree, [...given(release.kernel), 'images/pxeboot/vmlinuz']),
    initrd: await firstFound(tree, [...given(release.initrd), 'images/pxeboot/initrd.img']),
    notes: [],
    unfit: packages ? undefined : NO_PACKAGES,
  };
}

const given = (path: string | undefined): readonly string[] => (path === undefined || path === '' ? [] : [path]);

async function readRelease(tree: ImageTree): Promise<Release | undefined> {
  const info = await tree.text('.treeinfo');
  if (info !== undefined) {
    const values = iniValues(info);
    const of = (key: string): string | undefined => values.get(`release.${key}`) ?? values.get(`general.${key}`);
    const arch = values.get('tree.arch') ?? values.get('general.arch');
    return {
      family: (of('name') ?? of('family') ?? '').replace(/\s+[\d.]+$/, ''),
      version: versionIn(of('version') ?? ''),
      arch,
      kernel: values.get(`images-${arch ?? ''}.kernel`),
      initrd: values.get(`images-${arch ?? ''}.initrd`),
    };
  }
  // time, name with version, processor: a line each
  const lines = (await tree.text('.discinfo'))?.split('\n').map((line) => line.trim());
  const [, name = '', arch] = lines ?? [];
  if (!/^\D+ \d/.test(name)) return undefined;
  return { family: name.replace(/\s+\d.*$/, ''), version: versionIn(name), arch, kernel: undefined, initrd: undefined };
}

async function hasPackages(tree: ImageTree): Promise<boolean> {
  if ((await tree.find('repodata')) !== undefined) return true;
  for (const name of ['BaseOS', 'AppStream', 'Server', 'Everything', 'Packages']) {
    if ((await firstFound(tree, [`${name}/repodata`, `${name}/os/repodata`])) !== undefined) return true;
  }
  return false;
}

const NO_PACKAGES: Unfit = {
  why: 'it is a boot ISO without packages, and the lab’s answers install from the image itself',
  remedy: 'Take the DVD ISO of the same release (its name has “dvd” in it), or mount it and give that directory.',
};

async function isLive(tree: ImageTree): Promise<boolean> {
  return (await tree.find('LiveOS/squashfs.img')) !== undefined;
}

async function liveMedium(tree: ImageTree): Promise<Recognition> {
  const suse = (await tree.find('boot/x86_64/loader/linux')) !== undefined || /suse|leap|sle/i.test(tree.volume);
  return {
    system: suse ? 'SUSE' : 'Fedora or its kin',
    version: versionIn(tree.volume),
    arch: undefined,
    medium: 'live',
    type: 'os',
    kind: undefined,
    notes: [],
    unfit: {
      why: `it is a live system${tree.volume === '' ? '' : ` (${tree.volume})`}, which no answers of the lab can install`,
      remedy:
        'Take the DVD of the installer, Fedora’s is called Server. For a directory of SUSE 16, whose installer is Agama: --force, and the template agama.',
    },
  };
}
