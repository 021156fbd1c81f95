import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { createBucket } from '../../../lab/listeners/buckets.ts';
import { startLab } from '../../../lab/lab-server.ts';

test('a bucket gives what is in it, then what comes back; a clock that goes back gives nothing; memory is bounded', () => {
  let now = 1_000_000;
  const bucket = createBucket({ most: 3, perSecond: 1, now: () => now });
  assert.deepEqual(
    [1, 2, 3, 4].map(() => bucket.take('a')),
    [true, true, true, false],
  );
  assert.equal(bucket.take('b'), true, 'each name has its own');
  now += 1000;
  assert.deepEqual([bucket.take('a'), bucket.take('a')], [true, false]);
  bucket.giveBack('a');
  assert.deepEqual([bucket.take('a'), bucket.take('a')], [true, false]);
  now -= 3600_000;
  assert.equal(bucket.take('a'), false);
  for (let i = 0; i < 100_000; i++) bucket.take(`name ${i}`);
  assert.equal(bucket.take('name 99999'), true, 'the youngest names are remembered');
  assert.equal(bucket.take('name 99999'), true);
  assert.equal(bucket.take('name 99999'), false);
});

/** An address of this machine that is not loopback. */
const OTHER = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;

test('an address that asks without end gets 429 on each door of nodes, is told of once, and loopback is served', async (t) => {
  if (OTHER === undefined) return t.skip('this machine has no address but loopback');
  const ports = { nodes: 0, images: 0, people: 0, razorServer: 0 };
  const lab = await startLab({ host: '0.0.0.0', ports, addressRate: 1 });
  t.after(() => lab.close());
  const at = (url: string, host: string): string => url.replace(/\/\/[^:]+/, `//${host}`);
  const path = '/razor/api/node/checkin?hw_id=525400000001&last_state=idle';
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) statuses.push((await fetch(at(lab.nodesUrl, OTHER) + path)).status);
  assert.deepEqual(statuses, [...Array<number>(10).fill(200), 429, 429]);
  for (const url of [lab.imagesUrl, lab.razorServerUrl ?? '']) {
    const reply = await fetch(at(url, OTHER));
    assert.equal(reply.status, 429, url);
    assert.equal(reply.headers.get('retry-after'), '10');
  }
  assert.equal((await fetch(at(lab.nodesUrl, '127.0.0.1') + path)).status, 200);
  const told = lab.events.since(0).filter(({ message }) => message.includes('429'));
  assert.equal(told.length, 1);
  assert.match(told[0]?.message ?? '', /asks more than 1 times a second/);
  return undefined;
});
