/** Runs in a mount namespace of its own, in a small file system: what a store does when that is full, then read-only. */
import { readdirSync } from 'node:fs';
import { openStateStore } from '../../agent/state/state-store.ts';
import { run } from '../../platform/process/run.ts';

const dir = process.argv[2] as string;
const store = await openStateStore(dir);
store.setPreviousFacts({ size: 'small' });
store.setPreviousFacts({ size: 'x'.repeat(200_000) });
const full = store.takeProblems().join();
const leftovers = readdirSync(dir).filter((name) => name.endsWith('.tmp'));
const kept = (await openStateStore(dir)).previousFacts?.['size'];
await run(['mount', '-o', 'remount,ro', dir]);
store.setFirstCheckin(false);
const readOnly = store.takeProblems().join();
process.stdout.write(JSON.stringify({ full, readOnly, leftovers, kept }));
