import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startWatchdog, type Watchdog } from '../../../agent/network/watchdog.ts';
import { silentLog } from '../../../platform/log/log.ts';
import type { System } from '../../../platform/system.ts';
import { fakeClock, type FakeClock } from '../../helpers/fake-clock.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const system = { change: async (_: string, act: () => unknown) => act() } as unknown as System;

interface Bench {
  readonly watchdog: Watchdog;
  readonly clock: FakeClock;
  readonly errors: string[];
  /** What was written to the device. */
  readonly written: () => string;
}

async function bench(t: TestContext, more: { stallMs?: number; feedMs?: number } = {}): Promise<Bench> {
  const device = join(temporaryDirectory(t), 'watchdog');
  writeFileSync(device, '');
  const clock = fakeClock();
  const errors: string[] = [];
  const log = { ...silentLog, error: (text: string) => void errors.push(text) };
  const watchdog = await startWatchdog({ system, log, clock, device, ...more });
  t.after(() => watchdog.stop());
  return { watchdog, clock, errors, written: () => readFileSync(device, 'latin1') };
}

test('the device is fed every 5 s while the work goes on, and disarmed at the end', async (t) => {
  const { watchdog, clock, written } = await bench(t);
  assert.equal(watchdog.armed, true);
  assert.equal(written(), '\0');
  await clock.advance(4999);
  assert.equal(written(), '\0');
  await clock.advance(1);
  assert.equal(written(), '\0\0');
  watchdog.stop();
  assert.equal(written(), '\0\0V');
  assert.equal(watchdog.armed, false);
  watchdog.stop();
  await clock.advance(60_000);
  assert.equal(written(), '\0\0V');
});

test('it is not fed any more when the work stands still, which is said once each time; and again when the work goes on', async (t) => {
  const { watchdog, clock, errors, written } = await bench(t, { stallMs: 2000, feedMs: 1000 });
  await clock.advance(1000);
  await clock.advance(1000);
  assert.deepEqual([written(), errors], ['\0\0\0', []]);
  await clock.advance(1000);
  await clock.advance(1000);
  assert.equal(written(), '\0\0\0');
  assert.deepEqual(errors, ['the work stands still since 3 s: the watchdog is not fed any more']);
  watchdog.progress();
  await clock.advance(1000);
  assert.equal(written(), '\0\0\0\0');
  for (let second = 0; second < 3; second++) await clock.advance(1000);
  assert.deepEqual([written(), errors.length], ['\0\0\0\0\0', 2]);
});

test('work may stand still for 15 minutes, and for longer where that was allowed, never less than one minute', async (t) => {
  const usual = await bench(t, { feedMs: 450_000 });
  for (let round = 0; round < 3; round++) await usual.clock.advance(450_000);
  assert.equal(usual.written(), '\0\0\0');
  const short = await bench(t, { feedMs: 30_000 });
  short.watchdog.allow(1);
  for (let round = 0; round < 3; round++) await short.clock.advance(30_000);
  assert.equal(short.written(), '\0\0\0');
  const long = await bench(t, { feedMs: 900_000 });
  long.watchdog.allow(1_800_000);
  for (let round = 0; round < 3; round++) await long.clock.advance(900_000);
  assert.equal(long.written(), '\0\0\0');
});

test('a machine without a device, or with one that cannot be opened, has no watchdog', async (t) => {
  const directory = temporaryDirectory(t);
  const clock = fakeClock();
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (text: string) => void warnings.push(text) };
  const none = await startWatchdog({ system, log, clock, device: join(directory, 'none') });
  assert.deepEqual([none.armed, warnings.length, clock.sleeping], [false, 0, 0]);
  none.stop();
  const closed = await startWatchdog({ system, log, clock, device: directory });
  assert.deepEqual([closed.armed, warnings.length, clock.sleeping], [false, 1, 0]);
  closed.stop();
});
