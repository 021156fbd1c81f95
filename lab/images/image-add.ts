/** Adding images: a microkernel's ISO, a directory with kernel and initrd, an operating system's ISO or tree. */
import { rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import { within } from '../../platform/within.ts';
import type { LabCore } from '../lab-core.ts';
import { METADATA_LIMIT, parseMetadata } from './image-metadata.ts';
import { hashFile } from './images.ts';
import type { Image, ImageType } from '../store/records.ts';
import { unpackIso } from './unpack-iso.ts';

interface ImageRequest {
  readonly type: ImageType;
  /** An ISO file, or a directory that is served as it lies there. */
  readonly path: string;
  /** For operating systems. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** Paths in the image, for a microkernel without iso-metadata.yaml. */
  readonly kernel?: string | undefined;
  readonly initrd?: string | undefined;
}

/**
 * Takes an image in: unpacks an ISO, checks the metadata contract and both hashes, stores it.
 * Throws RAZOR_MK_FILE_UNREADABLE, RAZOR_MK_IMAGE_METADATA, RAZOR_MK_RUN.
 */
export async function addImage(core: LabCore, imageDir: string, request: ImageRequest): Promise<Image> {
  const source = resolve(request.path);
  const info = await stat(source).catch(() => undefined);
  if (!info) throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `there is no ${source}`);
  const unpacked = info.isDirectory() ? undefined : await unpackIso(source, imageDir);
  const root = unpacked ?? source;
  try {
    const image = request.type === 'mk' ? await microkernel(core, request, root) : system(request, root);
    const stored = await core.store.write(() => core.store.images.add({ ...image, added: core.wall() }));
    core.events.emit({ type: 'changed', message: `image ${stored.name} ${stored.version} (${stored.type}) added` });
    return stored;
  } catch (error) {
    if (unpacked !== undefined) await rm(unpacked, { recursive: true, force: true });
    throw error;
  }
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
        remedy: 'Name both: --kernel PATH --initrd PATH, relative to the directory.',
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

function system(request: ImageRequest, root: string): Omit<Image, 'uuid' | 'added'> {
  if (request.name === undefined || request.version === undefined) {
    throw new RazorMkError('RAZOR_MK_USAGE', 'an operating system image needs a name and a version');
  }
  return {
    type: request.type,
    name: request.name,
    version: request.version,
    path: root,
    kernel: request.kernel,
    initrd: request.initrd,
    kernelHash: undefined,
    initrdHash: undefined,
    hash: undefined,
    buildTime: undefined,
  };
}
