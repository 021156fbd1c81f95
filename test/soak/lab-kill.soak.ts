import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkKills } from '../helpers/lab-kill.ts';

it('loses no register that it acknowledged in 50 kills with -9', async (t) => {
  const acknowledged = await checkKills(50);
  t.diagnostic(`${acknowledged} registers were acknowledged`);
  assert.ok(acknowledged > 1000);
});
