/** A network segment of the virtual site: a bridge with an address and, when asked for, dnsmasq for DHCP, TFTP and DNS. */
import type { Daemon } from '../../platform/process/daemon.ts';
import { netbootLines, type NetbootServer } from '../../platform/netboot/dnsmasq.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Namespace } from './namespace.ts';

export interface DhcpOptions {
  /** Directory that TFTP serves; holds razor.ipxe, ipxe.efi and undionly.kpxe. No TFTP without it. */
  readonly tftpRoot?: string;
  /** UEFI machines get shim; where firmware that boots by HTTP finds its loader; see NetbootServer. */
  readonly secureBoot?: NetbootServer['secureBoot'];
  readonly httpPort?: NetbootServer['httpPort'];
  /** What DHCP names as next-server; the bridge's own address by default, null for none. */
  readonly nextServer?: string | null;
  /** DNS names and their addresses: `{ 'razor.test': '10.77.0.1' }`. */
  readonly names?: Readonly<Record<string, string>>;
  /** Domain that DHCP names; `test` by default. */
  readonly domain?: string;
  /** Further lines of dnsmasq.conf. */
  readonly lines?: readonly string[];
  /** No address is given out (DNS and TFTP only). */
  readonly mute?: boolean;
}

interface SegmentOptions {
  /** Name of the bridge: `br0`. */
  readonly bridge: string;
  /** First three bytes of its /24: `10.77.0`. The bridge gets .1. */
  readonly net: string;
  /** Each line that dnsmasq logs. */
  readonly onLine?: (line: string) => void;
}

export interface Segment {
  readonly bridge: string;
  /** IPv4 address of the bridge. */
  readonly address: string;
  /** Adds a tap device to the bridge; without carrier it is left down. */
  addTap(name: string, options?: { readonly up?: boolean }): Promise<void>;
  startDhcp(options: DhcpOptions): Promise<void>;
  stopDhcp(): Promise<void>;
}

/** Adds a bridge with its addresses to the namespace. Throws RAZOR_MK_RUN. */
export async function createSegment(namespace: Namespace, options: SegmentOptions): Promise<Segment> {
  const { bridge, net } = options;
  const address = `${net}.1`;
  const prefix6 = prefixOf(net);
  await namespace.must(['ip', 'link', 'add', bridge, 'type', 'bridge', 'forward_delay', '0']);
  await namespace.must(['ip', 'addr', 'add', `${address}/24`, 'dev', bridge]);
  await namespace.must(['ip', 'addr', 'add', `${prefix6}1/64`, 'dev', bridge, 'nodad']);
  await namespace.must(['ip', 'link', 'set', bridge, 'up']);
  let dnsmasq: Daemon | undefined;
  return {
    bridge,
    address,
    async addTap(name, { up = true } = {}) {
      await namespace.must(['ip', 'tuntap', 'add', name, 'mode', 'tap']);
      await namespace.must(['ip', 'link', 'set', name, 'master', bridge]);
      if (up) await namespace.must(['ip', 'link', 'set', name, 'up']);
    },
    async startDhcp(dhcp) {
      await dnsmasq?.stop();
      const argv = dnsmasqArgv({ bridge, net, address, prefix6 }, dhcp);
      dnsmasq = await startDnsmasq(namespace, argv, (line) => options.onLine?.(line));
    },
    async stopDhcp() {
      await dnsmasq?.stop();
      dnsmasq = undefined;
    },
  };
}

/**
 * The IPv6 prefix of a segment, of 64 bits: `fd77::` for 10.77.0, and another for each other network, on which otherwise only
 * the first DHCP server would find its address free.
 */
export function prefixOf(net: string): string {
  const [, second = 0, third = 0] = net.split('.').map(Number);
  return `fd77:${(((second - 77) * 256 + third) & 0xffff).toString(16)}::`;
}

/** Throws RAZOR_MK_VM when it ends instead of starting. */
async function startDnsmasq(
  namespace: Namespace,
  argv: readonly [string, ...string[]],
  onLine: (line: string) => void,
): Promise<Daemon> {
  const said: string[] = [];
  let started: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (started = resolve));
  const daemon = await namespace.start(argv, {
    onLine(line) {
      if (said.length < 5) said.push(line);
      if (line.includes(': started, version')) started();
      onLine(line);
    },
  });
  const ended = daemon.exited.then(() => {
    throw new RazorMkError('RAZOR_MK_VM', `dnsmasq did not start: ${said.join('; ')}`);
  });
  ended.catch(() => undefined);
  await Promise.race([ready, ended]);
  return daemon;
}

interface Place {
  readonly bridge: string;
  readonly net: string;
  readonly address: string;
  readonly prefix6: string;
}

/**
 * dnsmasq's command line. Router advertisements save iPXE some of the 16 s that it waits at each `dhcp` otherwise.
 */
export function dnsmasqArgv(place: Place, dhcp: DhcpOptions, root = process.getuid?.() === 0): [string, ...string[]] {
  const domain = dhcp.domain ?? 'test';
  const server = dhcp.nextServer === undefined ? place.address : dhcp.nextServer;
  const dns = Object.entries(dhcp.names ?? {}).map(([name, ip]) => `--address=/${name}/${ip}`);
  const leases =
    dhcp.mute === true
      ? []
      : [`--dhcp-range=${place.net}.100,${place.net}.150,255.255.255.0,5m`, '--dhcp-authoritative'];
  const pxe =
    dhcp.tftpRoot === undefined
      ? server === null
        ? // without this dnsmasq names itself
          ['--dhcp-option=option:server-ip-address,0.0.0.0']
        : [`--dhcp-boot=,razor,${server}`]
      : netbootLines({
          address: server ?? '',
          tftpRoot: dhcp.tftpRoot,
          secureBoot: dhcp.secureBoot,
          httpPort: dhcp.httpPort,
        }).map((line) => `--${line}`);
  return [
    'dnsmasq',
    // the root of a user namespace may not drop groups, which dnsmasq would do
    ...(root ? ['--keep-in-foreground', '--user=root'] : ['--no-daemon']),
    '--conf-file=/dev/null',
    '--log-facility=-',
    '--log-dhcp',
    '--log-queries',
    `--interface=${place.bridge}`,
    '--bind-interfaces',
    '--except-interface=lo',
    '--no-resolv',
    '--no-hosts',
    '--no-ping',
    '--pid-file=',
    '--leasefile-ro',
    `--domain=${domain}`,
    `--local=/${domain}/`,
    ...dns,
    ...leases,
    '--enable-ra',
    `--dhcp-range=${place.prefix6},ra-only,64`,
    ...pxe,
    ...(dhcp.lines ?? []).map((line) => `--${line}`),
  ];
}
