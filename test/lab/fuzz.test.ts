import { it } from 'node:test';
import { checkFuzz } from '../helpers/lab-fuzz-run.ts';

it('answers 300 seeded pieces of nonsense on all doors without a 500, without a hang, and goes on working', async (t) => {
  const { byStatus } = await checkFuzz(300, 20261122);
  t.diagnostic(JSON.stringify(byStatus));
});
