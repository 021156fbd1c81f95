/**
 * Facter 4 of Debian 13 in virtual machines, beside this clone's executable in the same root: every value that both have must be
 * the same. A part of `npm run test:machines`.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { comparedCount, differencesToFacter } from '../helpers/facter-view.ts';
import { bootMachine, qemuFor, saidOf } from './boot.ts';
import { facterGuestOf } from './guest.ts';
import { AGAIN, chosenOf, type LookedAtMachine } from './machine.ts';
import { FACTER_MACHINES } from './tables/facter.ts';

/** Fewer would mean that Facter could not read the machine. */
const LEAST_VALUES = 100;

function jsonOf(text: string, word: string): unknown {
  const coded = new RegExp(`MK ${word} BEGIN\\n([\\s\\S]*?)^MK ${word} END$`, 'm').exec(text)?.[1] ?? '';
  const json = Buffer.from(coded, 'base64').toString();
  if (json === '') throw new Error(`${word} said nothing:\n${text.slice(0, 2000)}`);
  return JSON.parse(json);
}

async function said(machine: LookedAtMachine, tell: (line: string) => void): Promise<string | { skip: string }> {
  if (AGAIN) return saidOf(machine);
  const qemu = await qemuFor(machine, tell);
  if (typeof qemu === 'string') return { skip: qemu };
  const guest = await facterGuestOf(tell);
  return typeof guest === 'string' ? { skip: guest } : await bootMachine(machine, guest, qemu);
}

describe('Facter in virtual machines', () => {
  for (const machine of chosenOf(FACTER_MACHINES)) {
    test(`${machine.name}: ${machine.why}`, async (t) => {
      const text = await said(machine, (line) => t.diagnostic(line));
      if (typeof text !== 'string') return t.skip(text.skip);
      assert.equal(/[^]*^MK SETUP FAILED$/m.exec(text)?.[0], undefined);
      const [facter, ours] = [jsonOf(text, 'FACTER'), jsonOf(text, 'OURS')];
      assert.deepEqual(differencesToFacter(facter, ours), []);
      const count = comparedCount(facter);
      assert.ok(count >= LEAST_VALUES, `only ${count} values of Facter’s were compared`);
      t.diagnostic(`${count} values of Facter’s, and ours are the same`);
    });
  }
});
