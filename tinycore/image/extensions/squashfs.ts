/** squashfs by mksquashfs and unsquashfs, as an ordinary user, with fixed owners and times. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withUmask } from '../../../platform/process/umask.ts';
import { squashfsOptions, type Compression } from '../../../packaging/extension/squashfs-options.ts';
import { must, withTemporary } from '../programs.ts';

/** Packs the tree below `directory` into `target`. The same tree gives the same bytes. */
export async function packSquashfs(
  directory: string,
  target: string,
  compression: Compression,
  epoch: number,
  signal?: AbortSignal,
): Promise<void> {
  rmSync(target, { force: true });
  const times = ['-mkfs-time', String(epoch), '-all-time', String(epoch)];
  const fixed = ['-noappend', '-all-root', '-no-xattrs', '-no-progress', '-quiet', ...times];
  await must(
    ['mksquashfs', directory, target, ...squashfsOptions(compression, 'x64'), ...fixed],
    signal === undefined ? {} : { signal },
  );
}

/** The bytes of an extension whose tree `fill` lays out in an empty directory of mode 0755. Throws RAZOR_MK_IMAGE_PROGRAM. */
export async function squashfsOf(
  fill: (tree: string) => Promise<void>,
  epoch: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  return await withTemporary(async (directory) => {
    const [tree, target] = [join(directory, 'tree'), join(directory, 'out.tcz')];
    withUmask(0o022, () => mkdirSync(tree));
    await fill(tree);
    await packSquashfs(tree, target, 'gzip', epoch, signal);
    return readFileSync(target);
  });
}

/** Unpacks an extension. Owners are the caller's. */
export async function unpackSquashfs(file: string, directory: string, signal?: AbortSignal): Promise<void> {
  if (existsSync(directory)) rmSync(directory, { recursive: true, force: true });
  await must(
    ['unsquashfs', '-no-xattrs', '-quiet', '-no-progress', '-d', directory, file],
    signal === undefined ? {} : { signal },
  );
}

/** The compression that a squashfs says it has (its superblock), or undefined. */
export function squashCompression(superblock: Buffer): Compression | 'lzma' | 'lzo' | undefined {
  if (superblock.toString('latin1', 0, 4) !== 'hsqs') return undefined;
  return ([undefined, 'gzip', 'lzma', 'lzo', 'xz', 'lz4', 'zstd'] as const)[superblock.readUInt16LE(20)];
}
