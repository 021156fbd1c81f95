/**
 * A slow and unlucky world. One machine goes through all of it, and nobody touches it: DHCP answers 90 s late, DNS another
 * 60 s, the server another 5 minutes; then the server loses its database, and is killed between register and bind. It is
 * about what comes after the kernel has started, so kernel and initrd are booted directly. The times are real.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DhcpOptions } from '../../../lab/vm/segment.ts';
import { addPolicy, bootDirectly, readySite } from '../ready.ts';
import { checkins, isEvent, type Scenario } from '../scenario.ts';

const IMAGE = { kernel: 'cloud', flavour: 'prod' } as const;
const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

export const scenario: Scenario = {
  id: 'f',
  title:
    'a slow world: DHCP after 90 s, DNS after 60 s more, the server after 5 minutes more; its database lost; killed before it binds',
  gate: false,
  minutes: 30,
  async run(world) {
    const [first, second] = ['first.db', 'second.db'].map((name) => join(world.dir, name)) as [string, string];
    const { site, lab } = await readySite(world, {
      image: IMAGE,
      discoverOnly: true,
      dhcp: false,
      lab: ['--db', first],
    });
    const startLab = (db: string) => site.startLab(['--db', db, '--mk', 'mk_checkin_interval=3', 'mk_checkin_skew=0']);
    await lab.stop();
    world.step('another lab is made, with a policy that installs every machine, and stopped');
    const other = await startLab(second);
    await addPolicy(site, await world.images.installer());
    await other.stop();

    await site.lan.addTap('tap0');
    const machine = await bootDirectly(world, site, IMAGE, {
      name: 'node1',
      nics: [{ mac: '52:54:00:00:00:66', tap: 'tap0' }],
      noReboot: true,
    });
    world.step('90 s without DHCP; the console says what is missing');
    await Promise.all([
      pause(90),
      machine.expect(/network, \d+ s: no usable address.*Check: DHCP server/, { timeoutMs: 240_000 }),
    ]);

    world.step('DHCP answers; 60 s without DNS, which the lease names; the console says that too');
    // the lease names no next-server: only the name `razor` leads to the server
    const lease: DhcpOptions = { nextServer: null, lines: [`dhcp-option=option:dns-server,${site.address}`] };
    const leased = (await machine.console()).length;
    await site.lan.startDhcp({ ...lease, lines: [...(lease.lines ?? []), 'port=0'] });
    await machine.expect(/no provisioning server was found/, { timeoutMs: 180_000, from: leased });
    await pause(60);

    world.step('DNS answers; 5 minutes without the server');
    await site.lan.startDhcp({ ...lease, names: { 'razor.test': site.address } });
    await machine.expect(/server http:\/\/10\.77\.0\.1:8026, found by DNS name razor/, { timeoutMs: 180_000 });
    await pause(300);

    world.step('the server is there: it registers');
    const third = await startLab(first);
    const { node: before } = await third.waitFor('registered', isEvent('registered'), 120_000);
    await checkins(third, before ?? '', 3);

    world.step('the server is killed, its database lost; another takes its place: it registers there');
    await third.kill();
    rmSync(first);
    const fourth = await startLab(second);
    await fourth.waitFor('registered', isEvent('registered'), 120_000);
    // the event comes before the commit, and the answer after it; the check-in that binds is a turn later
    await pause(0.2);
    await fourth.kill();

    world.step(
      'that one was killed before it could bind; it comes back after 20 s: it binds, the machine is told to reboot',
    );
    await pause(20);
    if (fourth.events.some(isEvent('bound'))) throw new Error('the lab had bound the machine before it was killed');
    const fifth = await startLab(second);
    const { node } = await fifth.waitFor('bound', isEvent('bound'));
    await fifth.waitFor('told to reboot', isEvent('checkin', node, 'reboot'));
    await machine.expect(/reboot: Restarting system/);
  },
};
