/**
 * `npm run test:machines`: boots virtual machines of kinds that no recording has, and compares what they say of themselves with what
 * is known of them before they boot. Emulated: half a minute to two minutes each. `--test-name-pattern` chooses some of them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootMachine, seenIn, whyNotHere } from './boot.ts';
import { guestOf } from './guest.ts';
import type { LookedAtMachine, Seen } from './machine.ts';
import { DISK_MACHINES } from './tables/disks.ts';

for (const machine of DISK_MACHINES) {
  test(`${machine.name}: ${machine.why}`, async (t) => {
    const reason = await whyNotHere(machine);
    if (reason !== undefined) return t.skip(reason);
    compare(machine, await seenIn(await bootMachine(machine, await guestOf())));
  });
}

function compare({ facts, look }: LookedAtMachine, seen: Seen): void {
  const { set } = seen;
  const said = Object.fromEntries(Object.keys(facts).map((name) => [name, set.facts.get(name)?.value]));
  assert.deepEqual(said, { ...facts });
  assert.deepEqual(set.errors, []);
  look?.(seen);
}
