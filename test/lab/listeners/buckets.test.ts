import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createBucket, type Buckets } from '../../../lab/listeners/buckets.ts';

describe('buckets', () => {
  const made = (most: number, perSecond: number): { buckets: Buckets; time: { now: number } } => {
    const time = { now: 1000 };
    return { buckets: createBucket({ most, perSecond, now: () => time.now }), time };
  };
  const takes = (buckets: Buckets, name: string, tries: number): number =>
    Array.from({ length: tries }, () => buckets.take(name)).filter(Boolean).length;

  it('are full at first, one for each name', () => {
    const { buckets } = made(3, 1);
    assert.equal(takes(buckets, 'a', 5), 3);
    assert.equal(takes(buckets, 'b', 5), 3);
  });

  it('get back so many a second, up to as many as they hold', () => {
    const { buckets, time } = made(3, 2);
    takes(buckets, 'a', 3);
    time.now += 499;
    assert.equal(takes(buckets, 'a', 2), 0);
    time.now += 1;
    assert.equal(takes(buckets, 'a', 2), 1);
    time.now += 60_000;
    assert.equal(takes(buckets, 'a', 9), 3);
  });

  it('get nothing from a clock that went back', () => {
    const { buckets, time } = made(1, 1);
    takes(buckets, 'a', 1);
    time.now -= 5000;
    assert.equal(buckets.take('a'), false);
    time.now += 1000;
    assert.equal(buckets.take('a'), true);
  });

  it('take back what did not count, and never more than they hold', () => {
    const { buckets } = made(2, 1);
    takes(buckets, 'a', 2);
    buckets.giveBack('a');
    assert.equal(takes(buckets, 'a', 2), 1);
    buckets.giveBack('new');
    assert.equal(takes(buckets, 'new', 4), 2);
  });

  it('remember 20,000 names: then those that are full again go first', () => {
    const { buckets, time } = made(1, 1);
    for (let i = 0; i < 10_000; i++) buckets.take(`old ${i}`);
    time.now += 1;
    for (let i = 10_000; i < 20_000; i++) buckets.take(`young ${i}`);
    time.now += 999;
    assert.equal(buckets.take('one more'), true);
    assert.equal(buckets.take('young 10000'), false, 'not full again, so it is remembered');
    assert.equal(buckets.take('old 0'), true);
  });

  it('forget the oldest tenth where none is full again', () => {
    const { buckets } = made(1, 1);
    for (let i = 0; i < 20_000; i++) buckets.take(String(i));
    assert.equal(buckets.take('0'), false, 'still known, as there is room');
    assert.equal(buckets.take('one more'), true);
    assert.equal(buckets.take('2000'), false, 'of the youngest nine tenths');
    assert.equal(buckets.take('1999'), true, 'forgotten, so its bucket is full');
  });
});
