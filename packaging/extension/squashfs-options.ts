/** How extensions are packed, by packaging and by the image builder: what each choice costs is measured in docs/packaging.md. */
import type { Arch } from '../project-paths.ts';

/** Compressions that mksquashfs and the kernel of a base may know. */
export const COMPRESSIONS = ['gzip', 'xz', 'zstd', 'lz4'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

const LEVELS: Readonly<Record<Compression, readonly string[]>> = {
  gzip: ['-Xcompression-level', '9'],
  xz: [],
  zstd: ['-Xcompression-level', '19'],
  lz4: ['-Xhc'],
};

/**
 * Options of mksquashfs. Blocks of 128 KiB: a machine with little memory unpacks a block again for every page of it that it
 * had to forget, and with blocks of 1 MiB it does nothing else. xz is for those who want the smallest.
 */
export function squashfsOptions(compression: Compression, arch: Arch): string[] {
  const filter = compression === 'xz' && arch === 'x64' ? ['-Xbcj', 'x86'] : [];
  return ['-comp', compression, '-b', compression === 'xz' ? '1M' : '128K', ...LEVELS[compression], ...filter];
}
