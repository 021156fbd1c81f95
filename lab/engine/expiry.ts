/**
 * What becomes due by itself: unbound nodes that were silent for too long are forgotten, as the original does it
 * (docs/contracts/razor-0.x.md#expiry), and installations that take too long are stopped (tries.ts).
 */
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { LabCore } from '../lab-core.ts';
import { resumeHandOvers } from './brokers.ts';
import { stopOverdue } from './tries.ts';

/** razor-server keeps its nodes for ever. */
const EXPIRING = ['razor', 'hanlon'] as const;

/** Forgets what is due now; the number of nodes. */
export async function expireNodes(core: LabCore): Promise<number> {
  const { nodeExpireMs } = core.settings.timing;
  if (nodeExpireMs <= 0) return 0;
  const before = core.wall() - nodeExpireMs;
  if (core.store.nodes.silent(before, EXPIRING).length === 0) return 0;
  // asked again: another lab may have heard of them
  const gone = await core.store.write(() => {
    const silent = core.store.nodes.silent(before, EXPIRING);
    for (const node of silent) core.store.nodes.remove(node.id);
    return silent;
  });
  for (const node of gone) {
    core.events.emit({
      type: 'expired',
      node: node.uuid,
      message: `forgotten: unbound, and silent for ${Math.round((core.wall() - node.contact) / 1000)} s`,
    });
  }
  return gone.length;
}

/** A database that is away now is asked again at the next look. */
async function whileAway(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof RazorMkError && error.code === 'RAZOR_MK_LAB_DB_AWAY')) throw error;
  }
}

/** Looks every `sweepMs`; the result ends that. */
export function startExpiry(core: LabCore): () => void {
  const stop = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await core.settings.clock.sleep(core.settings.timing.sweepMs, stop.signal);
      // of labs that share a database, one looks
      if (!core.store.standing.leads || core.store.standing.away) continue;
      await whileAway(expireNodes(core));
      await whileAway(stopOverdue(core));
      resumeHandOvers(core);
    }
  };
  loop().catch((error: unknown) => {
    if (!stop.signal.aborted) core.events.emit({ type: 'failed', message: `expiry stopped: ${String(error)}` });
  });
  return () => stop.abort(new Error('the lab is closed'));
}
