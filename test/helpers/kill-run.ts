/** kill -9 in the middle of writing state, again and again, in one directory: each time everything is read back whole. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { openStateStore } from '../../agent/state/state-store.ts';
import { startDaemon } from '../../platform/process/daemon.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const WRITER = new URL('./state-writer.ts', import.meta.url).pathname;

export interface KillResult {
  readonly kills: number;
  /** How many different rounds were found on disk: kills that hit before the first write would all find the same. */
  readonly rounds: number;
  /** Kills that left a half-written file beside the state: proof that a write was under way. */
  readonly during: number;
}

export async function killRun(kills: number, random: () => number): Promise<KillResult> {
  const dir = temporaryDirectory();
  const seen = new Set<string>();
  let during = 0;
  for (let kill = 0; kill < kills; kill++) {
    let ready = (): void => undefined;
    const started = new Promise<void>((resolve) => (ready = resolve));
    const writer = await startDaemon([process.execPath, WRITER, dir], { onLine: () => ready() });
    await started;
    await new Promise((resolve) => setTimeout(resolve, 5 + random() * 60));
    process.kill(writer.pid, 'SIGKILL');
    await writer.exited;
    const store = await openStateStore(dir);
    assert.deepEqual(store.takeProblems(), [], `kill ${kill}`);
    const facts = store.previousFacts ?? {};
    const rounds = new Set(Object.values(facts).map((value) => value.split(' ')[0]));
    assert.equal(rounds.size, 1, 'the facts of one round, not of two');
    assert.equal(Object.keys(facts).length, 400);
    assert.equal(Object.keys(store.config ?? {}).length, 2);
    seen.add([...rounds].join());
    const leftovers = readdirSync(dir).filter((name) => name.endsWith('.tmp'));
    if (leftovers.length > 0) during++;
    for (const name of leftovers) rmSync(`${dir}/${name}`);
  }
  return { kills, rounds: seen.size, during };
}
