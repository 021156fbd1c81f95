/** The programs that the builder leans on: run to their end, with the Debian package named when one is missing. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errnoOf, messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { ownMark, removeLeftovers } from '../../platform/leftovers.ts';
import { DEFAULT_PATH, run, type RunOptions, type RunResult } from '../../platform/process/run.ts';

/** Debian package of each program. */
const PACKAGES: Readonly<Record<string, string>> = {
  'apt-cache': 'apt',
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
  depmod: 'kmod',
  'isolinux.bin': 'isolinux',
  'isohdpfx.bin': 'isolinux',
  'ldlinux.c32': 'syslinux-common',
  'grub-mkimage': 'grub-common',
  '/usr/lib/grub/x86_64-efi': 'grub-efi-amd64-bin',
  xz: 'xz-utils',
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
  const output = `${result.stderr.toString()}\n${result.stdout.toString()}`.trim();
  if (/no space left on device/i.test(output)) {
    throw new RazorMkError('RAZOR_MK_FILE_UNWRITABLE', `${name}: no space left on the disk that it writes to`, {
      remedy: 'Free some for --out and the temporary directory (TMPDIR), then run it again.',
    });
  }
  const why = result.failure ?? `status ${result.status ?? result.signal}`;
  const last = output.split('\n').slice(-3).join('; ').slice(0, 500);
  throw new RazorMkError('RAZOR_MK_IMAGE_PROGRAM', `${argv.join(' ')}: ${why}: ${last}`);
}

/**
 * Throws RAZOR_MK_IMAGE_PROGRAM with everything of `names` that is not installed, and the packages that bring it, so that
 * nobody installs one, waits, and learns of the next. A name that is a path, or one of a boot loader's files, is taken as missing
 * when it is not found as a program.
 */
export function requirePrograms(names: readonly string[]): void {
  const places = DEFAULT_PATH.split(':');
  const missing = [...new Set(names)].filter((name) => !places.some((place) => existsSync(join(place, name))));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => PACKAGES[name] ?? name))];
  const are = missing.length === 1 ? 'is' : 'are';
  throw new RazorMkError('RAZOR_MK_IMAGE_PROGRAM', `${missing.join(', ')} ${are} not installed`, {
    remedy: `Install what is missing: apt-get install ${packages.join(' ')}.`,
  });
}

const TEMPORARY = 'razor-mk-image';
let swept = false;

/** What builds that were killed left, once a process. */
function sweep(): void {
  if (!swept) removeLeftovers(tmpdir(), TEMPORARY);
  swept = true;
}

/**
 * A temporary directory for the time of `action`; it is removed however that ends. Throws RAZOR_MK_FILE_UNWRITABLE, with the
 * directory, where its disk is full.
 */
export async function withTemporary<T>(action: (directory: string) => Promise<T>): Promise<T> {
  sweep();
  const directory = mkdtempSync(join(tmpdir(), `${TEMPORARY}-${ownMark()}-`));
  try {
    return await action(directory);
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '')) throw error;
    throw new RazorMkError('RAZOR_MK_FILE_UNWRITABLE', `no space left for ${directory}: ${messageOf(error)}`, {
      remedy: 'Free some there, or name another place in TMPDIR.',
      cause: error,
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
