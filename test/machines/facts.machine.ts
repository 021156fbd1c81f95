/**
 * `npm run test:machines`: boots virtual machines of kinds that no recording has, and compares what they say of themselves with what
 * is known of them before they boot. Emulated: half a minute to two minutes each. `--test-name-pattern` chooses some of them.
 */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { after, describe, test } from 'node:test';
import { bootMachine, qemuFor, seenIn } from './boot.ts';
import { guestOf } from './guest.ts';
import type { LookedAtMachine, Seen } from './machine.ts';
import { DISK_MACHINES } from './tables/disks.ts';
import { FIRMWARE_MACHINES } from './tables/firmware.ts';
import { MEDIA_MACHINES } from './tables/media.ts';
import { NETWORK_MACHINES } from './tables/networks.ts';
import { PROCESSOR_MACHINES } from './tables/processors.ts';

const MACHINES: readonly LookedAtMachine[] = [
  ...DISK_MACHINES,
  ...MEDIA_MACHINES,
  ...NETWORK_MACHINES,
  ...PROCESSOR_MACHINES,
  ...FIRMWARE_MACHINES,
];
const booted: string[] = [];
const skipped: string[] = [];

/** An emulated machine keeps a processor busy, and sometimes two. */
const AT_ONCE = Math.max(1, Math.floor(availableParallelism() / 2));

function testOf(machine: LookedAtMachine): void {
  test(`${machine.name}: ${machine.why}`, async (t) => {
    const qemu = await qemuFor(machine, (line) => t.diagnostic(line));
    if (typeof qemu === 'string') {
      skipped.push(`${machine.name} (${qemu})`);
      return t.skip(qemu);
    }
    const said = await bootMachine(machine, await guestOf(), qemu);
    booted.push(machine.name);
    assert.doesNotMatch(said, /^MK SETUP FAILED$/m, `its setup failed:\n${said.slice(0, 2000)}`);
    compare(machine, await seenIn(said));
  });
}

describe('virtual machines', { concurrency: AT_ONCE }, () => MACHINES.forEach(testOf));

after(() => {
  process.stdout.write(`${booted.length} of ${MACHINES.length} machines of the tables were booted\n`);
  if (skipped.length > 0) process.stdout.write(`skipped: ${skipped.join(', ')}\n`);
});

function compare({ facts, id, look }: LookedAtMachine, seen: Seen): void {
  const { set } = seen;
  const said = Object.fromEntries(Object.keys(facts).map((name) => [name, set.facts.get(name)?.value]));
  assert.deepEqual(said, { ...facts });
  if (id !== undefined)
    assert.deepEqual(
      set.identity.interfaces.map(({ mac }) => mac),
      id,
    );
  assert.deepEqual(set.errors, []);
  look?.(seen);
}
