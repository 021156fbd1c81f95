/**
 * Several NICs of several drivers: another network's DHCP answers on one, one is dead, one has no carrier, and on one a switch
 * introduces itself. The drivers are Linux's, not a firmware's: kernel and initrd are booted directly.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSwitch, SWITCH } from '../../helpers/real-lldpd.ts';
import { readySite } from '../ready.ts';
import { factsOf, isEvent, type Scenario } from '../scenario.ts';

const MACS = ['52:54:00:00:0d:01', '52:54:00:00:0d:02', '52:54:00:00:0d:03', '52:54:00:00:0d:04'] as const;

export const scenario: Scenario = {
  id: 'd',
  title: 'several NICs of several drivers, another network’s DHCP, a dead one, one without carrier',
  gate: true,
  minutes: 8,
  async run(world) {
    const { site, lab } = await readySite(world, { discoverOnly: true, image: { kernel: 'amd64' } });
    const image = await world.images.microkernel({ kernel: 'amd64' });
    world.step('another network, whose DHCP names a server that is none; and one where nobody answers');
    const other = await site.segment('br1', '10.78.0');
    await other.startDhcp({ nextServer: '10.78.0.99' });
    const dead = await site.segment('br2', '10.79.0');
    await other.addTap('tap0');
    await site.lan.addTap('tap1');
    await dead.addTap('tap2');
    await site.lan.addTap('tap3', { up: false });
    const noSwitch = await startSwitch(site.namespace, ['tap1'], { interval: 10 });
    if (noSwitch !== undefined) world.step(`without a switch that speaks LLDP: ${noSwitch}`);
    await site.machine({
      name: 'node1',
      memoryMiB: 768,
      nics: [
        { model: 'e1000', mac: MACS[0], tap: 'tap0', romfile: '' },
        { model: 'virtio-net-pci', mac: MACS[1], tap: 'tap1', romfile: '' },
        { model: 'e1000e', mac: MACS[2], tap: 'tap2', romfile: '' },
        { model: 'rtl8139', mac: MACS[3], tap: 'tap3', romfile: '' },
      ],
      args: [
        '-kernel',
        image.kernel,
        '-initrd',
        image.initrd,
        '-append',
        `maxcpus=1 console=ttyS0,115200 BOOTIF=01-${MACS[1].replaceAll(':', '-')}`,
      ],
    });
    world.step('the agent finds the right server and registers with the ids of all four');
    const { node } = await lab.waitFor('registered', isEvent('registered'), 300_000);
    const known = (await site.lab('node', 'get', node ?? '')) as { hwIds: string[]; facts: Record<string, string> };
    assert.deepEqual([...known.hwIds].sort(), MACS.map((mac) => mac.replaceAll(':', '').toUpperCase()).sort());
    // as the original counted: behind a virtio card, whose interface lshw prints below it, only one more is seen
    assert.equal(known.facts['mk_hw_nic_count'], '3');
    // the ids and everything else know all four
    const addresses = Object.keys(known.facts).filter((name) => /^macaddress_eth\d$/.test(name));
    assert.equal(addresses.length, 4, addresses.join(' '));
    if (noSwitch !== undefined) return;
    world.step('the agent hears the switch at its second card (real lldpd), and registers with what it said');
    const card = addresses.find((name) => known.facts[name] === MACS[1].toUpperCase())?.slice('macaddress_'.length);
    const heard = `mk_lldp_${card ?? ''}`;
    let facts = known.facts as Readonly<Record<string, string>>;
    for (const end = performance.now() + 180_000; facts[`${heard}_system`] === undefined; await sleep(2000)) {
      assert.ok(performance.now() < end, `no ${heard}_system among the facts`);
      facts = await factsOf(site, node ?? '');
    }
    assert.equal(facts[`${heard}_system`], SWITCH.name);
    assert.equal(facts[`${heard}_protocol`], 'lldp');
    assert.ok(!(facts['interfaces'] ?? '').includes('rzlldp'), 'its ear is no interface of the machine');
  },
};
