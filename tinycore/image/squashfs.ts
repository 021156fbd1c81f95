/** squashfs by mksquashfs and unsquashfs, as an ordinary user, with fixed owners and times. */
import { existsSync, rmSync } from 'node:fs';
import { must } from './programs.ts';

export type SquashCompression = 'gzip' | 'xz' | 'zstd' | 'lz4';

/**
 * Blocks of 128 KiB: a machine with little memory unpacks a block again for every page of it that it had to forget, and with
 * blocks of 1 MiB it does nothing else. xz is for those who want the smallest.
 */
const OPTIONS: Readonly<Record<SquashCompression, readonly string[]>> = {
  gzip: ['-comp', 'gzip', '-b', '128K'],
  xz: ['-comp', 'xz', '-b', '1M', '-Xbcj', 'x86'],
  zstd: ['-comp', 'zstd', '-Xcompression-level', '19', '-b', '128K'],
  lz4: ['-comp', 'lz4', '-Xhc', '-b', '1M'],
};

/** Packs the tree below `directory` into `target`. The same tree gives the same bytes. */
export async function packSquashfs(
  directory: string,
  target: string,
  compression: SquashCompression,
  epoch: number,
  signal?: AbortSignal,
): Promise<void> {
  rmSync(target, { force: true });
  const times = ['-mkfs-time', String(epoch), '-all-time', String(epoch)];
  const fixed = ['-noappend', '-all-root', '-no-xattrs', '-no-progress', '-quiet', ...times];
  await must(
    ['mksquashfs', directory, target, ...OPTIONS[compression], ...fixed],
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
export function squashCompression(superblock: Buffer): SquashCompression | 'lzma' | 'lzo' | undefined {
  if (superblock.toString('latin1', 0, 4) !== 'hsqs') return undefined;
  return ([undefined, 'gzip', 'lzma', 'lzo', 'xz', 'lz4', 'zstd'] as const)[superblock.readUInt16LE(20)];
}
