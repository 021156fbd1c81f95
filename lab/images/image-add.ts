/** Adding images: a microkernel's ISO, a directory with kernel and initrd, an operating system's ISO or tree, a disk's image. */
import { rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import { within } from '../../platform/within.ts';
import type { LabCore } from '../lab-core.ts';
import { METADATA_LIMIT, parseMetadata } from './image-metadata.ts';
import { hashFile } from './images.ts';
import { readDiskFile } from './recognise/disk-file.ts';
import { openImageTree } from './recognise/image-tree.ts';
import { readIsoVolume } from './recognise/iso-volume.ts';
import { describeImage, propose, proposedName, unfitness, type Proposal } from './recognise/proposal.ts';
import { recogniseImage } from './recognise/recognise.ts';
import type { Recognition } from './recognise/recognition.ts';
import type { Image, ImageType } from '../store/records.ts';
import { keepIso, unpackIso } from './unpack-iso.ts';

interface ImageRequest {
  /** By default what the image itself says. */
  readonly type?: ImageType | undefined;
  /** An ISO file, the image of a disk, or a directory; the last two are served as they lie there. */
  readonly path: string;
  /** By default what the image itself says. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** Paths in the image, for a microkernel without iso-metadata.yaml. */
  readonly kernel?: string | undefined;
  readonly initrd?: string | undefined;
  /** Also what nothing can be installed from. */
  readonly force?: boolean;
}

/** An image, and what it was recognised as. */
interface AddedImage extends Image {
  readonly recognised?: Proposal;
}

/**
 * Takes an image in: unpacks an ISO, looks what it is, checks a microkernel's metadata contract and both hashes, stores it.
 * Throws RAZOR_MK_FILE_UNREADABLE, RAZOR_MK_IMAGE_METADATA, RAZOR_MK_IMAGE_UNFIT, RAZOR_MK_RUN.
 */
export async function addImage(core: LabCore, imageDir: string, request: ImageRequest): Promise<AddedImage> {
  const source = resolve(request.path);
  const info = await stat(source).catch(() => undefined);
  if (!info) throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `there is no ${source}`);
  const disk = info.isFile() && (request.type ?? 'disk') === 'disk' ? await diskImage(request, source) : undefined;
  if (disk !== undefined) return await addDisk(core, disk);
  const volume = info.isDirectory() ? '' : await readIsoVolume(source);
  const unpacked = info.isDirectory() ? undefined : await unpackIso(source, imageDir);
  const root = unpacked ?? source;
  try {
    if (unpacked !== undefined) await keepIso(source, unpacked);
    const found = request.type === 'mk' ? undefined : await recogniseImage(openImageTree(root, volume));
    if (found !== undefined && request.force !== true) refuseUnfit(source, found, request.type);
    const type = request.type ?? found?.type ?? 'mk';
    const image = type === 'mk' ? await microkernel(core, request, root) : system(type, request, root, found);
    const stored = await core.store.write(() => core.store.images.add({ ...image, added: core.wall() }));
    const proposal = found && propose(found, { name: stored.name, id: idOf(core, stored) });
    const what = proposal === undefined ? '' : `: ${proposal.says}`;
    core.events.emit({
      type: 'changed',
      message: `image ${stored.name} ${stored.version} (${stored.type}) added${what}`,
    });
    return { ...stored, ...(proposal && { recognised: proposal }) };
  } catch (error) {
    if (unpacked !== undefined) await rm(unpacked, { recursive: true, force: true });
    throw error;
  }
}

/** The image of a disk; undefined for a file that is none. Its hash is taken as it is now. */
async function diskImage(request: ImageRequest, source: string): Promise<Omit<Image, 'uuid' | 'added'> | undefined> {
  const file = await readDiskFile(source, request.type === 'disk');
  if (file === undefined) return undefined;
  if ('unfit' in file) {
    const { why, remedy } = file.unfit;
    throw new RazorMkError('RAZOR_MK_IMAGE_UNFIT', `${source} is ${file.what}: ${why}`, { remedy });
  }
  const base = basename(source).replace(/\.(raw|img|qcow2|bin)$/i, '');
  return {
    type: 'disk',
    name: request.name ?? (base.replaceAll(/[^\w.-]+/g, '-').slice(0, 60) || 'image'),
    version: request.version ?? 'unknown',
    path: source,
    ...NO_BOOT,
    disk: { ...file, sha256: await hashFile(source, 'sha256') },
  };
}

const NO_BOOT = {
  kernel: undefined,
  initrd: undefined,
  kernelHash: undefined,
  initrdHash: undefined,
  hash: undefined,
  buildTime: undefined,
} as const;

async function addDisk(core: LabCore, image: Omit<Image, 'uuid' | 'added'>): Promise<AddedImage> {
  const stored = await core.store.write(() => core.store.images.add({ ...image, added: core.wall() }));
  const { format, size } = image.disk ?? { format: 'raw', size: 0 };
  const says = `this is a ${format} image of a disk of ${(size / 2 ** 30).toFixed(1)} GiB: use template image`;
  const next = `razor-mk lab model add --label ${stored.name} --template image --image ${idOf(core, stored)} --set ssh_key=…`;
  core.events.emit({ type: 'changed', message: `image ${stored.name} (disk) added: ${says}` });
  return { ...stored, recognised: { says, template: 'image', next, notes: [] } };
}

