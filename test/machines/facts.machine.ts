/**
 * `npm run test:machines`: boots virtual machines of kinds that no recording has, and compares what they say of themselves with what
 * is known of them before they boot. Emulated: half a minute to two minutes each. What each said is in build/machines/said.
 */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { after, describe, test } from 'node:test';
import { bootMachine, qemuFor, saidOf, seenIn } from './boot.ts';
import { guestOf } from './guest.ts';
import { AGAIN, chosenOf, type LookedAtMachine, type Seen } from './machine.ts';
import { MACHINES } from './tables/machines.ts';

const booted: string[] = [];
const skipped: string[] = [];

/** An emulated machine keeps a processor busy, and sometimes two. */
const AT_ONCE = Math.max(1, Math.floor(availableParallelism() / 2));

function testOf(machine: LookedAtMachine): void {
  test(`${machine.name}: ${machine.why}`, async (t) => {
    if (AGAIN) return compare(machine, await seenIn(saidOf(machine)));
    const qemu = await qemuFor(machine, (line) => t.diagnostic(line));
    if (typeof qemu === 'string') {
      skipped.push(`${machine.name} (${qemu})`);
      return t.skip(qemu);
    }
    const said = await bootMachine(machine, await guestOf(), qemu);
    booted.push(machine.name);
    assert.equal(/[^]*^MK SETUP FAILED$/m.exec(said)?.[0], undefined);
    compare(machine, await seenIn(said));
  });
}

describe('virtual machines', { concurrency: AT_ONCE }, () => chosenOf(MACHINES).forEach(testOf));

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
