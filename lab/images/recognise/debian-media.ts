/**
 * Debian and Ubuntu: `.disk/info` of their ISOs, and Debian's netboot files (`debian-installer/ARCH/linux`), which are what
 * installs over a network: the initrd of a CD looks for a CD.
 */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { firstFound, type ImageTree } from './image-tree.ts';
import { processorOf, versionIn, type Architecture, type Recognition, type Unfit } from './recognition.ts';

/** Where the kernels of the installer lie: those for the network first. The initrd is beside each. */
const DEBIAN_KERNELS: readonly string[] = [
  ...['amd64', 'arm64', 'i386'].flatMap((arch) => [
    `debian-installer/${arch}/linux`,
    `install/netboot/debian-installer/${arch}/linux`,
    `install/netboot/ubuntu-installer/${arch}/linux`,
    `ubuntu-installer/${arch}/linux`,
  ]),
  'install.amd/vmlinuz',
  'install.a64/vmlinuz',
  'install.386/vmlinuz',
];

const MEDIA: readonly (readonly [RegExp, string])[] = [
  [/\bnetinst\b/i, 'netinst'],
  [/\b(DLBD|BD|DVD|CD)\b[^-]*-(\d+)/i, 'DVD'],
  [/\bDVD\b/i, 'DVD'],
];

/** Reads a medium of Debian or Ubuntu. */
export async function readDebianMedia(tree: ImageTree): Promise<Recognition | undefined> {
  const info = (await tree.text('.disk/info'))?.split('\n')[0]?.trim();
  if (info !== undefined && /ubuntu/i.test(info)) return await readUbuntu(tree, info);
  if (info !== undefined && /debian/i.test(info)) return await readDebian(tree, info);
  return info === undefined ? await readNetboot(tree) : undefined;
}

