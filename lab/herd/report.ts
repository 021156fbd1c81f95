/** The herd's figures as text. */
import type { HerdResult, Spread } from './herd.ts';

/** Seconds of one line of the histogram, so that it has about `lines` of them. */
function bucketSeconds(seconds: number, lines: number): number {
  return Math.max(1, Math.ceil(seconds / lines));
}

/** Requests a second as bars: `#` answered, `x` while the server was away. */
export function histogram({ answered, failed }: HerdResult, columns: number): string {
  const bucket = bucketSeconds(answered.length, 48);
  const rows: { from: number; ok: number; bad: number }[] = [];
  for (let from = 0; from < answered.length; from += bucket) {
    const mean = (counts: readonly number[]): number => {
      const part = counts.slice(from, from + bucket);
      return part.reduce((sum, count) => sum + count, 0) / part.length;
    };
    rows.push({ from, ok: mean(answered), bad: mean(failed) });
  }
  const most = Math.max(1, ...rows.map(({ ok, bad }) => ok + bad));
  const width = Math.max(10, Math.min(columns, 120) - 18);
  return rows
    .map(({ from, ok, bad }) => {
      const bar = '#'.repeat(Math.round((ok / most) * width)) + 'x'.repeat(Math.round((bad / most) * width));
      return `${String(from).padStart(5)} s ${String(Math.round(ok + bad)).padStart(7)}  ${bar}`;
    })
    .join('\n');
}

/** One line: peak, mean and their ratio, in requests a second. */
export function spreadLine(name: string, { peak, mean, ratio }: Spread): string {
  return `${name}: peak ${peak} a second, mean ${mean.toFixed(0)}, peak/mean ${ratio.toFixed(2)}`;
}
