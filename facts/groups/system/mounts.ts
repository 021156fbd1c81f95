/** What is mounted where, and how full it is. */
import { oncePer } from '../../sources/recording.ts';
import type { FileSystemSpace } from '../../sources/sources.ts';

const MOUNTS = '/proc/self/mounts';
/** A machine with more has containers, and nobody reads them all. */
const MOST = 1000;
/** File systems of another machine or of a program: asking how full they are may never end. */
const REMOTE = /^(nfs|cifs|smb|9p|afs|ceph|gluster|lustre|beegfs|gpfs|ocfs|gfs|fuse)/;

export interface Mount {
  readonly path: string;
  readonly device: string;
  readonly filesystem: string;
  readonly options: readonly string[];
  /** Undefined in a tree, and for file systems that are not asked. */
  readonly space: FileSystemSpace | undefined;
}

/** All mounts but those of /proc and /sys, in the kernel's order; of two at one place the later one, which covers the other. */
export const readMounts = oncePer((sources): readonly Mount[] => {
  const mounts = new Map<string, Mount>();
  for (const line of (sources.text(MOUNTS) ?? '').split('\n', MOST)) {
    const [device, path, filesystem, options] = line.split(' ').map(unescaped);
    if (device === undefined || path === undefined || filesystem === undefined || options === undefined) continue;
    if ((/^\/(proc|sys)/.test(path) && filesystem !== 'tmpfs') || filesystem === 'autofs') continue;
    const space = REMOTE.test(filesystem) ? undefined : sources.space(path);
    mounts.set(path, { path, device, filesystem, options: options.split(','), space });
  }
  return [...mounts.values()];
});

/** The kernel writes blanks as `\040`. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
