/**
 * Tagged VLANs and static addresses of the kernel line: a switch in between takes tagged frames only. It is about what the
 * agent does with `razor.vlan=` and `ip=`, so kernel and initrd are booted directly.
 */
import assert from 'node:assert/strict';
import type { Machine } from '../../../lab/vm/machine.ts';
import { bootDirectly, readySite, type DirectOptions } from '../ready.ts';
import { factsOf, isEvent, type ReadySite, type Scenario, type World } from '../scenario.ts';
import { startVlanSwitch, type SwitchPort } from '../vlan-switch.ts';

const IMAGE = { kernel: 'cloud', flavour: 'prod' } as const;
const [BY_DHCP, BY_HAND, ELSEWHERE] = [100, 200, 300] as const;
const ADDRESS = '10.77.0.7';
const STATIC = '10.77.0.9';

export const scenario: Scenario = {
  id: 'r',
  title:
    'a tagged VLAN, with DHCP and with a static address; untagged frames and another VLAN’s lead nowhere; ip= alone',
  gate: false,
  minutes: 15,
  async run(world) {
    const ready = await readySite(world, { image: IMAGE, discoverOnly: true, dhcp: false });
    const { site, lab } = ready;
    world.step('a switch that takes tagged frames only');
    const net = await startVlanSwitch(site, 'trunk', [BY_DHCP, BY_HAND, ELSEWHERE]);
    const [dhcp, hand, elsewhere] = net.ports as readonly [SwitchPort, SwitchPort, SwitchPort];
    // its router advertisements give an address before any lease does: the agent must not be content with that
    await site.lan.startDhcp({});

    world.step(`razor.vlan=${BY_DHCP}: it registers with an address that DHCP gave inside of the VLAN`);
    const first = await boot(world, ready, dhcp, 1, `razor.vlan=${BY_DHCP}`);
    await first.expect(/found by next-server file/, { timeoutMs: 240_000 });
    const { node = '' } = await lab.waitFor('registered', isEvent('registered'));
    const facts = await factsOf(site, node);
    assert.match(facts[`ipaddress_eth0_${BY_DHCP}`] ?? '', /^10\.77\.0\.1\d\d$/, JSON.stringify(facts));
    assert.equal(facts['ipaddress_eth0'], undefined, 'the network without a tag has an address');
    assert.ok(net.counted(0).tagged > 10, JSON.stringify(net.counted(0)));
    assert.equal(net.counted(0).untagged4, 0, 'DHCP asked outside of the VLAN');
    await first.stop();

    const ip = `ip=${ADDRESS}::${site.address}:255.255.255.0:rack7::off:${site.address}`;
    world.step(`razor.vlan=${BY_HAND} ${ip}: it registers with that address, through that resolver`);
    await site.lan.startDhcp({ names: { razor: site.address } });
    const seen = lab.events.length;
    const second = await boot(world, ready, hand, 2, `razor.vlan=${BY_HAND} ${ip}`);
    await second.expect(/found by DNS name razor/, { timeoutMs: 240_000 });
    const later = await lab.waitFor(
      'registered',
      (event) => isEvent('registered')(event) && !lab.events.slice(0, seen).includes(event),
    );
    const known = await factsOf(site, later.node ?? '');
    assert.equal(known[`ipaddress_eth0_${BY_HAND}`], ADDRESS, JSON.stringify(known));
    assert.equal(known['hostname'], 'rack7');
    assert.equal(net.counted(1).untagged4, 0, JSON.stringify(net.counted(1)));
    await second.stop();

    world.step('no razor.vlan: its untagged frames are refused, and its console says what to check');
    const events = lab.events.length;
    const third = await boot(world, ready, elsewhere, 3, '');
    await third.expect(/no usable address on eth0[^]*Check: .*VLAN/, { timeoutMs: 240_000 });
    await third.expect(/its DHCP client is started anew/, { timeoutMs: 120_000 });
    assert.ok(net.counted(2).untagged4 > 0, JSON.stringify(net.counted(2)));
    await third.stop();

    world.step('another VLAN’s tag: refused as well');
    const fourth = await boot(world, ready, elsewhere, 4, `razor.vlan=${BY_DHCP}`);
    await fourth.expect(/no usable address on eth0/, { timeoutMs: 240_000 });
    await fourth.expect(new RegExp(`eth0\\.${BY_DHCP} has a link and no address`), { timeoutMs: 120_000 });
    assert.ok(net.counted(2).foreign > 0, JSON.stringify(net.counted(2)));
    assert.equal(net.counted(2).tagged, 0);
    assert.equal(lab.events.length, events, 'the lab heard of a machine that nobody could hear');
    await fourth.stop();

    const plain = `ip=${STATIC}::${site.address}:24:rack9:eth0:off:${site.address}`;
    world.step(`${plain}, without a VLAN: the DHCP server of the network is not asked, and takes nothing away`);
    await site.lan.addTap('tap0');
    const nic = { mac: '52:54:00:00:72:05', tap: 'tap0' };
    const fifth = await bootDirectly(world, site, IMAGE, { name: 'node5', nics: [nic], append: plain });
    await fifth.expect(/found by DNS name razor/, { timeoutMs: 240_000 });
    const last = await lab.waitFor(
      'registered',
      (event) => isEvent('registered')(event) && !lab.events.slice(0, events).includes(event),
    );
    const facts5 = await factsOf(site, last.node ?? '');
    assert.deepEqual([facts5['ipaddress_eth0'], facts5['hostname']], [STATIC, 'rack9']);
    const asked = site.timeline.moments.filter(({ machine, phase }) => machine === 'node5' && phase === 'DHCP');
    assert.deepEqual(asked, []);
    await fifth.stop();
  },
};

async function boot(
  world: World,
  { site }: ReadySite,
  port: SwitchPort,
  number: number,
  append: string,
): Promise<Machine> {
  const options: DirectOptions = {
    name: `node${number}`,
    nics: [{ mac: `52:54:00:00:72:0${number}`, wire: port.wire }],
    append,
  };
  return await bootDirectly(world, site, IMAGE, options);
}
