import { it } from 'node:test';
import { checkFuzz } from '../helpers/lab-fuzz-run.ts';

for (const [count, seed] of [
  [5000, 1],
  [5000, 2],
] as const) {
  it(`answers ${count} seeded pieces of nonsense (seed ${seed}) without a 500 and without a hang`, async (t) => {
    const { byStatus } = await checkFuzz(count, seed);
    t.diagnostic(JSON.stringify(byStatus));
  });
}
