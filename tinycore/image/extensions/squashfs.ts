/** squashfs by mksquashfs and unsquashfs, as an ordinary user, with fixed owners and times. */
import { existsSync, rmSync } from 'node:fs';
import { squashfsOptions, type Compression } from '../../../packaging/extension/squashfs-options.ts';
import { must } from '../programs.ts';

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
