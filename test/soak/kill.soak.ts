import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killRun } from '../helpers/kill-run.ts';

test('kill -9 in the middle of a state write, 200 times: always recovers', async (t) => {
  const { rounds, during } = await killRun(200, Math.random);
  assert.ok(rounds > 150, `${rounds} different rounds`);
  assert.ok(during > 5, `${during} kills hit a write`);
  t.diagnostic(`200 kills, ${during} with a write under way, ${rounds} different states, none broken`);
});
