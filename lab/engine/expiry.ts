/**
 * What becomes due by itself: unbound nodes that were silent for too long are forgotten, as the original does it
 * (docs/contracts/razor-0.x.md#expiry), and installations that take too long are stopped (tries.ts).
 */
import type { LabCore } from '../lab-core.ts';
import { stopOverdue } from './tries.ts';

/** razor-server keeps its nodes for ever. */
const EXPIRING = ['razor', 'hanlon'] as const;

/** Forgets what is due now; the number of nodes. */
export async function expireNodes(core: LabCore): Promise<number> {
  const { nodeExpireMs } = core.settings.timing;
  if (nodeExpireMs <= 0) return 0;
  const before = core.wall() - nodeExpireMs;
  const gone = core.store.nodes.silent(before, EXPIRING);
  if (gone.length === 0) return 0;
  await core.store.write(() => gone.forEach((node) => core.store.nodes.remove(node.id)));
  for (const node of gone) {
    core.events.emit({
      type: 'expired',
      node: node.uuid,
      message: `forgotten: unbound, and silent for ${Math.round((core.wall() - node.contact) / 1000)} s`,
    });
  }
  return gone.length;
}

/** Looks every `sweepMs`; the result ends that. */
export function startExpiry(core: LabCore): () => void {
  const stop = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await core.settings.clock.sleep(core.settings.timing.sweepMs, stop.signal);
      await expireNodes(core);
      await stopOverdue(core);
    }
  };
  loop().catch((error: unknown) => {
    if (!stop.signal.aborted) core.events.emit({ type: 'failed', message: `expiry stopped: ${String(error)}` });
  });
  return () => stop.abort(new Error('the lab is closed'));
}
