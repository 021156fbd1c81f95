/**
 * The loop breaker across boots: a server that orders `reboot` again and again. What the agent counts is kept in a variable of
 * the firmware, because nothing else of such a machine survives a boot. Kernel and initrd come from OVMF directly. At its end the
 * machine's clock is set by years, which must not matter to the schedule.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabEvent } from '../../../lab/lab-events.ts';
import { shellOn } from '../console.ts';
import { bootDirectly, readySite } from '../ready.ts';
import { isEvent, type Scenario } from '../scenario.ts';

const LIMIT = 2;
const BOOT_MS = 300_000;
/** The last line of a machine that goes down, and the one that says that it does not. */
const LEAVES = /razor-mk: the machine restarts, because \S+ said so/;
const HELD = /razor-mk: reboot for the \S+ time: this looks like a loop, it is held back for (\d+) s/;
const VARIABLE = '/sys/firmware/efi/efivars/RazorMkLoop-*';

export const scenario: Scenario = {
  id: 't',
  title:
    'reboot ordered again and again: counted across boots in an EFI variable, held back and said so on the console',
  gate: false,
  minutes: 25,
  async run(world) {
    const image = { kernel: 'cloud' } as const;
    const { site, lab } = await readySite(world, { image, discoverOnly: true });
    await site.lan.addTap('tap0');
    const machine = await bootDirectly(world, site, image, {
      name: 'node1',
      firmware: 'uefi',
      nics: [{ mac: '52:54:00:00:00:74', tap: 'tap0' }],
      append: `razor.loop_limit=${LIMIT}`,
    });
    world.step('it registers');
    const { node = '' } = await lab.waitFor('registered', isEvent('registered'), BOOT_MS);
    await site.lab('node', 'force', node, 'reboot');

    /** What comes first behind `from`: the end of this boot, or that it is put off. */
    const next = async (from: number): Promise<{ readonly at: number; readonly heldS: number }> => {
      const either = new RegExp(`${LEAVES.source}|${HELD.source}`);
      const at = await machine.expect(either, { from, timeoutMs: BOOT_MS });
      const [, seconds] = HELD.exec((await machine.console()).slice(from, at)) ?? [];
      return { at, heldS: Number(seconds ?? 0) };
    };
    let at = 0;
    for (let boot = 1; boot <= LIMIT; boot++) {
      world.step(`boot ${boot}: it is told to reboot, and does`);
      const { heldS, ...left } = await next(at);
      assert.equal(heldS, 0, `held back in boot ${boot} already`);
      ({ at } = left);
    }
    world.step(`boot ${LIMIT + 1}: told again, it says that this is a loop, and stays`);
    const first = await next(at);
    assert.equal(first.heldS, 60);
    const { text: count } = await shellOn(machine, `tail -c +5 ${VARIABLE}; echo`);
    const times = /\{"reboot":\[([\d,]+)\]\}/.exec(count)?.[1]?.split(',');
    assert.equal(times?.length, LIMIT, `the variable: ${count}`);
    const { text: status } = await shellOn(machine, 'razor-mk status');
    assert.match(status, /reboot is held back for another \d+ s: it came 3 times in 30 minutes/);
    const answered = lab.events.filter(isEvent('checkin', node, 'reboot')).length;
    assert.ok(answered > LIMIT, 'no order reached this boot');

    world.step('a minute later it obeys; the next boot is held back for two');
    const left = await machine.expect(LEAVES, { from: first.at, timeoutMs: BOOT_MS });
    const second = await next(left);
    assert.equal(second.heldS, 120);

    world.step('the order is taken back; the clock jumps by years, there and back: check-ins go on');
    await site.lab('node', 'unforce', node);
    for (const date of ['2041-05-05 05:05:05', '2001-01-01 00:00:00']) {
      assert.equal((await shellOn(machine, `date -s '${date}'`)).status, 0);
      let seen = 0;
      const after = lab.events.length;
      const calm = (event: LabEvent): boolean =>
        lab.events.indexOf(event) >= after && isEvent('checkin', node, 'acknowledge')(event) && ++seen === 4;
      await lab.waitFor(`four check-ins at ${date}`, calm, BOOT_MS);
    }
    world.step('the firmware’s flash has the count');
    await machine.stop();
    const flash = readFileSync(join(site.dir, 'node1.vars'));
    assert.ok(flash.includes(Buffer.from('RazorMkLoop\0', 'utf16le')), 'no such variable in the flash');
  },
};
