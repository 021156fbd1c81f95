/** Every misbehaviour, for check-ins and for registrations, against one real agent process. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostileRun } from '../helpers/hostile-run.ts';
import { MISBEHAVIOURS, ODD_BUT_ACCEPTED } from '../helpers/misbehaviours.ts';

test(`${MISBEHAVIOURS.length} misbehaviours for check-ins and registrations, ${ODD_BUT_ACCEPTED.length} odd replies: nothing is lost`, async (t) => {
  const { served, stopMs } = await hostileRun(MISBEHAVIOURS, ODD_BUT_ACCEPTED, { registers: true });
  const both = MISBEHAVIOURS.filter(({ checkinOnly }) => checkinOnly !== true).length;
  assert.equal(served, MISBEHAVIOURS.length + both + ODD_BUT_ACCEPTED.length);
  assert.ok(stopMs < 5000);
  t.diagnostic(`${served} exchanges survived, stopped in ${Math.round(stopMs)} ms`);
});
