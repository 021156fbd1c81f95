/** When turns are, on a clock that the test moves: skew, interval, back-off, Retry-After, long intervals. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { createSchedule, type Intervals } from '../../../platform/time/schedule.ts';
import { runUntil, testAgent, type TestAgent } from '../../helpers/agent-parts.ts';
import { command, scriptedServer, text, type Answer, type ScriptedServer } from '../../helpers/scripted-server.ts';
import { retryAfterMs } from '../../../agent/http/http-client.ts';

let server: ScriptedServer;
let agent: TestAgent | undefined;
beforeEach(async () => (server = await scriptedServer()));
afterEach(async () => {
  await agent?.stop();
  await server.close();
});

const busy =
  (retryAfter: string, status = 503): Answer =>
  (_asked, response) => {
    response.writeHead(status, { 'retry-after': retryAfter });
    response.end('{"result":"try later"}');
  };

test('the first turn waits a random part of the skew', async () => {
  agent = await testAgent({ server: server.url, args: { 'checkin-skew': '8' }, random: [0.25] });
  await runUntil(agent, () => agent?.of('checkin').length === 1);
  assert.equal(agent.of('waiting')[0]?.ms, 2000);
});

test('turns keep the interval from start to start, whatever the phase', async () => {
  agent = await testAgent({ server: server.url, args: { 'checkin-interval': '30' } });
  await runUntil(agent, () => agent?.of('checkin').length === 5);
  const waits = agent.of('waiting').map(({ ms }) => ms);
  assert.ok((waits[0] ?? 0) >= 15_000 && (waits[0] ?? 0) <= 45_000);
  assert.deepEqual(waits.slice(1, 4), [30_000, 30_000, 30_000]);
});

test('a long interval is one wait, also beyond what a timer can hold', async () => {
  agent = await testAgent({ server: server.url, args: { 'checkin-interval': '86400' } });
  await runUntil(agent, () => agent?.of('checkin').length === 3);
  assert.equal(agent.of('waiting')[1]?.ms, 86_400_000);
});

test('errors back off with full jitter up to the cap, and a good turn starts over', async () => {
  const bad = text('', 500);
  server.checkins(
    bad,
    bad,
    bad,
    bad,
    bad,
    bad,
    bad,
    bad,
    bad,
    bad,
    command('acknowledge'),
    bad,
    command('acknowledge'),
  );
  agent = await testAgent({
    server: server.url,
    random: [0.5],
    args: { 'backoff-cap': '20', 'rediscover-after': '1000' },
  });
  await runUntil(agent, () => agent?.of('checkin').length === 2);
  const waits = agent.of('waiting').map(({ ms }) => ms);
  const half = (bound: number): number => Math.round(200 + 0.5 * (bound - 200));
  assert.deepEqual(waits.slice(0, 6), [1000, 2000, 4000, 8000, 16_000, 20_000].map(half));
  assert.deepEqual(waits.slice(6, 10), [20_000, 20_000, 20_000, 20_000].map(half), 'at the cap there is still noise');
  assert.equal(waits[11], half(1000), 'after a good turn it starts over');
});

test('Retry-After is honoured, with some noise on top, up to ten minutes', async () => {
  server.checkins(busy('30'), busy('7200', 429), command('acknowledge'));
  agent = await testAgent({ server: server.url, random: [0.5] });
  await runUntil(agent, () => agent?.of('checkin').length === 1);
  const waits = agent.of('waiting').map(({ ms }) => ms);
  assert.ok((waits[0] ?? 0) > 30_000 && (waits[0] ?? 0) <= 31_000, String(waits[0]));
  assert.ok((waits[1] ?? 0) > 600_000 && (waits[1] ?? 0) <= 602_000, String(waits[1]));
  assert.match(agent.of('error')[0]?.message ?? '', /HTTP 503: try later/);
});

test('Retry-After as a date is measured against the server’s clock, not ours', () => {
  const ours = new Date('2000-01-01T00:00:00Z');
  const headers = { date: 'Sun, 22 Nov 2026 10:00:00 GMT', 'retry-after': 'Sun, 22 Nov 2026 10:00:45 GMT' };
  assert.equal(retryAfterMs(headers, ours), 45_000);
  assert.equal(retryAfterMs({ 'retry-after': 'Sat, 01 Jan 2000 00:00:09 GMT' }, ours), 9000);
  for (const value of ['', '-5', 'soon', '1e9', '12345678901'])
    assert.equal(retryAfterMs({ 'retry-after': value }, ours), undefined, value);
});

test('turns never overlap: a slow server delays the next turn', async () => {
  let [open, most] = [0, 0];
  const slow: Answer = (asked, response) => {
    most = Math.max(most, ++open);
    setTimeout(() => {
      open--;
      command('acknowledge')(asked, response);
    }, 40);
  };
  server.checkins(slow);
  agent = await testAgent({ server: server.url, args: { 'checkin-interval': '0.1' } });
  await runUntil(agent, () => agent?.of('checkin').length === 5);
  assert.equal(most, 1);
});

test('the wait after errors is never longer than the interval asks for, and never nothing', () => {
  const intervals: Intervals = { intervalMs: 5000, skewMs: 0, backoffCapMs: 60_000, retryAfterCapMs: 600_000 };
  const schedule = createSchedule(() => 'node');
  const waits = Array.from({ length: 50 }, () => schedule.afterFailure(intervals, () => 0.999, undefined).ms);
  assert.ok(Math.max(...waits) <= 5000);
  const least = createSchedule(() => 'node').afterFailure(intervals, () => 0, undefined).ms;
  assert.equal(least, 200);
});

test('nothing is found, and the agent discovers again and again: some minutes at short distances, then further apart', async () => {
  let asked = 0;
  agent = await testAgent({
    random: [0.5],
    discover: () => (asked++, Promise.reject(new Error('no network'))),
  });
  await runUntil(agent, () => asked >= 110);
  const waits = agent.of('waiting').map(({ ms }) => ms);
  assert.ok((waits[0] ?? 0) <= 1000 && Math.max(...waits.slice(0, 100)) <= 8000, waits.join());
  assert.ok((waits[105] ?? 0) >= 20_000, waits.join());
  assert.equal(agent.of('checkin').length, 0);
  assert.equal(agent.of('stopped').length, 0);
});
