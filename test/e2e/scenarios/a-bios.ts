/** BIOS, virtio: an unknown machine is discovered, bound, installed, and boots its own disk in the end. */
import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Phase } from '../../../lab/vm/timeline/timeline.ts';
import { readySite } from '../ready.ts';
import { isEvent, type Scenario } from '../scenario.ts';

const JOURNEY = [
  ...['power', 'firmware', 'DHCP', 'TFTP', 'iPXE', 'boot API', 'kernel', 'init', 'agent', 'lease', 'discovery'],
  ...['check-in', 'register', 'tags', 'policy', 'reboot', 'installer', 'callback', 'local boot'],
] as const satisfies readonly Phase[];

export const scenario: Scenario = {
  id: 'a',
  title: 'BIOS, virtio: unknown, registered, bound, rebooted, installed, booted from its own disk',
  gate: true,
  minutes: 6,
  async run(world) {
    const { site, lab } = await readySite(world);
    await site.lan.addTap('tap0');
    const disk = join(site.dir, 'disk.raw');
    writeFileSync(disk, '');
    truncateSync(disk, 64 * 1024 * 1024);

    world.step('power on; iPXE asks the boot API and gets the microkernel');
    const machine = await site.machine({
      name: 'node1',
      nics: [{ mac: '52:54:00:00:0a:01', tap: 'tap0', bootindex: 1 }],
      args: ['-drive', `file=${disk},format=raw,if=virtio`],
    });
    await lab.waitFor('boot API asked', isEvent('boot'));
    world.step('the agent comes up and says so on the console');
    await machine.expect(/MK Loaded: v?\d/);
    world.step('the agent registers');
    const { node } = await lab.waitFor('registered', isEvent('registered'));
    world.step('a policy binds it');
    await lab.waitFor('bound', isEvent('bound', node));
    world.step('the next check-in is told to reboot');
    await lab.waitFor('told to reboot', isEvent('checkin', node, 'reboot'));
    world.step('the second pass gets the installer');
    await lab.waitFor('installer served', (event) => event.type === 'boot' && event.details?.['boot'] === 'installer');
    world.step('the installer calls back');
    await machine.expect(/installer: done/);
    world.step('the third pass boots the local disk');
    await lab.waitFor('local boot', (event) => event.type === 'boot' && event.details?.['boot'] === 'local');
    await machine.expect(/RAZOR-MK: the local disk boot/);
    const booted = () => site.timeline.moments.some(({ text }) => text === 'the local disk is booted');
    while (!booted()) await new Promise((resolve) => setTimeout(resolve, 50));
    world.step('the timeline has every step of the journey');
    const missing = JOURNEY.filter((phase) => site.timeline.first('node1', phase) === undefined);
    assert.deepEqual(missing, [], 'phases that the timeline lacks');
  },
};
