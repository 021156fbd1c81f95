/** Ports and cards: when frames get through, and which card there is. */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { forwarding, type Network } from '../network.ts';
import { SERVER } from '../site.ts';

const RANGE = '--dhcp-range=10.77.1.100,10.77.1.150,255.255.255.0,5m';
const BOOT = `--dhcp-boot=x,razor,${SERVER}`;

export const PORTS: readonly Network[] = [
  {
    id: 'slow-port',
    title: 'a port that forwards 30 s after its link is up (spanning tree without portfast)',
    short: true,
    async play({ site, node, boots, opens }, { short }) {
      const at = await site(`${SERVER}/24`);
      const delay = short ? '400' : '1500'; // hundredths of a second, twice: listening and learning
      await at.namespace.must(['ip', 'link', 'set', 'br0', 'type', 'bridge', 'forward_delay', delay, 'stp_state', '1']);
      await at.dnsmasq([RANGE, BOOT]);
      await at.lab();
      const machine = await node(at, 'quiet');
      const waits = forwarding(at.namespace, 'port').then(opens);
      await Promise.all([boots(at, machine, 90), waits]);
    },
  },
  {
    id: 'lacp',
    title: 'a port of an aggregate whose switch waits 40 s for LACP, then falls back to one link',
    async play({ site, node, boots, opens }) {
      const at = await site(`${SERVER}/24`);
      await at.dnsmasq([RANGE, BOOT]);
      await at.lab();
      const machine = await node(at, 'quiet', { detached: true });
      const falls = sleep(40_000).then(async () => {
        await at.namespace.must(['ip', 'link', 'set', 'port', 'master', 'br0']);
        opens();
      });
      await Promise.all([boots(at, machine, 120), falls]);
    },
  },
  {
    id: 'late-card',
    title: 'a card that appears after 60 s (its driver or firmware came late)',
    short: true,
    async play({ site, node, boots, opens }, { short }) {
      const at = await site(`${SERVER}/24`);
      await at.dnsmasq([RANGE, BOOT]);
      await at.lab();
      const machine = await node(at, 'quiet', 'unplugged');
      const comes = sleep(short ? 8000 : 60_000).then(async () => {
        await at.plug(machine.namespace);
        opens();
      });
      await Promise.all([boots(at, machine, 120), comes]);
    },
  },
  {
    id: 'changing-mac',
    title: 'a MAC that changes after 20 s; the DHCP server knows only the new one, BOOTIF only the old one',
    async play({ site, node, boots, opens }) {
      const at = await site(`${SERVER}/24`);
      await at.dnsmasq([RANGE, BOOT, '--dhcp-host=52:54:00:77:01:99,10.77.1.140', '--dhcp-ignore=tag:!known']);
      await at.lab();
      const machine = await node(at, 'quiet BOOTIF=01-52-54-00-77-01-01');
      const changes = sleep(20_000).then(async () => {
        await machine.namespace.must(['ip', 'link', 'set', 'eth0', 'address', '52:54:00:77:01:99']);
        opens();
      });
      await Promise.all([boots(at, machine, 90), changes]);
    },
  },
  {
    id: 'second-card',
    title: 'two cards with a link, and only the second one reaches a DHCP server',
    async play({ site, node, boots }) {
      const at = await site(`${SERVER}/24`);
      await at.dnsmasq([RANGE, BOOT]);
      await at.lab();
      const machine = await node(at, 'quiet', { card: 'eth1', mac: '52:54:00:77:01:02' });
      await machine.namespace.must(['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'dead']);
      await machine.namespace.must(['ip', 'link', 'set', 'dead', 'up']);
      await boots(at, machine);
    },
  },
  {
    id: 'vlan-trunk',
    title: 'a trunk that carries one VLAN, tagged (razor.vlan=)',
    lacks: () => {
      const made = 'ip link add a type veth peer b && ip link add link a name a.5 type vlan id 5';
      return spawnSync('unshare', ['--net', 'sh', '-c', made]).status === 0
        ? undefined
        : 'this kernel has no 8021q; npm run e2e -- r boots it in QEMU';
    },
    async play({ site, node, boots, expect }) {
      const at = await site();
      await at.namespace.must(['ip', 'link', 'add', 'link', 'br0', 'name', 'br0.100', 'type', 'vlan', 'id', '100']);
      await at.namespace.must(['ip', 'addr', 'add', `${SERVER}/24`, 'dev', 'br0.100']);
      await at.namespace.must(['ip', 'link', 'set', 'br0.100', 'up']);
      await at.dnsmasq([RANGE, BOOT], at.namespace, 'br0.100');
      await at.lab();
      const machine = await node(at, 'quiet razor.vlan=100');
      await boots(at, machine);
      await expect(machine, 'ip -4 addr show eth0.100', /inet 10\.77\.1\.1\d\d\/24/);
    },
  },
];
