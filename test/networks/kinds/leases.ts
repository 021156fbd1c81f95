/** Leases as they come: what a DHCP server may leave out, squeeze in, or say differently. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Network } from '../network.ts';
import { SERVER } from '../site.ts';

const RANGE = '--dhcp-range=10.77.1.100,10.77.1.150,255.255.255.0,5m';
const BOOT = `--dhcp-boot=x,razor,${SERVER}`;
const BROADCAST = ['ip', 'route', 'add', '255.255.255.255/32', 'dev', 'br0'] as const;

/** Dotted addresses as an option's value. */
const hex = (...addresses: readonly string[]): string =>
  addresses
    .flatMap((address) => address.split('.'))
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('');

const MASK = hex('255.255.255.0');

export const LEASES: readonly Network[] = [
  {
    id: 'plain',
    title: 'DHCP that names the server (for comparison)',
    short: true,
    async play({ site, node, boots }) {
      const at = await site(`${SERVER}/24`);
      await at.dnsmasq([RANGE, BOOT]);
      await at.lab();
      await boots(at, await node(at, 'quiet'));
    },
  },
  {
    id: 'overload',
    title: 'options in the fields sname and file (option overload)',
    short: true,
    async play({ site, node, boots, expect }) {
      const at = await site(`${SERVER}/24`);
      await at.namespace.must(BROADCAST);
      await at.program('dhcp-server', {
        server: SERVER,
        addresses: ['10.77.1.100'],
        siaddr: SERVER,
        options: { 1: MASK },
        overload: { sname: { 3: hex(SERVER), 6: hex(SERVER) }, file: { 15: Buffer.from('x.test').toString('hex') } },
      });
      await at.lab();
      const machine = await node(at, 'quiet');
      await boots(at, machine);
      await expect(
        machine,
        'cat /etc/resolv.conf; ip route',
        /search x\.test\nnameserver 10\.77\.1\.1\ndefault via 10\.77\.1\.1/,
      );
    },
  },
  {
    id: 'option-66',
    title: 'only option 66 names the server (siaddr 0.0.0.0)',
    async play({ site, node, boots, expect }) {
      const at = await site(`${SERVER}/24`);
      await at.namespace.must(BROADCAST);
      const options = { 1: MASK, 3: hex(SERVER), 66: Buffer.from(SERVER).toString('hex') };
      await at.program('dhcp-server', { server: SERVER, addresses: ['10.77.1.100'], options });
      await at.lab();
      const machine = await node(at, 'quiet');
      await boots(at, machine);
      await expect(machine, 'cat /tmp/nextServerIP.addr', /^10\.77\.1\.1$/m);
    },
  },
  {
    id: 'no-route',
    title: 'a lease without a route',
    async play({ site, node, boots, expect }) {
      const at = await site(`${SERVER}/24`);
      await at.dnsmasq([RANGE, BOOT, '--dhcp-option=3']);
      await at.lab();
      const machine = await node(at, 'quiet');
      await boots(at, machine);
      await expect(machine, 'ip route', /^(?!default)/);
    },
  },
  {
    id: 'slash-31',
    title: 'a network of two addresses (/31)',
    short: true,
    async play({ site, node, boots, expect }) {
      const at = await site('10.77.1.0/31');
      await at.namespace.must(BROADCAST);
      const options = { 1: hex('255.255.255.254'), 3: hex('10.77.1.0') };
      await at.program('dhcp-server', { server: '10.77.1.0', addresses: ['10.77.1.1'], siaddr: '10.77.1.0', options });
      await at.lab();
      const machine = await node(at, 'quiet');
      await boots(at, machine);
      await expect(machine, 'ip -4 addr show eth0', /inet 10\.77\.1\.1\/31/);
    },
  },
  {
    id: 'slash-32',
    title: 'an address without a network (/32), the gateway outside of it',
    async play({ site, node, boots, expect }) {
      const at = await site('10.99.0.1/32');
      await at.namespace.must(['ip', 'route', 'add', '10.77.1.100/32', 'dev', 'br0']);
      await at.namespace.must(BROADCAST);
      const options = { 1: hex('255.255.255.255'), 3: hex('10.99.0.1') };
      await at.program('dhcp-server', {
        server: '10.99.0.1',
        addresses: ['10.77.1.100'],
        siaddr: '10.99.0.1',
        options,
      });
      await at.lab();
      const machine = await node(at, 'quiet');
      await boots(at, machine);
      await expect(machine, 'ip -4 addr show eth0; ip route', /inet 10\.77\.1\.100\/32[\s\S]*default via 10\.99\.0\.1/);
    },
  },
  {
    id: 'classless',
    title: 'the server behind a classless route (option 121), the router option beside it wrong',
    async play({ site, node, boots, expect }) {
      const at = await site(`${SERVER}/24`, '10.88.0.1/32');
      await at.dnsmasq([
        RANGE,
        '--dhcp-boot=x,razor,10.88.0.1',
        '--dhcp-option=3,10.77.1.254',
        `--dhcp-option=121,10.88.0.0/16,${SERVER},0.0.0.0/0,${SERVER}`,
      ]);
      await at.lab();
      const machine = await node(at, 'quiet');
      await boots(at, machine);
      await expect(machine, 'ip route', /default via 10\.77\.1\.1 [\s\S]*10\.88\.0\.0\/16 via 10\.77\.1\.1/);
    },
  },
  {
    id: 'mtu-9000',
    title: 'frames of 9000 bytes (option 26)',
    async play({ site, node, boots, expect }) {
      const at = await site(`${SERVER}/24`);
      await at.dnsmasq([RANGE, BOOT, '--dhcp-option=26,9000']);
      await at.lab();
      const machine = await node(at, 'quiet', { mtu: 9000 });
      await boots(at, machine);
      await expect(machine, 'ip link show eth0', /mtu 9000/);
    },
  },
  {
    id: 'mtu-1280',
    title: 'frames of 1280 bytes, of which the lease says nothing',
    short: true,
    async play({ site, node, boots }) {
      const at = await site(`${SERVER}/24`);
      // dnsmasq names the MTU of its own card, unless it is told not to
      await at.dnsmasq([RANGE, BOOT, '--dhcp-option=26']);
      await at.lab();
      await boots(at, await node(at, 'quiet', { mtu: 1280 }));
    },
  },
  {
    id: 'duplicate',
    title: 'the first address that is offered belongs to another machine',
    short: true,
    async play({ site, node, boots, expect }) {
      const at = await site(`${SERVER}/24`);
      await at.host('other', '10.77.1.100/24');
      await at.namespace.must(BROADCAST);
      await at.program('dhcp-server', {
        server: SERVER,
        addresses: ['10.77.1.100', '10.77.1.101'],
        siaddr: SERVER,
        options: { 1: MASK, 3: hex(SERVER) },
      });
      await at.lab();
      await sleep(100);
      const machine = await node(at, 'quiet');
      await boots(at, machine);
      await expect(machine, 'ip -4 addr show eth0', /inet 10\.77\.1\.101\/24/);
    },
  },
];
