import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LabEventType } from '../../../../lab/lab-events.ts';
import { labMoment } from '../../../../lab/vm/timeline/lab-moments.ts';

const phase = (type: LabEventType, boot?: string): string | undefined =>
  labMoment({ seq: 1, at: 0, type, message: 'what happened', ...(boot !== undefined && { details: { boot } }) })?.phase;

test('events of the lab that are steps of a machine’s journey, and what they are called there', () => {
  assert.deepEqual(
    (['boot', 'checkin', 'registered', 'tagged', 'bound', 'callback', 'removed', 'log'] as const).map((type) =>
      phase(type),
    ),
    ['boot API', 'check-in', 'register', 'tags', 'policy', 'callback', undefined, undefined],
  );
  assert.deepEqual(labMoment({ seq: 1, at: 0, type: 'bound', message: 'what happened' }), {
    phase: 'policy',
    text: 'what happened',
  });
});

test('a boot that leads to the installer or to the local disk is told apart; only a boot is', () => {
  assert.equal(phase('boot', 'installer'), 'installer');
  assert.equal(phase('boot', 'local'), 'local boot');
  assert.equal(phase('boot', 'microkernel'), 'boot API');
  assert.equal(phase('checkin', 'installer'), 'check-in');
  assert.equal(phase('checkin', 'local'), 'check-in');
});
