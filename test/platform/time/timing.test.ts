/** Delays as pure functions: the cap first and the noise after it, a place in the interval for every node. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffDelay, nextTurnDelay, nodePhase } from '../../../platform/time/timing.ts';

test('back-off grows to the cap and has full jitter under it, also at the cap', () => {
  const at = (attempt: number, random: number): number =>
    backoffDelay(attempt, { baseMs: 1000, capMs: 60_000, random: () => random });
  assert.deepEqual(
    [0, 1, 2, 3].map((attempt) => at(attempt, 0.5)),
    [500, 1000, 2000, 4000],
  );
  assert.equal(at(10, 0.5), 30_000, 'noise after the cap: half of the cap, not the cap');
  assert.equal(Math.round(at(5000, 0.999999)), 60_000, 'no overflow');
  assert.equal(at(-1, 0.5), 500);
  assert.equal(
    backoffDelay(3, { baseMs: 1000, capMs: 500, floorMs: 900, random: () => 0 }),
    500,
    'the floor is never above the cap',
  );
});

test('nodes that failed together come back spread over the whole cap', () => {
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const buckets = new Array<number>(10).fill(0);
  for (let node = 0; node < 10_000; node++) {
    const delay = backoffDelay(12, { baseMs: 1000, capMs: 60_000, random });
    buckets[Math.floor(delay / 6000)] = (buckets[Math.floor(delay / 6000)] ?? 0) + 1;
  }
  assert.ok(Math.max(...buckets) < 1150 && Math.min(...buckets) > 850, buckets.join());
});

test('phases of nodes are spread evenly, and the same for one node always', () => {
  assert.equal(nodePhase('5254000000C1', 60_000), nodePhase('5254000000C1', 60_000));
  const buckets = new Array<number>(10).fill(0);
  for (let node = 0; node < 10_000; node++) {
    const phase = nodePhase(`5254${node.toString(16).padStart(8, '0')}`, 60_000);
    assert.ok(phase >= 0 && phase < 60_000);
    buckets[Math.floor(phase / 6000)] = (buckets[Math.floor(phase / 6000)] ?? 0) + 1;
  }
  assert.ok(Math.max(...buckets) < 1150 && Math.min(...buckets) > 850, buckets.join());
});

test('the next turn is an interval after the last start, minus the time that was used', () => {
  assert.equal(nextTurnDelay({ now: 12_000, lastStart: 10_000, intervalMs: 60_000 }), 58_000);
  assert.equal(nextTurnDelay({ now: 90_000, lastStart: 10_000, intervalMs: 60_000 }), 0, 'late: at once, and once');
});

test('with a phase, nodes that start together are apart after the first turn and keep the interval', () => {
  const interval = 60_000;
  for (const phaseMs of [0, 1, 20_000, 29_999, 30_000, 59_999.5]) {
    let start = 1234; // all powered on at the same moment
    const starts: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const now = start + 800;
      start = now + nextTurnDelay({ now, lastStart: start, intervalMs: interval, phaseMs });
      starts.push(start);
    }
    const [first = 0, ...rest] = starts;
    assert.ok(first - 1234 >= interval / 2 && first - 1234 <= interval * 1.5, `${first}`);
    assert.ok(
      rest.every((at, index) => Math.abs(at - first - (index + 1) * interval) < 0.01),
      starts.join(),
    );
    assert.ok(Math.abs((first % interval) - phaseMs) < 0.01);
  }
});

test('a long sleep of the machine is followed by one turn, not by all that were missed', () => {
  const woken = 10_000_000;
  const delay = nextTurnDelay({ now: woken, lastStart: 60_000, intervalMs: 60_000, phaseMs: 5000 });
  assert.equal(delay, 0);
  const next = nextTurnDelay({ now: woken + 100, lastStart: woken, intervalMs: 60_000, phaseMs: 5000 });
  assert.ok(next > 29_000 && next <= 90_000);
});
