/** Who answers: relays, several DHCP servers, portals and lying resolvers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Network } from '../network.ts';
import { SERVER } from '../site.ts';

const RANGE = '--dhcp-range=10.77.1.100,10.77.1.150,255.255.255.0,5m';
const BOOT = `--dhcp-boot=x,razor,${SERVER}`;
const ROUTER = '10.77.1.254';

export const SERVERS: readonly Network[] = [
  {
    id: 'relay',
    title: 'DHCP server and lab behind a router with a relay',
    async play({ site, node, boots, expect }) {
      const at = await site();
      const router = await at.host('router', `${ROUTER}/24`);
      const far = await at.behind(router, '10.88.0.1/24', '10.88.0.254/24');
      await at.dnsmasq(['--interface=eth1', `--dhcp-relay=${ROUTER},10.88.0.1`], router);
      await at.dnsmasq([RANGE, '--dhcp-boot=x,razor,10.88.0.1', `--dhcp-option=3,${ROUTER}`], far);
      await at.lab('0.0.0.0', far);
      const machine = await node(at, 'quiet');
      await boots(at, machine);
      await expect(machine, 'cat /tmp/razor-mk-net/eth0/dhcp-server; ip route', /default via 10\.77\.1\.254/);
    },
  },
  {
    id: 'proxy-dhcp',
    title: 'proxy DHCP beside a router whose leases name the router as next-server; the boot script names the lab',
    async play({ site, node, boots }) {
      const at = await site(`${SERVER}/24`);
      const router = await at.host('router', `${ROUTER}/24`);
      await at.dnsmasq([RANGE, `--dhcp-boot=x,router,${ROUTER}`], router);
      await at.dnsmasq(['--dhcp-range=10.77.1.0,proxy', '--pxe-service=x86PC,razor,undionly']);
      await at.lab();
      await boots(at, await node(at, `quiet razor.ip=${SERVER} BOOTIF=01-52-54-00-77-01-01`));
    },
  },
  {
    id: 'two-dhcp',
    title:
      'two DHCP servers that disagree; the one that always answers first names a dead next-server, router and DNS server',
    short: true,
    async play({ site, node, boots }) {
      const at = await site(`${SERVER}/24`);
      const other = await at.host('other', '10.77.1.66/24');
      const range = '--dhcp-range=10.77.1.200,10.77.1.220,255.255.255.0,5m';
      await at.dnsmasq([range, '--dhcp-boot=x,other,10.77.1.66', '--dhcp-option=6,10.77.1.66'], other);
      await at.dnsmasq([RANGE, BOOT, '--dhcp-reply-delay=1']);
      await at.lab();
      await boots(at, await node(at, 'quiet'), 120);
    },
  },
  {
    id: 'captive-portal',
    title: 'a captive portal that redirects every request for 30 s',
    short: true,
    async play({ site, node, boots, opens }, { short }) {
      const at = await site(`${SERVER}/24`);
      await at.dnsmasq([RANGE, BOOT]);
      await at.lab('127.0.0.1');
      const settings = { listen: [SERVER, 8026], target: ['127.0.0.1', 8026], answer: 'redirect' };
      const portal = await at.program('portal', settings);
      const machine = await node(at, 'quiet');
      const lets = sleep(short ? 12_000 : 30_000).then(() => {
        portal.write('open\n');
        opens();
      });
      await Promise.all([boots(at, machine, 120), lets]);
    },
  },
  {
    id: 'portal-page',
    title: 'a captive portal that answers every request with its page for 30 s',
    async play({ site, node, boots, opens }) {
      const at = await site(`${SERVER}/24`);
      await at.dnsmasq([RANGE, BOOT]);
      await at.lab('127.0.0.1');
      const portal = await at.program('portal', {
        listen: [SERVER, 8026],
        target: ['127.0.0.1', 8026],
        answer: 'page',
      });
      const machine = await node(at, 'quiet');
      const lets = sleep(30_000).then(() => {
        portal.write('open\n');
        opens();
      });
      await Promise.all([boots(at, machine, 120), lets]);
    },
  },
  {
    id: 'dns-zero',
    title: 'DNS that answers 0.0.0.0 for every name; the lease names the server',
    async play({ site, node, boots }) {
      const at = await site(`${SERVER}/24`);
      await at.dnsmasq([RANGE, BOOT, '--port=53', '--address=/#/0.0.0.0', `--dhcp-option=6,${SERVER}`]);
      await at.lab();
      await boots(at, await node(at, 'quiet'));
    },
  },
  {
    id: 'dns-redirect',
    title: 'DNS that answers every unknown name with a search page, which listens on the port of the lab too',
    async play({ site, node, boots }) {
      const at = await site(`${SERVER}/24`);
      const search = await at.host('search', '10.77.1.80/24');
      await at.program('portal', { listen: ['10.77.1.80', 8026], answer: 'page' }, search);
      await at.dnsmasq([RANGE, BOOT, '--port=53', '--address=/#/10.77.1.80', `--dhcp-option=6,${SERVER}`]);
      await at.lab();
      await boots(at, await node(at, 'quiet'));
    },
  },
  {
    id: 'dns-blackhole',
    title: 'DNS that answers every unknown name with an address that swallows packets',
    short: true,
    async play({ site, node, boots }) {
      const at = await site(`${SERVER}/24`);
      await at.namespace.must(['sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']);
      await at.namespace.must(['ip', 'route', 'add', 'blackhole', '10.99.9.9/32']);
      await at.dnsmasq([RANGE, BOOT, '--port=53', '--address=/#/10.99.9.9', `--dhcp-option=6,${SERVER}`]);
      await at.lab();
      await boots(at, await node(at, 'quiet'), 120);
    },
  },
];
