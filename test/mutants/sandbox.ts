/**
 * Where mutants run. A mutant may lack the very guard that keeps a dry run dry, so its tests run in namespaces of their own in
 * which the machine cannot be changed: no network but a loopback and a card that leads nowhere, devices without disks, everything read-only but the copy, and
 * without the rights to reboot, to set the clock or to load modules.
 */
import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../../platform/process/run.ts';

/** Environment variable that the process inside finds its directory in. */
export const INSIDE = 'RAZOR_MK_MUTANTS';

const DROPPED = ['sys_boot', 'sys_time', 'sys_module', 'sys_rawio'].map((name) => `-${name}`).join(',');

/** $1 is the directory that stays writable, $2 the project's node_modules; the rest is the program. */
const COVER = `set -e
mount --bind "$1" "$1"
for tree in "$1"/tree-*; do mount --bind "$2" "$tree/node_modules"; done
mkdir -p "$1/dev/pts" "$1/dev/shm" "$1/dev/net" "$1/tmp"
for name in null zero full random urandom tty; do
  : >"$1/dev/$name"; mount --bind "/dev/$name" "$1/dev/$name"
done
if [ -e /dev/net/tun ]; then : >"$1/dev/net/tun"; mount --bind /dev/net/tun "$1/dev/net/tun"; fi
ln -s /proc/self/fd "$1/dev/fd"; ln -s /proc/self/fd/0 "$1/dev/stdin"
ln -s /proc/self/fd/1 "$1/dev/stdout"; ln -s /proc/self/fd/2 "$1/dev/stderr"
mount -t devpts -o newinstance,ptmxmode=0666 none "$1/dev/pts"; ln -s pts/ptmx "$1/dev/ptmx"
mount --rbind "$1/dev" /dev
mount -t proc none /proc
if [ -e /proc/sysrq-trigger ]; then mount --bind /dev/null /proc/sysrq-trigger; fi
mount -t sysfs -o ro none /sys
mount --bind "$1/tmp" /tmp
mount -t tmpfs none /run
mount -o remount,bind,ro /
ip link set lo up
ip link add eth0 type veth peer name peer0
ip addr add 192.0.2.10/24 dev eth0
ip link set eth0 up; ip link set peer0 up
shift 2
exec setpriv --bounding-set ${DROPPED} --inh-caps ${DROPPED} "$@"`;

/** Copies the tracked files of the project to `to`, as they are in the working tree; node_modules is a link. */
export async function copyTree(project: string, to: string): Promise<void> {
  const listed = await run(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: project });
  if (listed.status !== 0) throw new Error(`git ls-files failed: ${listed.stderr.toString()}`);
  for (const path of listed.stdout.toString().split('\0')) {
    if (path === '') continue;
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join(project, path), join(to, path), { force: true, verbatimSymlinks: true });
  }
  mkdirSync(join(to, 'node_modules')); // the namespace has the project's there
}

/** The command line that runs `argv` in namespaces where only `directory` (with copies in `tree-*`) can be written. Needs root. */
export function sandboxed(directory: string, project: string, argv: readonly string[]): [string, ...string[]] {
  const namespaces = [
    '--mount',
    '--uts',
    '--ipc',
    '--net',
    '--pid',
    '--fork',
    '--kill-child',
    '--propagation',
    'private',
  ];
  return ['unshare', ...namespaces, 'sh', '-c', COVER, 'sh', directory, join(project, 'node_modules'), ...argv];
}