/** The processor that a line names, the first one: "… - Official amd64 NETINST …". */
function archIn(info: string): Architecture | undefined {
  const words = info.split(/[\s"_-]+/);
  return words.map(processorOf).find((arch) => arch !== undefined && arch !== 'other') ?? otherArch(words);
}

function otherArch(words: readonly string[]): Architecture | undefined {
  const others = ['ppc64el', 's390x', 'armhf', 'armel', 'mips64el', 'mipsel', 'riscv64', 'ppc64le'];
  return words.some((word) => others.includes(word)) ? 'other' : undefined;
}

async function readDebian(tree: ImageTree, info: string): Promise<Recognition> {
  const version = versionIn(info);
  const kernel = await firstFound(tree, DEBIAN_KERNELS);
  const initrd = kernel === undefined ? undefined : await tree.find(initrdBeside(kernel));
  const arch = archIn(info);
  const common = { system: 'Debian', version, arch, type: 'os', kernel, initrd, notes: [] } as const;
  const kind = debianKind(version);
  if ((await firstFound(tree, ['live/filesystem.squashfs', 'live/vmlinuz'])) !== undefined) {
    return { ...common, medium: 'live', kind, unfit: LIVE };
  }
  const medium = MEDIA.find(([pattern]) => pattern.test(info))?.[1];
  const unfit = initrd !== undefined && (await looksForCd(tree, initrd)) ? cdInitrd(version, arch, initrd) : undefined;
  return { ...common, ...(medium !== undefined && { medium }), kind, unfit };
}

function debianKind(version: string): string {
  return version !== '' && Number.parseInt(version, 10) < 8 ? 'debian_7' : 'debian';
}

function initrdBeside(kernel: string): string {
  return kernel.replace(/[^/]+$/, 'initrd.gz');
}

/** Debian's netboot archive, unpacked, or its package debian-installer-N-netboot-ARCH. */
async function readNetboot(tree: ImageTree): Promise<Recognition | undefined> {
  const kernel = await firstFound(tree, DEBIAN_KERNELS.slice(0, -3));
  const initrd = kernel === undefined ? undefined : await tree.find(initrdBeside(kernel));
  if (kernel === undefined || initrd === undefined) return undefined;
  const about = (await tree.text('version.info')) ?? '';
  const ubuntu = kernel.includes('ubuntu-installer') || /^ubuntu/im.test(about);
  // the package has no version.info; its directory says it: …/images/12/amd64/text
  const version =
    versionIn(/version:\s*(.*)/i.exec(about)?.[1] ?? '') || (/\/images\/(\d{1,3})\//.exec(tree.root)?.[1] ?? '');
  return {
    system: ubuntu ? 'Ubuntu' : 'Debian',
    version,
    arch: processorOf(/\/(amd64|arm64|i386)\//.exec(kernel)?.[1]),
    medium: 'netboot',
    type: 'os',
    kind: ubuntu ? ubuntuKind(version) : debianKind(version),
    kernel,
    initrd,
    notes: ['It fetches packages from a mirror, so its machines need a way to one (or the setting of a proxy).'],
  };
}

/** Parts of the installer in the initrd of a CD, of which that of the network has none (debian-installer 20230607+deb12u15). */
const CD_PARTS = ['cdrom-retriever', 'cdrom-detect'] as const;
const LONGEST_PART = Math.max(...CD_PARTS.map((part) => part.length));
/** Unpacked, no initrd of an installer has more. */
const MOST_INITRD = 512 * 1024 * 1024;

/** Whether an initrd of Debian's installer takes its parts from a CD; false for one that cannot be read. */
async function looksForCd(tree: ImageTree, initrd: string): Promise<boolean> {
  const path = await tree.file(initrd);
  if (path === undefined) return false;
  const ending = new AbortController();
  let [found, seen, tail] = [false, 0, ''];
  const look = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
    for await (const piece of pieces) {
      const text = tail + piece.toString('latin1');
      found ||= CD_PARTS.some((part) => text.includes(part));
      seen += piece.length;
      tail = text.slice(-LONGEST_PART);
      if (found || seen > MOST_INITRD) ending.abort();
    }
  };
  const { signal } = ending;
  // cut, of another compression, or aborted because enough was seen: all that counts is what was found
  await pipeline(createReadStream(path), createGunzip(), look, { signal }).catch(() => undefined);
  return found;
}

function cdInitrd(version: string, arch: Architecture | undefined, initrd: string): Unfit {
  const major = Number.parseInt(version, 10) || 'N';
  const directory = `/usr/lib/debian-installer/images/${major}/${arch ?? 'amd64'}/text`;
  return {
    why: `its initrd (${initrd}) looks for a CD, so an installation over the network stops at “no CD-ROM found”`,
    remedy:
      `Add the netboot files in its place: lab image add ${directory} after apt-get install ` +
      `debian-installer-${major}-netboot-${arch ?? 'amd64'}, or the unpacked netboot.tar.gz of the release; ` +
      'or put linux and initrd.gz of those beside it as debian-installer/ARCH/ and add the directory.',
  };
}

const LIVE: Unfit = {
  why: 'it is a live system, which no answers of the lab can install',
  remedy: 'Take the medium of the installer: Debian’s netboot files, Ubuntu’s live-server ISO, the DVD of the others.',
};

async function readUbuntu(tree: ImageTree, info: string): Promise<Recognition> {
  const version = versionIn(info);
  const casper = await tree.find('casper/vmlinuz');
  const initrd = await firstFound(tree, ['casper/initrd', 'casper/initrd.lz', 'casper/initrd.gz']);
  const netboot = await firstFound(tree, DEBIAN_KERNELS.slice(0, -3));
  const common = { system: 'Ubuntu', version, arch: archIn(info), type: 'os', notes: [] } as const;
  const server = /server/i.test(info) || (await tree.find('casper/install-sources.yaml')) !== undefined;
  if (casper !== undefined && server) {
    return { ...common, medium: 'live server', kind: 'ubuntu', kernel: casper, initrd };
  }
  if (casper !== undefined) return { ...common, medium: 'desktop', kind: 'ubuntu', unfit: LIVE };
  const beside = netboot === undefined ? undefined : await tree.find(initrdBeside(netboot));
  return { ...common, medium: 'alternate', kind: ubuntuKind(version), kernel: netboot, initrd: beside };
}

/** Templates of the time before autoinstall. */
function ubuntuKind(version: string): string {
  return version.startsWith('11.') ? 'ubuntu_oneiric' : 'ubuntu_precise';
}
