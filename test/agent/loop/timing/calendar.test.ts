/** Check-ins by the calendar, and housekeeping: expressions with seconds, on timers that the test moves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCalendar } from '../../../../agent/loop/timing/calendar.ts';
import { resolveAgentSettings } from '../../../../agent/config/resolve.ts';

// node-cron remembers the zone of its first use, so it is that of the whole file
process.env['TZ'] = 'Europe/Berlin';

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
    // 17:55 to 8:00
    assert.match(warnings.at(-1) ?? '', /leaves up to 50700 s between check-ins: servers forget a node/);
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

// node-cron leaves out the first of the two equal hours of autumn: 3,631 s for every minute, and servers forget a node after 120 s
test('where the clocks change, no wait is longer than the longest gap of the expression itself', async (t) => {
  const moments: readonly (readonly [now: string, expression: string, gapS: number])[] = [
    ['2027-10-31T00:10:30.000Z', '* * * * *', 60],
    ['2027-10-30T20:00:00.000Z', '0 8 * * *', 36_000],
    ['2027-03-28T00:40:30.000Z', '*/5 * * * *', 300],
    ['2027-03-27T01:31:00.000Z', '30 2 * * *', 86_400],
    ['2027-07-01T00:10:30.000Z', '* * * * *', 60],
  ];
  for (const [now, expression, gapS] of moments) {
    t.mock.timers.reset();
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: Date.parse(now) });
    const warnings: string[] = [];
    const jobs = { checkin: () => undefined, housekeeping: () => Promise.resolve(), forgetsAfterS: 86_400 };
    const calendar = createCalendar({ ...jobs, warn: (message) => void warnings.push(message) });
    await calendar.set(resolveAgentSettings({ options: { 'checkin-cron': expression } }).values);
    const { ms } = calendar.wait({ ms: 1, reason: 'the next turn' });
    calendar.close();
    assert.ok(ms <= gapS * 1000 + 1000, `${now} ${expression}: ${ms} ms`);
    assert.deepEqual(warnings, []);
  }
});
