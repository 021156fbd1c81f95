import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createTimeQueue } from '../../../lab/herd/queue.ts';
import { generator } from '../../helpers/seeded.ts';

it('the queue gives the earliest first, each once, and nothing when it is empty', () => {
  const queue = createTimeQueue();
  assert.equal(queue.next, undefined);
  assert.equal(queue.pop(), undefined);
  const random = generator(7);
  const times = Array.from({ length: 300 }, () => Math.floor(random() * 100));
  times.forEach((at, who) => queue.push(at, who));
  const popped: { at: number; who: number }[] = [];
  for (const at of times.toSorted((a, b) => a - b)) {
    assert.equal(queue.next, at);
    const first = queue.pop();
    assert.equal(first?.at, at);
    assert.equal(times[first.who], at);
    popped.push(first);
  }
  assert.equal(new Set(popped.map(({ who }) => who)).size, times.length);
  assert.equal(queue.pop(), undefined);
});

it('what is pushed between two takings finds its place', () => {
  const queue = createTimeQueue();
  for (const at of [5, 1, 9]) queue.push(at, at);
  assert.deepEqual(queue.pop(), { at: 1, who: 1 });
  for (const at of [7, 2, 0]) queue.push(at, at);
  const order = Array.from({ length: 5 }, () => queue.pop()?.who);
  assert.deepEqual(order, [0, 2, 5, 7, 9]);
});
