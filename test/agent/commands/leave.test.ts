/** What happens when the machine does not go down by itself. Changes of the machine are recorded only, never made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poweroff } from '../../../agent/commands/poweroff.ts';
import { reboot } from '../../../agent/commands/reboot.ts';
import type { CommandHandler } from '../../../agent/commands/command-handler.ts';
import { bench, type Bench } from '../../helpers/command-bench.ts';
import { fakeClock, type FakeClock } from '../../helpers/fake-clock.ts';

interface Leaving extends Bench {
  readonly clock: FakeClock;
  readonly stop: () => void;
  readonly done: Promise<unknown>;
  /** What was asked of the kernel. */
  readonly changes: string[];
}

async function leave(handler: CommandHandler, live = true): Promise<Leaving> {
  const made = await bench();
  const clock = fakeClock();
  const changes: string[] = [];
  const controller = new AbortController();
  const system = {
    ...made.runtime.system,
    live,
    change: (what: string) => (changes.push(what), Promise.resolve(undefined)),
  };
  const runtime = { ...made.runtime, clock, system, signal: controller.signal };
  const done = handler.run(runtime, made.request);
  return { ...made, clock, changes, done, stop: () => controller.abort(new Error('stopped')) };
}

for (const [handler, letter] of [
  [reboot, 'b'],
  [poweroff, 'o'],
] as const) {
  test(`a machine that is still up half a minute after ${handler.name} is reset through sysrq ${letter}`, async () => {
    const { clock, changes, programs, lines, done } = await leave(handler);
    await clock.whenAsleep();
    assert.deepEqual([programs, changes], [[[handler.name]], []], 'the orderly way first');
    await clock.advance(29_000);
    assert.deepEqual(changes, []);
    await clock.advance(1000);
    await done;
    assert.deepEqual(changes, [`sysrq ${letter}`]);
    assert.match(lines.join('\n'), /error: the machine is still up after 30 s/);
  });
}

test('an agent that is stopped on the way down asks the kernel for nothing', async () => {
  const { clock, changes, done, stop } = await leave(reboot);
  await clock.whenAsleep();
  stop();
  await done;
  assert.deepEqual(changes, []);
});

test('a dry reboot waits for nothing and asks the kernel for nothing', async () => {
  const { clock, changes, done } = await leave(reboot, false);
  await done;
  assert.deepEqual([changes, clock.slept], [[], []]);
});
