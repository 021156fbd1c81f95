/**
 * `npm run e2e:ironic`: this agent against a real Ironic and its inspector, which are Debian's packages, unpacked and not
 * installed. One line a case; what the programs said is in build/ironic.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { messageOf } from '../../platform/errors/errors.ts';
import type { Case } from './case.ts';
import { CLEANING } from './cleaning.ts';
import { DEPLOYMENT } from './deployment.ts';
import { ERASING } from './erasing.ts';
import { FALSE_SUCCESS } from './false-success.ts';
import { INSPECTION } from './inspection.ts';
import { ironicFiles } from './packages.ts';
import { openWorld, type World } from './world.ts';

const BUILD = new URL('../../build/ironic', import.meta.url).pathname;
const CASES: readonly Case[] = [...INSPECTION, ...CLEANING, ...DEPLOYMENT, ...FALSE_SUCCESS, ...ERASING];
const CASE_MS = 240_000;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function play(world: World, abort: AbortSignal): Promise<number> {
  let failed = 0;
  for (const [index, { title, run }] of CASES.entries()) {
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
      say(`e2e:ironic: logs of agents and of Ironic are in ${BUILD}`);
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
  mkdirSync(BUILD, { recursive: true });
  const files = await ironicFiles(BUILD, (line) => say(`e2e:ironic: ${line}`));
  if (typeof files === 'string') return skipped(files);
  const started = performance.now();
  const timeline: string[] = [];
  const tell = (line: string): void => {
    const text = `${((performance.now() - started) / 1000).toFixed(1).padStart(7)} s  ${line}`;
    timeline.push(text);
    say(`          ${text}`);
  };
  say(`e2e:ironic: start Ironic ${files.version} and its inspector`);
  const world = await openWorld(files, BUILD, tell);
  let failed: number;
  try {
    say(`e2e:ironic: ready after ${((performance.now() - started) / 1000).toFixed(1)} s: ${world.peer.apiUrl}`);
    failed = await play(world, abort.signal);
  } finally {
    await world.close();
    writeFileSync(join(BUILD, 'timeline.txt'), `${timeline.join('\n')}\n`);
  }
  const state = abort.signal.aborted
    ? `stopped by ${messageOf(abort.signal.reason)}`
    : `${CASES.length} cases, ${failed} failed`;
  say(`e2e:ironic: ${state}, ${((performance.now() - started) / 1000).toFixed(0)} s`);
  return failed === 0 && !abort.signal.aborted ? 0 : 1;
}

function skipped(why: string): number {
  say(`e2e:ironic: skipped: ${why}`);
  return 0;
}

process.exitCode = await main();
