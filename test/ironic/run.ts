/**
 * `npm run e2e:ironic [-- --release debian12|debian13|unstable]`: this agent against a real Ironic (and its inspector, where the
 * release has one): Debian's packages, unpacked and not installed. One line a case; what the programs said is in build/ironic-….
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { PROJECT } from '../../packaging/project-paths.ts';
import { messageOf } from '../../platform/errors/errors.ts';
import type { Case } from './case.ts';
import { CLEANING } from './cleaning.ts';
import { DEPLOYMENT } from './deployment.ts';
import { ERASING, RESCUE } from './erasing.ts';
import { FALSE_SUCCESS } from './false-success.ts';
import { INSPECTION } from './inspection.ts';
import { INSPECTION_BY_IRONIC, MANAGED_INSPECTION, SERVICING } from './inspection-by-ironic.ts';
import { ironicFiles } from './packages.ts';
import { type Release, releaseOf } from './releases.ts';
import { TWO_MACHINES } from './two-machines.ts';
import { openWorld, type World } from './world.ts';

/** The cases of a release, in their order. */
function casesOf({ hasInspector, hasServicing }: Release): readonly Case[] {
  // servicing is for active nodes
  const active = FALSE_SUCCESS.findIndex(({ leavesActive }) => leavesActive === true) + 1;
  const servicing = hasServicing ? SERVICING : [];
  const last = [...FALSE_SUCCESS.slice(0, active), ...servicing, ...FALSE_SUCCESS.slice(active)];
  const common = [...CLEANING, ...DEPLOYMENT, ...last, ...ERASING];
  return hasInspector
    ? [...INSPECTION, ...common, ...RESCUE, ...TWO_MACHINES]
    : [...INSPECTION_BY_IRONIC, ...common, ...MANAGED_INSPECTION, ...RESCUE, ...TWO_MACHINES];
}

const CASE_MS = 240_000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function play(world: World, cases: readonly Case[], abort: AbortSignal): Promise<number> {
  let failed = 0;
  for (const [index, { title, run }] of cases.entries()) {
    if (abort.aborted) break; // it was asked for while the servers started
    const started = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not over within ${CASE_MS / 1000} s`)), CASE_MS);
      abort.addEventListener('abort', () => reject(abort.reason as Error), { once: true });
    });
    const head = (verdict: string): string =>
      `${verdict} ${String(index + 1).padStart(2)} ${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${title}`;
    try {
      const note = await Promise.race([run(world), late]);
      say(`${head('ok  ')}${note === undefined ? '' : `\n                 ${note}`}`);
    } catch (error) {
      failed++;
      say(`${head('FAIL')}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      // what comes after builds on it
      say(`e2e:ironic: logs of agents and of Ironic are in ${world.dir}`);
      break;
    } finally {
      clearTimeout(timer);
    }
  }
  return failed;
}

async function main(): Promise<number> {
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => abort.abort(new Error(name)));
  if (spawnSync('setpriv', ['--version']).status !== 0) return skipped('setpriv is not there (package util-linux)');
  const { values } = parseArgs({ options: { release: { type: 'string', default: 'debian12' } } });
  const release = releaseOf(values.release);
  // that of Debian 12 is shared with the boot tests
  const build = join(PROJECT, 'build', release.name === 'debian12' ? 'ironic' : `ironic-${release.name}`);
  const files = await ironicFiles(build, release, (line) => say(`e2e:ironic: ${line}`));
  if (typeof files === 'string') return skipped(files);
  const started = performance.now();
  const timeline: string[] = [];
  const tell = (line: string): void => {
    const text = `${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s  ${line}`;
    timeline.push(text);
    say(`          ${text}`);
  };
  say(
    `e2e:ironic: start Ironic ${files.version} of ${release.name}${release.hasInspector ? ' and its inspector' : ''}`,
  );
  const world = await openWorld(files, build, tell);
  let failed: number;
  try {
    say(`e2e:ironic: ready after ${((performance.now() - started) / 1000).toFixed(1)} s: ${world.peer.apiUrl}`);
    failed = await play(world, casesOf(release), abort.signal);
  } finally {
    await world.close();
    writeFileSync(join(build, 'timeline.txt'), `${timeline.join('\n')}\n`);
  }
  const state = abort.signal.aborted
    ? `stopped by ${messageOf(abort.signal.reason)}`
    : `${casesOf(release).length} cases, ${failed} failed`;
  say(`e2e:ironic: ${state}, ${((performance.now() - started) / 1000).toFixed(0)} s`);
  return failed === 0 && !abort.signal.aborted ? 0 : 1;
}

function skipped(why: string): number {
  say(`e2e:ironic: skipped: ${why}`);
  return 0;
}

process.exitCode = await main();
