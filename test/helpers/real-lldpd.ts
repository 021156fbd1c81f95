/** A real lldpd (Debian's package, unpacked and not installed), as a switch that introduces itself. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Namespace } from '../../lab/vm/namespace.ts';
import { run } from '../../platform/process/run.ts';
import { debianTree } from './debian-tree.ts';

const BUILD = new URL('../../build/lldpd', import.meta.url).pathname;

/** The name, chassis and software of the switch. */
export const SWITCH = {
  name: 'switch-7.example.net',
  chassis: '02:00:5e:10:00:01',
  software: 'Test Switch 1.0',
} as const;

/**
 * Starts it in a namespace; it speaks at once and then every `interval` seconds on each of these interfaces, in LLDP, and in CDP
 * where `cdp` is set. Returns why it cannot, or undefined. It ends with the namespace.
 */
export async function startSwitch(
  namespace: Namespace,
  interfaces: readonly string[],
  { interval = 2, cdp = false }: { readonly interval?: number; readonly cdp?: boolean } = {},
): Promise<string | undefined> {
  const tree = await debianTree({ dir: BUILD, packages: ['lldpd'], tell: () => undefined });
  if (typeof tree === 'string') return tree;
  const env = { LD_LIBRARY_PATH: join(tree.root, 'usr/lib/x86_64-linux-gnu') };
  const program = (name: string): string => join(tree.root, 'usr/sbin', name);
  const socket = join('/run', `lldpd-${process.pid}-${interfaces.join('-')}.socket`);
  // it gives up its rights to a user that only the package's installation would make
  const script = [
    'mount -t tmpfs tmpfs /run && mkdir -p /run/lldpd',
    'for file in passwd group hosts; do cp /etc/$file /run/$file; done',
    "echo '_lldpd:x:997:997::/run/lldpd:/usr/sbin/nologin' >>/run/passwd; echo '_lldpd:x:997:' >>/run/group",
    `hostname switch-7; echo '127.0.0.7 ${SWITCH.name} switch-7' >/run/hosts`,
    'for file in passwd group hosts; do mount --bind /run/$file /etc/$file; done',
    `(sleep 1; printf 'configure lldp tx-interval ${interval}\\nresume\\nupdate\\n' | "$2" -u "$3") >/dev/null &`,
    // a configuration program that does nothing: it is paused until the line above
    'exec "$1" -d -I "$4" -C "$4" -S "$5" -u "$3" -L /bin/true $6',
  ].join('\n');
  const options = [program('lldpd'), program('lldpcli'), socket, interfaces.join(','), SWITCH.software];
  const argv = ['unshare', '--mount', '--uts', 'sh', '-c', script, 'sh', ...options, cdp ? '-ccccc -l' : ''] as const;
  const said: string[] = [];
  const daemon = await namespace.start(argv, { env, onLine: (line) => said.push(line) });
  let isGone = false;
  void daemon.exited.then(() => (isGone = true));
  await sleep(1500);
  return isGone ? `lldpd ended: ${said.slice(-3).join(' ')}` : undefined;
}

/** Whether this kernel can listen: macvtap over a veth, in a namespace. */
export async function lacksMacvtap(namespace: Namespace): Promise<string | undefined> {
  const result = await run(namespace.inside(['ip', 'link', 'add', 'link', 'lo', 'name', 'rzprobe', 'type', 'macvtap']));
  const said = result.stderr.toString();
  if (result.status === 0) await namespace.must(['ip', 'link', 'del', 'rzprobe']);
  return /not supported|unknown device type/i.test(said) ? 'this kernel has no macvtap' : undefined;
}
