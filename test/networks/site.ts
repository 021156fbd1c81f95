/** The other side of the cable: a bridge with the node's port, a lab, and whatever serves the network. */
import { fileURLToPath } from 'node:url';
import { createNamespace, type Namespace } from '../../lab/vm/namespace.ts';
import type { LabEvent } from '../../lab/lab-events.ts';
import { tool } from '../../packaging/tools.ts';
import type { Daemon } from '../../platform/process/daemon.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const MAIN = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));

export const SERVER = '10.77.1.1';
export const MAC = '52:54:00:77:01:01';

export interface TestSite {
  /** Where the bridge, the lab and the DHCP server are. */
  readonly namespace: Namespace;
  /** A namespace of its own on the bridge, as `NAME` with the card eth0. */
  host(name: string, ...addresses: readonly string[]): Promise<Namespace>;
  /** A namespace behind the router's card eth1, with a route back; both with their addresses and lengths. The router forwards. */
  behind(router: Namespace, its: string, routers: string): Promise<Namespace>;
  /** Connects the node's card to the bridge, with its `port`; `detached`: the port has a carrier, and no frame gets further. */
  plug(node: Namespace, options?: Plug): Promise<void>;
  /** dnsmasq on the bridge, or in a host's namespace; DHCP with DNS on `port=53` when that is given. */
  dnsmasq(options: readonly string[], where?: Namespace, card?: string): Promise<Daemon>;
  /** A program of `programs/` with its settings. */
  program(name: 'dhcp-server' | 'portal', settings: unknown, where?: Namespace): Promise<Daemon>;
  /** A lab on the address (all of them by default), in a host's namespace or here. */
  lab(host?: string, where?: Namespace): Promise<void>;
  /** When a node registered, or undefined when it did not in time. Milliseconds of performance.now(). */
  registered(timeoutMs: number): Promise<number | undefined>;
  /** What was said by those programs, for a report. */
  readonly said: readonly string[];
  close(): Promise<void>;
}

export interface Plug {
  /** eth0 */
  readonly card?: string;
  readonly mac?: string;
  readonly mtu?: number;
  readonly detached?: boolean;
}

async function addBridge(namespace: Namespace, addresses: readonly string[]): Promise<void> {
  await namespace.must(['ip', 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'mcast_snooping', '0']);
  for (const address of addresses) {
    const v6 = address.includes(':') ? ['nodad'] : [];
    await namespace.must(['ip', 'addr', 'add', address, 'dev', 'br0', ...v6]);
  }
  await namespace.must(['ip', 'link', 'set', 'br0', 'up']);
}

/** Makes the site with its bridge; `address` with its length, or several. */
export async function createSite(...addresses: readonly string[]): Promise<TestSite> {
  const namespace = await createNamespace();
  const hosts: Namespace[] = [];
  const said: string[] = [];
  const first = Promise.withResolvers<number>();
  const note = (who: string) => (line: string) => said.push(`${who}: ${line}`);
  try {
    await addBridge(namespace, addresses);
  } catch (error) {
    await namespace.close();
    throw error;
  }
  const plug: TestSite['plug'] = async (node, { card = 'eth0', mac = MAC, mtu, detached } = {}) => {
    const ends = ['type', 'veth', 'peer', 'name', card, 'address', mac, 'netns', String(node.pid)];
    await tool(['ip', 'link', 'add', 'port', 'netns', String(namespace.pid), ...ends]);
    if (mtu !== undefined) {
      await namespace.must(['ip', 'link', 'set', 'port', 'mtu', String(mtu)]);
      await namespace.must(['ip', 'link', 'set', 'br0', 'mtu', String(mtu)]);
    }
    if (detached !== true) await namespace.must(['ip', 'link', 'set', 'port', 'master', 'br0']);
    await namespace.must(['ip', 'link', 'set', 'port', 'up']);
  };
  return {
    namespace,
    said,
    plug,
    async host(name, ...its) {
      const other = await createNamespace();
      hosts.push(other);
      const ends = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', String(other.pid)];
      await tool(['ip', 'link', 'add', name, 'netns', String(namespace.pid), ...ends]);
      await namespace.must(['ip', 'link', 'set', name, 'master', 'br0', 'up']);
      for (const address of its) await other.must(['ip', 'addr', 'add', address, 'dev', 'eth0']);
      await other.must(['ip', 'link', 'set', 'eth0', 'up']);
      return other;
    },
    async behind(router, its, routers) {
      const other = await createNamespace();
      hosts.push(other);
      const ends = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', String(other.pid)];
      await tool(['ip', 'link', 'add', 'eth1', 'netns', String(router.pid), ...ends]);
      for (const [where, card, address] of [
        [router, 'eth1', routers],
        [other, 'eth0', its],
      ] as const) {
        await where.must(['ip', 'addr', 'add', address, 'dev', card]);
        await where.must(['ip', 'link', 'set', card, 'up']);
      }
      await other.must(['ip', 'route', 'add', 'default', 'via', routers.replace(/\/.*/, '')]);
      await router.must(['sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']);
      return other;
    },
    async dnsmasq(options, where = namespace, card = where === namespace ? 'br0' : 'eth0') {
      const quiet = ['--conf-file=/dev/null', '--no-ping', '--no-resolv', '--no-hosts', '--pid-file=', '--user=root'];
      const leases = `--dhcp-leasefile=${temporaryDirectory()}/leases`;
      const place = [`--interface=${card}`, '--bind-interfaces', '--log-dhcp', '--log-facility=-', leases];
      const port = options.some((option) => option.startsWith('--port=')) ? [] : ['--port=0'];
      const argv = ['dnsmasq', '--keep-in-foreground', ...quiet, ...place, ...port, ...options] as const;
      return await where.start([...argv], { onLine: note('dnsmasq') });
    },
    async program(name, settings, where = namespace) {
      const path = fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url));
      const ready = Promise.withResolvers<void>();
      const daemon = await where.start([process.execPath, path, JSON.stringify(settings)], {
        onLine: (line) => {
          note(name)(line);
          if (line === 'ready') ready.resolve();
        },
      });
      await Promise.race([
        ready.promise,
        daemon.exited.then(() => Promise.reject(new Error(said.slice(-5).join('\n')))),
      ]);
      return daemon;
    },
    async lab(host = '0.0.0.0', where = namespace) {
      const ready = Promise.withResolvers<void>();
      const ports = ['--image-port', '--people-port', '--razor-server-port'].flatMap((name) => [name, '0']);
      const argv = [process.execPath, MAIN, 'lab', '--events', '--host', host, ...ports] as const;
      const daemon = await where.start([...argv], {
        onLine: (line) => {
          if (!line.startsWith('{')) return void note('lab')(line);
          const event = JSON.parse(line) as { type: LabEvent['type'] | 'ready' };
          if (event.type === 'ready') ready.resolve();
          if (event.type === 'registered') first.resolve(performance.now());
        },
      });
      const gone = daemon.exited.then(() => Promise.reject(new Error(`the lab ended: ${said.slice(-5).join('\n')}`)));
      await Promise.race([ready.promise, gone]);
    },
    async registered(timeoutMs) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), timeoutMs)));
      return await Promise.race([first.promise, late]).finally(() => clearTimeout(timer));
    },
    async close() {
      await Promise.all(hosts.map((host) => host.close()));
      await namespace.close();
    },
  };
}
