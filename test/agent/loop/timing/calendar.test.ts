/** Check-ins by the calendar, and housekeeping: expressions with seconds, on timers that the test moves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCalendar } from '../../../../agent/loop/timing/calendar.ts';
import { resolveAgentSettings } from '../../../../agent/config/resolve.ts';

test('a cron expression wakes the agent, another replaces it, and an empty one ends it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.parse('2026-11-30T10:00:00.400Z') });
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      t.mock.timers.tick(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  let [checkins, cleanings] = [0, 0];
  const warnings: string[] = [];
  const calendar = createCalendar({
    forgetsAfterS: 120,
    checkin: () => void checkins++,
    housekeeping: () => Promise.reject(new Error(`round ${++cleanings}`)),
    warn: (message) => void warnings.push(message),
  });
  const set = (options: Record<string, string>): Promise<void> =>
    calendar.set(resolveAgentSettings({ options }).values);
  const interval = { ms: 5000, reason: 'the next turn' };
  try {
    assert.deepEqual(calendar.wait(interval), interval);
    await set({ 'checkin-cron': '* * * * * *', 'housekeeping-cron': '* * * * * *' });
    assert.equal(calendar.wait(interval).reason, 'the calendar: * * * * * *');
    // not left to the cron timer alone: it misses a time over which the clock was set
    assert.ok(calendar.wait(interval).ms <= 2000, 'a wait longer than until the next time');
    assert.deepEqual(warnings, []);
    await pass(3000);
    assert.deepEqual([checkins, cleanings], [3, 3]);
    assert.match(warnings[0] ?? '', /housekeeping-cron: round 1/, 'a failed housekeeping is told, and goes on');
    await set({ 'checkin-cron': 'every now and then' });
    assert.match(warnings.at(-1) ?? '', /checkin-cron "every now and then" is not a cron expression/);
    assert.deepEqual(calendar.wait(interval), interval, 'the interval counts again');
    await set({ 'checkin-cron': '0 */5 8-17 * * *' });
    // 17:55 to 8:00, an hour more or less where the clocks change
    assert.match(warnings.at(-1) ?? '', /leaves up to (50700|54300|47100) s between check-ins: servers forget a node/);
    assert.ok(calendar.wait(interval).ms <= 54_301_000);
    const told = warnings.length;
    await set({ 'checkin-cron': '0 */5 8-17 * * *' });
    assert.equal(warnings.length, told, 'told once');
    await set({});
    const before = checkins;
    await pass(3000);
    assert.equal(checkins, before);
  } finally {
    calendar.close();
  }
});

test('the gaps of a cron expression are nothing to a server that forgets nobody', async (t) => {
  const warnings: string[] = [];
  const jobs = { checkin: () => undefined, housekeeping: () => Promise.resolve(), forgetsAfterS: undefined };
  const calendar = createCalendar({ ...jobs, warn: (message) => void warnings.push(message) });
  t.after(() => calendar.close());
  await calendar.set(resolveAgentSettings({ options: { 'checkin-cron': '0 */5 8-17 * * *' } }).values);
  assert.deepEqual(warnings, []);
});
