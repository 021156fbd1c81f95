/** A Debian package as an extension: its files in a squashfs, its dependencies as a .dep, as the original's deb2tcz did. */
import type { Arch } from '../../../packaging/project-paths.ts';
import { isFile } from '../../../platform/files.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { removeWithin } from '../../../platform/within.ts';
import { IMAGE_ARCHES } from '../architectures.ts';
import { must } from '../programs.ts';
import { squashfsOf } from './squashfs.ts';

interface Repacked {
  readonly data: Buffer;
  /** Names of the packages that it depends on (the first of alternatives), as NAME.tcz. */
  readonly dep: readonly string[];
}

/** Unpacks and repacks. Maintainer scripts are not run: nothing is installed. Throws RAZOR_MK_TCZ, RAZOR_MK_IMAGE_PROGRAM. */
export async function debToTcz(path: string, epoch: number, arch: Arch, signal?: AbortSignal): Promise<Repacked> {
  if (!isFile(path)) throw new RazorMkError('RAZOR_MK_TCZ', `${path} is not there`);
  const options = signal === undefined ? {} : { signal };
  const asked = await must(['dpkg-deb', '-f', path, 'Depends', 'Pre-Depends', 'Architecture'], options).catch(
    (error: unknown) => {
      if (error instanceof RazorMkError && error.message.includes('not installed')) throw error;
      throw new RazorMkError('RAZOR_MK_TCZ', `${path} is not a Debian package`, { cause: error });
    },
  );
  const fields = asked.stdout.toString();
  const architecture = /^Architecture: (\S+)$/m.exec(fields)?.[1] ?? '';
  const { debian } = IMAGE_ARCHES[arch];
  if (!['all', debian, ...(arch === 'x64' ? ['i386'] : ['armhf'])].includes(architecture)) {
    throw new RazorMkError('RAZOR_MK_TCZ', `${path} is for ${architecture}, the base for ${debian}`, {
      remedy: `Take the package of ${debian}.`,
    });
  }
  const fill = async (tree: string): Promise<void> => {
    await must(['dpkg-deb', '-x', path, tree], options);
    // by a stranger's links: `usr` may lead to this machine's
    for (const heavy of HEAVY) removeWithin(tree, `usr/share/${heavy}`);
  };
  return { data: await squashfsOf(fill, epoch, signal), dep: dependencies(fields) };
}

/** What no node reads, below usr/share. */
const HEAVY = ['man', 'locale', 'info', 'lintian'];

/** `libc6 (>= 2.36), foo | bar` → libc6.tcz, foo.tcz */
export function dependencies(fields: string): string[] {
  const names = new Set<string>();
  for (const [, list = ''] of fields.matchAll(/^(?:Pre-)?Depends: (.*)$/gm)) {
    for (const part of list.split(',')) {
      const name = /^\s*([a-z0-9][a-z0-9+.-]+)/.exec(part)?.[1];
      if (name !== undefined) names.add(`${name}.tcz`);
    }
  }
  return [...names];
}
