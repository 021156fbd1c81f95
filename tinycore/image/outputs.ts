/** Outputs beside the ISO: a directory for an image service, and microkernel.tar of razor-server 1.x. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../platform/files.ts';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';

export interface ImageParts {
  readonly kernel: Buffer;
  readonly initrd: Buffer;
  /** iso-metadata.yaml */
  readonly metadata: string;
}

/**
 * The tree that a Razor 0.x server makes of the ISO: `iso-metadata.yaml` and `boot/`, to be copied below its image
 * service. Written beside and renamed; an older one is replaced.
 */
export function writeImageDirectory(directory: string, image: ImageParts): [string, number] {
  const beside = `${directory}.${process.pid}.tmp`;
  try {
    rmSync(beside, { recursive: true, force: true });
    mkdirSync(join(beside, 'boot'), { recursive: true });
    writeFileSync(join(beside, 'boot/vmlinuz'), image.kernel);
    writeFileSync(join(beside, 'boot/core.gz'), image.initrd);
    writeFileSync(join(beside, 'iso-metadata.yaml'), image.metadata);
    rmSync(directory, { recursive: true, force: true });
    renameSync(beside, directory);
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNWRITABLE', `cannot write ${directory}: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  return [directory, image.kernel.length + image.initrd.length + image.metadata.length];
}

/** `microkernel/vmlinuz0` and `microkernel/initrd0.img`: unpacked in the repo store of a razor-server 1.x. */
export async function writeMicrokernelTar(path: string, image: ImageParts, epoch: number): Promise<[string, number]> {
  const { pack } = await import('tar-stream');
  const stream = pack();
  const common = { mtime: new Date(epoch * 1000), uid: 0, gid: 0, uname: 'root', gname: 'root' };
  stream.entry({ ...common, name: 'microkernel/', type: 'directory', mode: 0o755 });
  stream.entry({ ...common, name: 'microkernel/vmlinuz0', mode: 0o644 }, image.kernel);
  stream.entry({ ...common, name: 'microkernel/initrd0.img', mode: 0o644 }, image.initrd);
  stream.entry({ ...common, name: 'microkernel/iso-metadata.yaml', mode: 0o644 }, image.metadata);
  stream.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  replaceFile(path, bytes);
  return [path, bytes.length];
}
