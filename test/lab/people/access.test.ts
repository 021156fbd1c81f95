import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLab } from '../../../lab/lab-server.ts';
import { logIn, PORTS } from './ask.ts';

test('nobody tries many passwords: five at once, then one in ten seconds; who gets in has none taken', async (t) => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  const clock = { wall: () => new Date(now), now: () => now, sleep: () => new Promise<never>(() => undefined) };
  const lab = await startLab({ ports: PORTS, people: { token: 'sesame' }, clock: clock as never });
  t.after(() => lab.close());
  for (let i = 0; i < 10; i++) assert.equal((await logIn(lab, 'me', 'sesame')).status, 303);
  const replies = await Promise.all(Array.from({ length: 10 }, () => logIn(lab, 'me', 'x')));
  assert.equal(replies.filter(({ status }) => status === 401).length, 5);
  assert.equal(replies.find(({ status }) => status !== 401)?.headers.get('retry-after'), '60');
  assert.equal((await logIn(lab, 'me', 'sesame')).status, 429, 'not even the right one');
  now += 10_000;
  assert.equal((await logIn(lab, 'me', 'sesame')).status, 303);
});

test('a wall clock that is set back does not keep people out', async (t) => {
  let [now, wall] = [0, Date.parse('2026-01-01T00:00:00Z')];
  const clock = { wall: () => new Date(wall), now: () => now, sleep: () => new Promise<never>(() => undefined) };
  const lab = await startLab({ ports: PORTS, people: { token: 'sesame' }, clock: clock as never });
  t.after(() => lab.close());
  await Promise.all(Array.from({ length: 6 }, () => logIn(lab, 'me', 'x')));
  assert.equal((await logIn(lab, 'me', 'sesame')).status, 429);
  wall -= 3600_000;
  now += 10_000;
  assert.equal((await logIn(lab, 'me', 'sesame')).status, 303);
});
