/** Two cards and two DHCP servers in network namespaces; the client's side is a root directory with busybox and the overlay. */
import { type TestContext } from 'node:test';
import { createNamespace } from '../../lab/vm/namespace.ts';
import { tool } from '../../packaging/tools.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { layOutRoot, openShell, type NodeShell } from './node-root.ts';

export interface Scene extends NodeShell {
  /** Starts the DHCP server of net 1 (card eth0) or 2 (card enp3s0) with further options of dnsmasq. */
  serve(net: 1 | 2, ...options: string[]): Promise<void>;
}

export async function openScene(t: TestContext, cmdline = 'quiet'): Promise<Scene> {
  const root = temporaryDirectory();
  const server = await createNamespace();
  const client = await createNamespace();
  t.after(async () => {
    await client.close();
    await server.close();
  });
  await layOutRoot(root, cmdline);
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
  const into = [
    `mount -t proc proc ${root}/proc`,
    `mount -t sysfs sysfs ${root}/sys`,
    `mount --bind ${root}/cmdline ${root}/proc/cmdline`,
    `mount --bind /dev ${root}/dev`,
    `exec chroot ${root} /bin/sh`,
  ];
  return {
    ...(await openShell(client, into)),
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
  };
}
