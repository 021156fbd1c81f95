/** The lab's core without its listeners: settings, a store in memory, the event log, a clock that stands. */
import type { TestContext } from 'node:test';
import { createCore, type LabCore } from '../../lab/lab-core.ts';
import { createEvents } from '../../lab/lab-events.ts';
import { resolveSettings, type LabOptions } from '../../lab/lab-settings.ts';
import { openStore } from '../../lab/store/sqlite/open-store.ts';
import { fakeClock, type FakeClock } from './fake-clock.ts';

export interface CoreOfTests {
  readonly core: LabCore;
  readonly clock: FakeClock;
}

/** A core of its own for one test. */
export function labCore(t: Pick<TestContext, 'after'>, options: LabOptions = {}): CoreOfTests {
  const clock = fakeClock();
  const settings = resolveSettings({ clock, ...options });
  const store = openStore(':memory:', undefined);
  t.after(() => store.close());
  const events = createEvents(() => clock.wall().getTime());
  const bound = { nodes: 8026, images: 8027, people: 8025, razorServer: settings.ports.razorServer };
  return { core: createCore({ settings, store, events, bound, closing: new AbortController().signal }), clock };
}
