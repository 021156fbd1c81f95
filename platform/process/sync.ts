/** Flushing file systems. */
import { run } from './run.ts';

/** Runs sync(1), bounded to 30 s: a dead disk must not keep a node from rebooting. */
export async function sync(): Promise<void> {
  await run(['sync'], { timeoutMs: 30_000 });
}
