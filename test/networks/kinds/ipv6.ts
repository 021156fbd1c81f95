/** Networks without IPv4: the address by router advertisements or DHCPv6, the server by DNS. */
import type { Network } from '../network.ts';

const ROUTER = 'fd77:1::1';
const DNS = ['--port=53', `--address=/razor.site.test/${ROUTER}`, '--enable-ra', '--domain=site.test'];
const NAMES = [`--dhcp-option=option6:dns-server,[${ROUTER}]`, '--dhcp-option=option6:domain-search,site.test'];

export const IPV6: readonly Network[] = [
  {
    id: 'ipv6-ra',
    title: 'IPv6 only: address, DNS server and search list by router advertisements',
    short: true,
    async play({ site, node, boots, expect }) {
      const at = await site(`${ROUTER}/64`);
      await at.dnsmasq([...DNS, ...NAMES, '--dhcp-range=fd77:1::,ra-only,64']);
      await at.lab('::');
      const machine = await node(at, 'quiet');
      await boots(at, machine);
      await expect(machine, 'cat /etc/resolv.conf', /search site\.test\nnameserver fd77:1::1\n/);
    },
  },
  {
    id: 'ipv6-dhcp',
    title: 'IPv6 only: address, DNS server and search list by DHCPv6',
    short: true,
    async play({ site, node, boots, expect }) {
      const at = await site(`${ROUTER}/64`);
      await at.dnsmasq([...DNS, ...NAMES, '--dhcp-range=fd77:1::100,fd77:1::1ff,64,5m']);
      await at.lab('::');
      const machine = await node(at, 'quiet');
      await boots(at, machine);
      await expect(machine, 'cat /etc/resolv.conf', /nameserver fd77:1::1\n/);
    },
  },
];
