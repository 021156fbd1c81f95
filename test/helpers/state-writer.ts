/** A process that does nothing but write state, as fast as it can; killed by test/helpers/kill-run.ts. */
import { openStateStore } from '../../agent/state/state-store.ts';

const store = await openStateStore(process.argv[2] as string);
const first = Number(store.note('round') ?? -1) + 1;
for (let round = first; ; round++) {
  // long enough that a write takes many system calls, and self-checking: every value is the round
  const facts: Record<string, string> = {};
  for (let index = 0; index < 400; index++) facts[`fact_${index}`] = `${round} ${'x'.repeat(index)}`;
  store.setPreviousFacts(facts);
  store.setConfig({ mk_checkin_interval: 1 + (round % 1000), mk_custom: `${round}` });
  store.setFirstCheckin(round % 2 === 0);
  store.setNote('round', round);
  if (round === first) process.stdout.write('ready\n');
  if (round % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
}