/** Its name, where no other image has it. */
function idOf(core: LabCore, { name, uuid }: Image): string {
  return core.store.images.list().some((other) => other.uuid !== uuid && other.name === name) ? uuid : name;
}

/** Throws RAZOR_MK_IMAGE_UNFIT for what cannot be installed from, or was called something else than it is. */
function refuseUnfit(source: string, found: Recognition, type: ImageType | undefined): void {
  const unfit = unfitness(found);
  const what = `${source} is ${describeImage(found)}`;
  const anyway = '--force adds it all the same.';
  if (unfit !== undefined) {
    throw new RazorMkError('RAZOR_MK_IMAGE_UNFIT', `${what}: ${unfit.why}`, { remedy: `${unfit.remedy} ${anyway}` });
  }
  if (type === undefined || type === found.type) return;
  throw new RazorMkError('RAZOR_MK_IMAGE_UNFIT', `${what}, an image of type ${found.type}, not ${type}`, {
    remedy: `Leave --type out. ${anyway}`,
  });
}

async function microkernel(core: LabCore, request: ImageRequest, root: string): Promise<Omit<Image, 'uuid' | 'added'>> {
  const path = await within(root, 'iso-metadata.yaml');
  const source = path === undefined ? undefined : await readCapped(path, METADATA_LIMIT);
  if (!source) return await bareMicrokernel(request, root);
  const metadata = await parseMetadata(source.toString(), core.settings.faithful);
  for (const [file, expected] of [
    [metadata.kernel, metadata.kernelHash],
    [metadata.initrd, metadata.initrdHash],
  ] as const) {
    const found = await hashWithin(root, file, metadata.hash);
    if (found === expected) continue;
    const what = found === undefined ? 'is not there' : `has the hash ${found}, not ${expected}`;
    throw new RazorMkError('RAZOR_MK_IMAGE_METADATA', `iso-metadata.yaml names ${file}, which ${what}`);
  }
  return {
    type: 'mk',
    name: request.name ?? 'razor-mk',
    version: metadata.version,
    path: root,
    kernel: metadata.kernel,
    initrd: metadata.initrd,
    kernelHash: metadata.kernelHash,
    initrdHash: metadata.initrdHash,
    hash: metadata.hash,
    buildTime: metadata.buildTime,
  };
}

const KERNELS = ['vmlinuz', 'boot/vmlinuz', 'vmlinuz64', 'boot/vmlinuz64'];
const INITRDS = ['core.gz', 'boot/core.gz', 'initrd', 'initrd.img', 'initrd.gz', 'boot/initrd', 'corepure64.gz'];

/** A directory with a kernel and an initrd and no metadata: the hashes are taken as the files are now. */
async function bareMicrokernel(request: ImageRequest, root: string): Promise<Omit<Image, 'uuid' | 'added'>> {
  const kernel = request.kernel ?? (await firstOf(root, KERNELS));
  const initrd = request.initrd ?? (await firstOf(root, INITRDS));
  if (kernel === undefined || initrd === undefined) {
    const what = kernel === undefined ? 'kernel' : 'initrd';
    throw new RazorMkError(
      'RAZOR_MK_IMAGE_METADATA',
      `${root} has neither iso-metadata.yaml nor a ${what} of a usual name`,
      {
        remedy:
          'Name both: --kernel PATH --initrd PATH, relative to the directory. For an installer that the lab does not know: ' +
          '--type os --name NAME --image-version VERSION.',
      },
    );
  }
  const hashed = async (file: string): Promise<string> => {
    const found = await hashWithin(root, file, 'sha256');
    if (found !== undefined) return found;
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read ${join(root, file)}`);
  };
  return {
    type: 'mk',
    name: request.name ?? 'razor-mk',
    version: request.version ?? '0.0.1',
    path: root,
    kernel,
    initrd,
    kernelHash: await hashed(kernel),
    initrdHash: await hashed(initrd),
    hash: 'sha256',
    buildTime: undefined,
  };
}

/** The hash of a file of a tree, undefined where it cannot be read or lies outside. */
async function hashWithin(root: string, file: string, algorithm: string): Promise<string | undefined> {
  const path = await within(root, file);
  return path === undefined ? undefined : await hashFile(path, algorithm).catch(() => undefined);
}

async function firstOf(root: string, candidates: readonly string[]): Promise<string | undefined> {
  for (const candidate of candidates) {
    const path = await within(root, candidate);
    if (path !== undefined && (await stat(path)).isFile()) return candidate;
  }
  return undefined;
}

function system(
  type: ImageType,
  request: ImageRequest,
  root: string,
  found: Recognition | undefined,
): Omit<Image, 'uuid' | 'added'> {
  const name = request.name ?? (found && proposedName(found));
  const version = request.version ?? (found && (found.version || 'unknown'));
  if (name === undefined || version === undefined) {
    throw new RazorMkError(
      'RAZOR_MK_USAGE',
      `the lab does not know what ${root} is, so it needs a name and a version`,
      {
        remedy: 'Give both: --name NAME --image-version VERSION.',
      },
    );
  }
  return {
    type,
    name,
    version,
    path: root,
    kernel: request.kernel ?? found?.kernel,
    initrd: request.initrd ?? found?.initrd,
    kernelHash: undefined,
    initrdHash: undefined,
    hash: undefined,
    buildTime: undefined,
  };
}
