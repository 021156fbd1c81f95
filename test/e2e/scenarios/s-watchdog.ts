/**
 * What a console must see, and the hardware watchdog: fed while turns happen, disarmed by an orderly end, and when the agent stops dead the hardware restarts
 * the machine. The device is QEMU's i6300esb, its driver the kernel's.
 */
import assert from 'node:assert/strict';
import type { Machine } from '../../../lab/vm/machine.ts';
import type { LabProcess } from '../../../lab/vm/site-lab.ts';
import { shellOn, typeOn } from '../console.ts';
import { bootDirectly, readySite } from '../ready.ts';
import { isEvent, type Scenario } from '../scenario.ts';

/** Seconds until the device restarts a machine that does not feed it; the agent feeds every 5 s. */
const HEARTBEAT = 15;
const KERNEL_STARTS = /Linux version \d/g;

export const scenario: Scenario = {
  id: 's',
  title: 'the hardware watchdog, fed, disarmed and biting; failed and unknown commands on the console',
  gate: false,
  minutes: 15,
  async run(world) {
    const image = { kernel: 'amd64', flavour: 'debug' } as const;
    const { site, lab } = await readySite(world, { discoverOnly: true, image });
    await site.lan.addTap('tap0');
    const machine = await bootDirectly(world, site, image, {
      name: 'node1',
      memoryMiB: 768,
      nics: [{ mac: '52:54:00:00:73:01', tap: 'tap0' }],
      append: `i6300esb.heartbeat=${HEARTBEAT}`,
      args: ['-device', 'i6300esb', '-action', 'watchdog=reset'],
    });
    const { node = '' } = await lab.waitFor('registered', isEvent('registered'), 300_000);
    const watchdog = '/sys/class/watchdog/watchdog0';

    world.step('the device is that of the machine, it is armed, and it counts');
    await machine.expect(/# /, { timeoutMs: 120_000 });
    const { text } = await shellOn(machine, `cat ${watchdog}/identity ${watchdog}/timeout ${watchdog}/state`);
    assert.match(text, new RegExp(`i6300ESB timer\\s+${HEARTBEAT}\\s+active`));

    world.step(`turns go on for three times ${HEARTBEAT} s, and the machine stays up`);
    await untilUptime(machine, 3 * HEARTBEAT);
    await anotherCheckin(lab, node);
    assert.equal(await starts(machine), 1);

    world.step('a command that fails, and one that nobody knows, are told on the console with what to do');
    const script = `mkdir -p /usr/lib/razor && printf '#!/bin/sh\\necho sda is on fire >&2\\nexit 3\\n' >/usr/lib/razor/wipe`;
    assert.equal((await shellOn(machine, `${script} && chmod 755 /usr/lib/razor/wipe`)).status, 0);
    await site.lab('node', 'force', node, 'wipe');
    await machine.expect(/the command wipe failed: .*status 3.*sda is on fire.*What to do: \w/, { timeoutMs: 120_000 });
    await site.lab('node', 'force', node, 'dance');
    await machine.expect(/asks for the command dance, which this agent does not know.*What to do: \w/);
    await site.lab('node', 'unforce', node);

    world.step('the agent is stopped in order: the device is disarmed, and the machine stays up');
    const init = '/usr/local/etc/init.d/razor-mk';
    assert.equal((await shellOn(machine, `${init} stop`)).status, 0);
    assert.match((await shellOn(machine, `cat ${watchdog}/state`)).text, /\binactive\b/);
    await untilUptime(machine, 2 * HEARTBEAT);
    assert.equal(await starts(machine), 1);

    world.step('started again it arms the device again');
    assert.equal((await shellOn(machine, `${init} start`)).status, 0);
    await anotherCheckin(lab, node);
    assert.match((await shellOn(machine, `cat ${watchdog}/state`)).text, /[^n]active\b/);

    world.step('the agent stops dead: the hardware restarts the machine, which comes back to the lab');
    const from = (await machine.console()).length;
    const stop = `for d in /proc/[0-9]*; do tr '\\0' ' ' <$d/cmdline | grep -q 'razor-mk run --live' && kill -STOP \${d#/proc/}; done`;
    // no answer is waited for: on a slow machine the hardware is faster than the shell
    await typeOn(machine, `${stop}\r`);
    await machine.expect(/Linux version \d/, { from, timeoutMs: 240_000 });
    await anotherCheckin(lab, node);
    assert.equal(await starts(machine), 2);
  },
};

async function starts(machine: Machine): Promise<number> {
  return [...(await machine.console()).matchAll(KERNEL_STARTS)].length;
}

/** Waits so many seconds of the machine's own clock. */
async function untilUptime(machine: Machine, seconds: number): Promise<void> {
  await shellOn(machine, `sleep ${seconds}`, (seconds * 6 + 60) * 1000);
}

/** A check-in that comes from now on. */
async function anotherCheckin(lab: LabProcess, node: string): Promise<void> {
  const before = new Set(lab.events);
  await lab.waitFor('another check-in', (event) => isEvent('checkin', node)(event) && !before.has(event), 240_000);
}
