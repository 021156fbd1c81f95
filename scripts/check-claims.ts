/**
 * `npm run check:claims`: tries each claim of the documentation in a fresh clone in an empty directory and prints a
 * table. `--only a,b` tries some; `--done a,b` names those that the caller has just run itself; `--list` prints them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CLAIMS } from './claims/all-claims.ts';
import type { Claim } from './claims/claim.ts';

interface Outcome {
  readonly claim: Claim;
  readonly verdict: 'holds' | 'FAILS' | 'skipped' | 'run by the caller';
  readonly seconds: number;
  readonly why: string;
}

const root = new URL('..', import.meta.url).pathname.replace(/\/$/, '');

function missingNeed(claim: Claim): string | undefined {
  return (claim.needs ?? []).find((need) =>
    need === 'root' ? process.getuid?.() !== 0 : spawnSync('sh', ['-c', `command -v ${need}`]).status !== 0,
  );
}

/** Clones the committed state into DIR/razor-mk; what lies beside this checkout as ../shared is shown there too. */
function freshClone(dir: string): string {
  const clone = join(dir, 'razor-mk');
  const git = spawnSync('git', ['clone', '--quiet', root, clone], { encoding: 'utf8' });
  if (git.status !== 0) throw new Error(`git clone failed: ${git.stderr}`);
  const beside = join(root, '..', 'shared');
  if (existsSync(beside)) symlinkSync(beside, join(dir, 'shared'));
  return clone;
}

function attempt(claim: Claim, clone: string, log: string): Outcome {
  const missing = missingNeed(claim);
  if (missing !== undefined) return { claim, verdict: 'skipped', seconds: 0, why: `needs ${missing}` };
  const started = performance.now();
  const result = spawnSync(
    'timeout',
    ['-k', '10', String(claim.minutes * 60), 'bash', '-o', 'pipefail', '-c', claim.command],
    {
      cwd: clone,
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const seconds = (performance.now() - started) / 1000;
  writeFileSync(log, `${result.stdout}\n--- stderr\n${result.stderr}`);
  let why: string | undefined;
  if (result.status === 124) why = `took over ${claim.minutes} minutes`;
  else if (result.status !== 0) why = `exit status ${String(result.status)}`;
  else why = claim.check?.(result.stdout);
  if (why === undefined) return { claim, verdict: 'holds', seconds, why: '' };
  process.stdout.write(`\n${claim.id}: ${why}\n${tail(result.stdout)}\n${tail(result.stderr)}\n`);
  return { claim, verdict: 'FAILS', seconds, why };
}

/** A claim that fails is tried once more: real processes on a shared machine. That it took two tries is told. */
function twice(claim: Claim, clone: string, log: string): Outcome {
  const first = attempt(claim, clone, log);
  if (first.verdict !== 'FAILS') return first;
  const second = attempt(claim, clone, log);
  return second.verdict === 'holds' ? { ...second, why: `AT THE SECOND TRY; before: ${first.why}` } : second;
}

function tail(text: string): string {
  return text.trim().split('\n').slice(-25).join('\n');
}

function names(list: string | undefined): ReadonlySet<string> | undefined {
  return list === undefined ? undefined : new Set(list.split(',').filter(Boolean));
}

function main(): number {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, done: { type: 'string' }, list: { type: 'boolean' } },
  });
  const only = names(values.only);
  const done = names(values.done) ?? new Set<string>();
  const known = new Set(CLAIMS.map((claim) => claim.id));
  const unknown = [...(only ?? []), ...done].filter((id) => !known.has(id));
  if (unknown.length > 0) {
    process.stderr.write(`no such claim: ${unknown.join(', ')}; known: ${[...known].join(', ')}\n`);
    return 64;
  }
  const chosen = CLAIMS.filter((claim) => only?.has(claim.id) ?? true);
  if (values.list === true) {
    for (const claim of chosen)
      process.stdout.write(`${claim.id.padEnd(16)} ${claim.says}\n${' '.repeat(17)}$ ${claim.command}\n`);
    return 0;
  }
  const dir = mkdtempSync(join(tmpdir(), 'razor-mk-claims-'));
  const outcomes: Outcome[] = [];
  try {
    const clone = freshClone(dir);
    if (only !== undefined && !only.has('start'))
      spawnSync('npm', ['ci', '--loglevel=error'], { cwd: clone, stdio: 'ignore' });
    for (const claim of chosen) {
      if (done.has(claim.id)) outcomes.push({ claim, verdict: 'run by the caller', seconds: 0, why: '' });
      else outcomes.push(twice(claim, clone, join(dir, `${claim.id}.log`)));
      print(outcomes.at(-1));
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  const count = (verdict: Outcome['verdict']): number =>
    outcomes.filter((outcome) => outcome.verdict === verdict).length;
  process.stdout.write(
    `claims: ${count('holds')} hold, ${count('FAILS')} fail, ${count('skipped')} skipped, ${count('run by the caller')} run by the caller\n`,
  );
  return count('FAILS') === 0 ? 0 : 1;
}

function print(outcome: Outcome | undefined): void {
  if (!outcome) return;
  const { claim, verdict, seconds, why } = outcome;
  const time = seconds === 0 ? '' : `${seconds.toFixed(1)} s`;
  process.stdout.write(
    `${verdict.padEnd(18)} ${time.padStart(8)}  ${claim.area.padEnd(12)} ${claim.says}${why && ` — ${why}`}\n`,
  );
}

process.exitCode = main();
