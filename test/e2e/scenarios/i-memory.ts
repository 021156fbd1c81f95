/** The smallest memory with which a machine is registered; below it the console must say why. */
import assert from 'node:assert/strict';
import { smallestMemory } from '../memory.ts';
import { bootDirectly, readySite } from '../ready.ts';
import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  id: 'i',
  title: 'the smallest memory with which it registers; below it the console says why',
  gate: false,
  minutes: 60,
  async run(world) {
    const choice = { kernel: 'cloud', flavour: 'prod' } as const;
    const image = await world.images.microkernel(choice);
    const needs = Number(image.report['needsMib']);
    const { site, lab } = await readySite(world, { discoverOnly: true });
    world.step(`the builder says that ${needs} MiB are needed, as Linux counts memory`);
    const { mib, trials } = await smallestMemory({
      site,
      lab,
      powerOn: (name, memoryMiB, nic) => bootDirectly(world, site, choice, { name, memoryMiB, nics: [nic] }),
      low: 128,
      high: 256,
      step: 8,
      timeoutMs: 120_000,
      onTrial: ({ mib: size, registered, why }) =>
        world.step(
          `${size} MiB: ${registered ? 'registered' : `not registered: ${why ?? 'THE CONSOLE SAYS NOTHING'}`}`,
        ),
    });
    world.step(`the smallest memory with which it registers: ${mib} MiB (-m ${mib})`);
    const silent = trials.filter((trial) => !trial.registered && trial.why === undefined).map((trial) => trial.mib);
    assert.deepEqual(silent, [], 'MiB with which it neither registered nor said why');
    const ours = trials.filter((trial) => /PARTLY UNPACKED/.test(trial.why ?? ''));
    assert.ok(ours.length > 0, 'the check of the initrd never spoke');
  },
};
