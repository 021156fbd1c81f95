/**
 * Attacks with counted, bounded, seeded inputs, against what this project alone answers for: `npm run test:attack`. `--short` is the
 * form of the gate, `--only NAME,…` chooses, `--seed N` makes other inputs. Prints a table; exit status 1 when anything did not hold.
 */
import { parseArgs } from 'node:util';
import { attackArchives } from './archives.ts';
import { attackDoors } from './doors.ts';
import { attackByKilling } from './kills.ts';
import { attackLeases } from './leases.ts';
import { attackOverTime } from './over-time.ts';
import { attackReplies } from './replies.ts';
import { firstLine, type Row, type Suite } from './suite.ts';

const SUITES: Readonly<Record<string, Suite>> = {
  leases: attackLeases,
  replies: attackReplies,
  archives: attackArchives,
  doors: attackDoors,
  kills: attackByKilling,
  time: attackOverTime,
};

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(SUITES).join() },
    seed: { type: 'string', default: '1' },
  },
});

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const rows: Row[] = [];
for (const name of values.only.split(',')) {
  const suite = SUITES[name];
  if (suite === undefined) throw new Error(`no suite ${name}; there are ${Object.keys(SUITES).join(', ')}`);
  const started = performance.now();
  const found = await suite({ share: values.short ? 0.02 : 1, seed: Number(values.seed), say }).catch(
    (error: unknown) => [{ what: name, tried: 0, failed: [firstLine(error)] }],
  );
  rows.push(...found);
  say(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

const width = Math.max(...rows.map(({ what }) => what.length));
for (const { what, tried, failed, skipped, note } of rows) {
  const held = `${tried.toLocaleString('en').padStart(7)} tried, ${(tried - Math.min(tried, failed.length)).toLocaleString('en').padStart(7)} held`;
  console.log(
    `${what.padEnd(width)}  ${skipped === undefined ? held : `skipped: ${skipped}`}${note === undefined ? '' : `  (${note})`}`,
  );
  for (const line of failed.slice(0, 20)) console.log(`  FAILED ${line}`);
  if (failed.length > 20) console.log(`  and ${failed.length - 20} more`);
}
const failures = rows.reduce((sum, { failed }) => sum + failed.length, 0);
console.log(`${rows.reduce((sum, { tried }) => sum + tried, 0).toLocaleString('en')} attacks, ${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;
