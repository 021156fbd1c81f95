/**
 * `npm run e2e -- a b`: boots virtual machines for real. Without letters it runs the gate's scenarios, with --all every
 * one. Logs, consoles and the report of each are in build/e2e/LETTER.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { explain } from '../../platform/errors/errors.ts';
import { openSite, type Site } from '../../lab/vm/site.ts';
import { momentLine } from '../../lab/vm/timeline/timeline.ts';
import { createImages, type Images } from './images.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { self } from './self.ts';

const BUILD = new URL('../../build/e2e', import.meta.url).pathname;
const NEEDS = ['qemu-system-x86_64', 'dnsmasq', 'ip', 'nsenter', 'setpriv', 'xorriso', 'mksquashfs'];

type Verdict = 'passed' | 'failed' | 'skipped';

/** What each scenario took, in words. */
const took = new Map<string, string>();

function missing(programs: readonly string[]): string | undefined {
  return programs.find((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
}

async function play(scenario: Scenario, images: Images, signal: AbortSignal): Promise<Verdict> {
  const dir = join(BUILD, scenario.id);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  process.stdout.write(`\n${scenario.id}: ${scenario.title}\n`);
  const lack = missing(scenario.needs ?? []);
  if (lack !== undefined) {
    process.stdout.write(`${scenario.id}: skipped: needs ${lack}\n`);
    return 'skipped';
  }
  const reason = await scenario.lacks?.();
  if (reason !== undefined) {
    process.stdout.write(`${scenario.id}: skipped: ${reason}\n`);
    return 'skipped';
  }
  const sites: Site[] = [];
  const started = performance.now();
  let step = 'nothing yet';
  const spentBefore = images.spentMs();
  const ownMs = (): number => performance.now() - started - (images.spentMs() - spentBefore);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    // the time that images take is nobody's
    const arm = (): void => {
      const left = scenario.minutes * 60_000 - ownMs();
      if (left > 0) timer = setTimeout(arm, left);
      else reject(new Error(`not over within ${scenario.minutes} minutes`));
    };
    arm();
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  try {
    await Promise.race([
      late,
      scenario.run({
        dir,
        images,
        step: (text) => {
          step = text;
          process.stdout.write(`${scenario.id}: ${(ownMs() / 1000).toFixed(0).padStart(4)} s  ${text}\n`);
        },
        site: async (name = '') => {
          const site = await openSite({ dir: join(dir, name), self, signal });
          sites.push(site);
          return site;
        },
      }),
    ]);
    return 'passed';
  } catch (error) {
    process.stdout.write(`${scenario.id}: FAILED while: ${step}\n${explain(error)}\n`);
    for (const site of sites) {
      process.stdout.write(`${site.timeline.moments.slice(-15).map(momentLine).join('\n')}\n`);
      process.stdout.write(`the lab's last words:\n${site.decisions.slice(-5).join('\n')}\n`);
      for (const [name, text] of Object.entries(await site.consoles()).slice(-2)) {
        process.stdout.write(`the console of ${name}:\n${text.trim().split('\n').slice(-8).join('\n')}\n`);
      }
    }
    process.stdout.write(`${scenario.id}: consoles, request log and report are in ${dir}\n`);
    return 'failed';
  } finally {
    clearTimeout(timer);
    for (const site of sites) {
      await site.report(`${scenario.id}: ${scenario.title}`).catch(() => undefined);
      writeFileSync(join(site.dir, 'timeline.txt'), `${site.timeline.moments.map(momentLine).join('\n')}\n`);
      await site.close();
    }
    const made = (images.spentMs() - spentBefore) / 1000;
    took.set(scenario.id, `${(ownMs() / 1000).toFixed(0)} s${made < 1 ? '' : `, and ${made.toFixed(0)} s for images`}`);
    process.stdout.write(`${scenario.id}: ${took.get(scenario.id) ?? ''}\n`);
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { all: { type: 'boolean' }, jobs: { type: 'string' }, list: { type: 'boolean' } },
  });
  const unknown = positionals.filter((id) => !SCENARIOS.some((scenario) => scenario.id === id));
  if (unknown.length > 0) {
    process.stderr.write(`no such scenario: ${unknown.join(' ')}; there are ${SCENARIOS.map((s) => s.id).join(' ')}\n`);
    return 64;
  }
  const chosen = SCENARIOS.filter((s) =>
    positionals.length > 0 ? positionals.includes(s.id) : values.all === true || s.gate,
  );
  if (values.list === true) {
    const listed = positionals.length > 0 ? chosen : SCENARIOS;
    for (const s of listed) process.stdout.write(`${s.id.padEnd(3)} ${s.gate ? 'gate ' : '--all'}  ${s.title}\n`);
    return 0;
  }
  const lack = missing(NEEDS);
  if (lack !== undefined) {
    process.stdout.write(`e2e: skipped: ${lack} is not installed (.ci/debian-packages names what is needed)\n`);
    process.stdout.write(`e2e: 0 passed, 0 failed, ${chosen.length} skipped\n`);
    return 0;
  }
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => abort.abort(new Error(name)));
  mkdirSync(join(BUILD, 'images'), { recursive: true });
  const images = createImages(self, join(BUILD, 'images'), (text) => process.stdout.write(`images: ${text}\n`));
  const queue = [...chosen];
  const verdicts: Verdict[] = [];
  const table: string[] = [];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next && !abort.signal.aborted; next = queue.shift()) {
      const verdict = await play(next, images, abort.signal);
      verdicts.push(verdict);
      table.push(`${next.id.padEnd(3)} ${verdict}  ${took.get(next.id) ?? ''}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs ?? 1) }, worker));
  const count = (verdict: Verdict): number => verdicts.filter((each) => each === verdict).length;
  process.stdout.write(
    `\n${table.join('\n')}\ne2e: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped\n`,
  );
  return count('failed') === 0 && !abort.signal.aborted ? 0 : 1;
}

process.exitCode = await main();
