/** SUSE Linux Enterprise and openSUSE: `.treeinfo` (Leap, 15), `content` (11 to 12), `media.1/products` and `media.1/media`. */
import { firstFound, type ImageTree } from './image-tree.ts';
import { processorOf, iniValues, versionIn, type Recognition } from './recognition.ts';

interface SuseRelease {
  readonly name: string;
  readonly version: string;
  readonly arch: string | undefined;
}

/** Reads a medium of SUSE. */
export async function readSuseMedia(tree: ImageTree): Promise<Recognition | undefined> {
  const release =
    fromTreeinfo(await tree.text('.treeinfo')) ??
    fromContent(await tree.text('content')) ??
    fromMedia(await tree.text('media.1/products'), await tree.text('media.1/media')) ??
    (await fromAgama(tree));
  if (release === undefined) return undefined;
  const { name, version } = release;
  const [kernel, arch] = await kernelOf(tree);
  return {
    system: name,
    version,
    arch: processorOf(release.arch) ?? arch,
    type: 'os',
    kind: kindOf(name, Number.parseFloat(version)),
    kernel,
    initrd: kernel === undefined ? undefined : await tree.find(kernel.replace(/linux$/, 'initrd')),
    notes: [],
  };
}

async function kernelOf(tree: ImageTree): Promise<readonly [string | undefined, 'amd64' | 'arm64' | undefined]> {
  const amd64 = await tree.find('boot/x86_64/loader/linux');
  if (amd64 !== undefined) return [amd64, 'amd64'];
  const arm64 = await firstFound(tree, ['boot/aarch64/linux', 'boot/aarch64/loader/linux']);
  return [arm64, arm64 === undefined ? undefined : 'arm64'];
}

const AGAMA = 'SUSE, by Agama';

/** Media of 16 are live systems with the installer Agama; only the name of their volume tells them from other live systems. */
async function fromAgama(tree: ImageTree): Promise<SuseRelease | undefined> {
  if (!/^(agama|install-)|\b(SLES?|Leap)[-_. ]?1[6-9]\b/i.test(tree.volume)) return undefined;
  if ((await tree.find('LiveOS/squashfs.img')) === undefined || (await kernelOf(tree))[0] === undefined)
    return undefined;
  const name = /leap/i.test(tree.volume)
    ? 'openSUSE Leap'
    : /sle/i.test(tree.volume)
      ? 'SUSE Linux Enterprise Server'
      : AGAMA;
  return { name, version: versionIn(tree.volume), arch: undefined };
}

function kindOf(name: string, version: number): string | undefined {
  if (name === AGAMA || version >= 16) return /tumbleweed/i.test(name) ? 'opensuse_leap' : 'agama';
  if (/leap/i.test(name)) return 'opensuse_leap';
  if (/tumbleweed/i.test(name)) return 'opensuse_leap';
  if (/opensuse/i.test(name)) return version >= 42 ? 'opensuse_leap' : 'opensuse_12';
  return version >= 12 ? 'sles' : 'sles_11';
}

function fromTreeinfo(text: string | undefined): SuseRelease | undefined {
  if (text === undefined) return undefined;
  const values = iniValues(text);
  const of = (key: string): string | undefined => values.get(`general.${key}`) ?? values.get(`release.${key}`);
  const name = (of('family') ?? of('name') ?? '').replace(/\s+[\d.]+$/, '');
  if (!/suse/i.test(name)) return undefined;
  return { name, version: versionIn(of('version') ?? ''), arch: of('arch') ?? values.get('tree.arch') };
}

function fromContent(text: string | undefined): SuseRelease | undefined {
  if (text === undefined) return undefined;
  const of = (key: string): string => new RegExp(`^${key}\\s+(.{1,300})$`, 'm').exec(text)?.[1]?.trim() ?? '';
  // DISTRO cpe:/o:suse:sles:12:sp3,SUSE Linux Enterprise Server 12 SP3
  const label = of('LABEL') || (of('DISTRO').split(',')[1] ?? '');
  if (!/suse/i.test(label + of('DISTRIBUTION'))) return undefined;
  const name = label.replace(/\s+\d.*$/, '') || of('NAME') || 'SUSE';
  const version = of('VERSION') || versionIn(label);
  return { name, version: servicePack(version, label), arch: of('BASEARCHS').split(/\s+/).at(-1) };
}

/** `11` of "… 11 SP3" is 11.3. */
function servicePack(version: string, label: string): string {
  const [, pack] = /\bSP(\d{1,2})\b/.exec(label) ?? [];
  return pack === undefined || version.includes('.') ? versionIn(version) : `${versionIn(version)}.${pack}`;
}

/** `/ openSUSE-Leap 15.5-1`, or `SLE-15-SP5-Full-x86_64-GM-Media1`. */
function fromMedia(products: string | undefined, media: string | undefined): SuseRelease | undefined {
  const [, product, version] = /^\S+\s+(\S{1,100})\s+(\d[\d.]*)/m.exec(products ?? '') ?? [];
  const named = media?.split('\n').find((line) => /^(SLE|openSUSE)/i.test(line));
  const arch = /x86_64|aarch64|ppc64le|s390x/.exec(`${media ?? ''}`)?.[0];
  if (product !== undefined && /suse|sle|leap/i.test(product)) {
    const name = /^sle/i.test(product) ? 'SUSE Linux Enterprise Server' : product.replaceAll('-', ' ');
    return { name, version: version ?? '', arch };
  }
  if (named === undefined) return undefined;
  const [, major = '', pack] = /-(\d{1,2}(?:\.\d)?)(?:-SP(\d))?/.exec(named) ?? [];
  const name = /^SLE/i.test(named) ? 'SUSE Linux Enterprise Server' : 'openSUSE Leap';
  return { name, version: pack === undefined ? major : `${major}.${pack}`, arch };
}
