import assert from 'node:assert/strict';
import { test } from 'node:test';
import { herdId, runHerd, spreadOf, type HerdOptions } from '../../../lab/herd/herd.ts';
import { runRealHerd } from '../../../lab/herd/real.ts';
import { createTimeQueue } from '../../../lab/herd/queue.ts';
import { startLab } from '../../../lab/lab-server.ts';

const MINUTE: HerdOptions = {
  nodes: 20_000,
  seed: 7,
  pace: { intervalMs: 60_000, skewMs: 5000, backoffCapMs: 60_000, retryAfterCapMs: 600_000 },
  outage: { fromMs: 180_000, toMs: 330_000 },
  endMs: 510_000,
  turnMs: 50,
};

test('20,000 nodes powered on at once are spread one interval later, and again one interval after an outage', () => {
  const { answered, failed } = runHerd(MINUTE);
  assert.equal(
    answered.slice(0, 5).reduce((sum, count) => sum + count, 0),
    20_000,
    'all came within the skew',
  );
  // at 333 a second chance alone makes the busiest of 60 seconds about 15 % busier than the mean
  const cold = spreadOf(answered, 60, 60);
  assert.ok(cold.ratio < 1.2, `after the cold start: ${cold.ratio}`);
  const outage = spreadOf(answered, 390, 60);
  assert.ok(outage.ratio < 1.2, `after the outage: ${outage.ratio}`);
  for (const { mean } of [cold, outage]) assert.ok(Math.abs(mean - 20_000 / 60) < 20, `everybody comes once: ${mean}`);
  assert.ok(Math.max(...failed.slice(270)) < 900, 'nobody hammers a server that is away');
});

test('without a place of its own in the interval, a herd that was started together would stay together', () => {
  const lined = new Array<number>(240).fill(0);
  // the schedule of the original: plain intervals from the first turn on
  for (let node = 0; node < 1000; node++)
    for (let at = (node % 5) + 0.5; at < 240; at += 60) lined[Math.floor(at)] = (lined[Math.floor(at)] ?? 0) + 1;
  assert.ok(spreadOf(lined, 60, 60).ratio > 10, 'the measure sees a herd where there is one');
});

test('a seed makes a run repeatable, another seed makes another one', () => {
  const small = { ...MINUTE, nodes: 500 };
  assert.deepEqual(runHerd(small), runHerd(small));
  assert.notDeepEqual(runHerd(small), runHerd({ ...small, seed: 8 }));
  assert.equal(new Set(Array.from({ length: 5000 }, (_, index) => herdId(index, 7))).size, 5000);
});

test('the queue gives times in order', () => {
  const queue = createTimeQueue();
  const times = Array.from({ length: 1000 }, (_, index) => (index * 7919) % 1009);
  times.forEach((at, who) => queue.push(at, who));
  const taken: number[] = [];
  for (let one = queue.pop(); one !== undefined; one = queue.pop()) taken.push(one.at);
  assert.deepEqual(
    taken,
    [...times].sort((a, b) => a - b),
  );
});

test('on the real clock each agent of a herd registers with a lab and then checks in', async () => {
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 } });
  try {
    const pace = { intervalMs: 400, skewMs: 200, backoffCapMs: 1000, retryAfterCapMs: 1000 };
    const { signal } = new AbortController();
    const herd = await runRealHerd({ nodes: 20, seed: 3, pace, url: lab.nodesUrl, durationMs: 2500, signal });
    assert.equal(herd.registered, 20);
    assert.equal(lab.store.nodes.count(), 20);
    assert.ok(herd.latencies.length >= 40, `${herd.latencies.length} check-ins`);
    assert.equal(
      herd.failed.reduce((sum, count) => sum + count, 0),
      0,
    );
  } finally {
    await lab.close();
  }
});
