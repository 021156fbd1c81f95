/** Two cards and two DHCP servers in network namespaces; the client's side is a root directory with busybox and the overlay. */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNamespace } from '../../lab/vm/namespace.ts';
import { PROJECT } from '../../packaging/project-paths.ts';
import { tool } from '../../packaging/tools.ts';
import { run } from '../../platform/process/run.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

/** Why these tests cannot run here, or false. */
export async function cannot(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'network namespaces and chroot need root';
  for (const program of ['ip', 'dnsmasq', 'unshare', 'apt-get', 'dpkg'])
    if ((await run([program, '--version'])).failure === 'not-found') return `${program} is not installed`;
  return false;
}

export interface Scene {
  /** Runs a command on the client; its standard output. */
  sh(command: string): Promise<string>;
  /** Starts the DHCP server of net 1 (card eth0) or 2 (card enp3s0) with further options of dnsmasq. */
  serve(net: 1 | 2, ...options: string[]): Promise<void>;
  /** Waits until a command prints what matches. */
  until(command: string, pattern: RegExp): Promise<string>;
}

export async function openScene(t: TestContext, cmdline = 'quiet'): Promise<Scene> {
  const root = temporaryDirectory();
  const server = await createNamespace();
  const client = await createNamespace();
  t.after(async () => {
    await client.close();
    await server.close();
  });
  await layOut(root, cmdline);
  for (const [net, card] of [
    [1, 'eth0'],
    [2, 'enp3s0'],
  ] as const) {
    const mac = `52:54:00:00:00:0${net}`;
    const ends = ['type', 'veth', 'peer', 'name', card, 'address', mac, 'netns', String(client.pid)];
    await tool(['ip', 'link', 'add', `s${net}`, 'netns', String(server.pid), ...ends]);
    await server.must(['ip', 'addr', 'add', `10.77.${net}.1/24`, 'dev', `s${net}`]);
    await server.must(['ip', 'link', 'set', `s${net}`, 'up']);
  }
  let printed = '';
  const into = [
    `mount -t proc proc ${root}/proc`,
    `mount -t sysfs sysfs ${root}/sys`,
    `mount --bind ${root}/cmdline ${root}/proc/cmdline`,
    `mount --bind /dev ${root}/dev`,
    `exec chroot ${root} /bin/sh`,
  ];
  const shell = await client.start(['unshare', '--mount', 'sh', '-c', into.join(' && ')], {
    onLine: (line) => (printed += `${line}\n`),
  });
  let count = 0;
  const sh = async (command: string): Promise<string> => {
    const mark = `--end ${(count += 1)}--`;
    printed = '';
    shell.write(`${command}\necho '${mark}'\n`);
    for (const end = performance.now() + 20_000; !printed.includes(mark); await sleep(20))
      if (performance.now() > end) throw new Error(`${command} did not end: ${printed}`);
    return printed.slice(0, printed.indexOf(mark));
  };
  return {
    sh,
    async serve(net, ...options) {
      const place = [`--interface=s${net}`, '--bind-interfaces', `--dhcp-range=10.77.${net}.100,10.77.${net}.150,5m`];
      const quiet = [
        '--conf-file=/dev/null',
        '--port=0',
        '--no-ping',
        '--dhcp-authoritative',
        '--pid-file=',
        '--user=root',
      ];
      const boot = [`--dhcp-leasefile=${root}/leases${net}`, `--dhcp-boot=x,razor,10.77.${net}.1`];
      await server.start(['dnsmasq', '--keep-in-foreground', ...quiet, ...place, ...boot, ...options]);
    },
    async until(command, pattern) {
      let last = '';
      for (const end = performance.now() + 30_000; performance.now() < end; await sleep(200)) {
        last = await sh(command);
        if (pattern.test(last)) return last;
      }
      throw new Error(`${command} never printed ${String(pattern)}, but: ${last}`);
    },
  };
}

/** busybox of Debian's busybox-static (fetched once, unpacked, not installed) with the overlay of an image on top. */
async function layOut(root: string, cmdline: string): Promise<void> {
  const cache = join(PROJECT, 'build/cache/busybox');
  mkdirSync(cache, { recursive: true });
  if (!readdirSync(cache).includes('bin')) {
    await tool(['apt-get', 'download', 'busybox-static'], { cwd: cache });
    const deb = readdirSync(cache).find((name) => name.endsWith('.deb')) ?? '';
    await tool(['dpkg', '-x', join(cache, deb), cache]);
  }
  for (const directory of ['bin', 'proc', 'sys', 'dev', 'etc', 'tmp', 'var/run', 'usr/share', 'usr/bin'])
    mkdirSync(join(root, directory), { recursive: true });
  cpSync(join(cache, 'bin/busybox'), join(root, 'bin/busybox'));
  await tool(['chroot', root, '/bin/busybox', '--install', '-s', '/bin']);
  cpSync(join(PROJECT, 'tinycore/overlay/all'), root, { recursive: true });
  writeFileSync(join(root, 'cmdline'), `${cmdline}\n`);
  writeFileSync(join(root, 'etc/resolv.conf'), '');
}
