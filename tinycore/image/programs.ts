/** The programs that the builder leans on: run to their end, with the Debian package named when one is missing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { run, type RunOptions, type RunResult } from '../../platform/process/run.ts';

/** Debian package of each program. */
const PACKAGES: Readonly<Record<string, string>> = {
  'apt-cache': 'apt',
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
  depmod: 'kmod',
  'grub-mkstandalone': 'grub-common',
  mformat: 'mtools',
  mmd: 'mtools',
  mcopy: 'mtools',
  mksquashfs: 'squashfs-tools',
  unsquashfs: 'squashfs-tools',
  xorriso: 'xorriso',
  git: 'git',
};

/**
 * Runs a program that must succeed. Throws RAZOR_MK_IMAGE_PROGRAM: not installed (with its package), or failed (with the
 * last line that it said).
 */
export async function must(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  // what unsquashfs, dpkg-deb and the like unpack goes into images: its modes must not be those of whoever builds
  const result = await run(argv, { timeoutMs: 600_000, umask: 0o022, ...options });
  if (result.status === 0) return result;
  const [name] = argv;
  if (result.failure === 'not-found') {
    const debian = PACKAGES[name] ?? name;
    throw new RazorMkError('RAZOR_MK_IMAGE_PROGRAM', `${name} is not installed`, {
      remedy: `Install it: apt-get install ${debian}.`,
    });
  }
  if (result.failure === 'aborted')
    throw new RazorMkError('RAZOR_MK_IMAGE_PROGRAM', `${name} was stopped`, { remedy: 'Run it again.' });
  const said = `${result.stderr.toString()}\n${result.stdout.toString()}`.trim().split('\n').slice(-3).join('; ');
  const why = result.failure ?? `status ${result.status ?? result.signal}`;
  throw new RazorMkError('RAZOR_MK_IMAGE_PROGRAM', `${argv.join(' ')}: ${why}: ${said.slice(0, 500)}`);
}

/** A temporary directory for the time of `action`; it is removed however that ends. */
export async function withTemporary<T>(action: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'razor-mk-image-'));
  try {
    return await action(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
