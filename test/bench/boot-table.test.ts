import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Moment } from '../../lab/vm/timeline/timeline.ts';
import { boundaries, median, medians } from './boot-table.ts';

const moment = (at: number, phase: Moment['phase'], text = ''): Moment => ({ at, machine: 'm', phase, text });
const BOOT = [
  moment(0, 'power'),
  moment(2000, 'boot API'),
  moment(3000, 'kernel'),
  moment(5000, 'init'),
  moment(6000, 'DHCP'),
  moment(7000, 'agent', 'the agent is started'),
  moment(8000, 'agent', 'MK Loaded: v1'),
  moment(9500, 'check-in'),
  moment(10_000, 'register'),
];

test('a boot is cut into phases that add up to the time until it is registered', () => {
  const lap = boundaries(BOOT);
  assert.deepEqual(lap.phases, { firmware: 2000, load: 1000, kernel: 2000, base: 2000, agent: 2500, register: 500 });
  assert.equal(
    Object.values(lap.phases).reduce((sum, ms) => sum + ms, 0),
    lap.registered,
  );
});

test('a boot without one of its moments is refused with the name of what is missing', () => {
  assert.throws(() => boundaries(BOOT.filter((each) => each.phase !== 'init')), /the timeline has no init/);
});

test('a median is the middle one, or the mean of the two in the middle; one slow boot does not move it', () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  const slow = boundaries(BOOT.map((each) => ({ ...each, at: each.at * 10 })));
  assert.equal(medians([boundaries(BOOT), slow, boundaries(BOOT)]).registered, 10_000);
});
