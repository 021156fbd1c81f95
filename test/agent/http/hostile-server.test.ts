import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostileRun } from '../../helpers/hostile-run.ts';
import { MISBEHAVIOURS, ODD_BUT_ACCEPTED } from '../../helpers/misbehaviours.ts';

test('the real agent outlives a server that misbehaves, and obeys its next good reply (every seventh way; all in test:soak)', async () => {
  const some = MISBEHAVIOURS.filter((_, index) => index % 7 === 1);
  assert.ok(MISBEHAVIOURS.length >= 60);
  const { served, stopMs } = await hostileRun(some, [...ODD_BUT_ACCEPTED.slice(3, 4), ...ODD_BUT_ACCEPTED.slice(-1)], {
    registers: false,
  });
  assert.equal(served, some.length + 2);
  assert.ok(stopMs < 5000, `${stopMs} ms to stop`);
});
