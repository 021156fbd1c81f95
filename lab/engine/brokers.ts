/** Brokers: who takes a finished node over. A broker is an address; it gets the node by POST and says yes or no. */
import { messageOf } from '../../platform/errors/errors.ts';
import type { LabCore } from '../lab-core.ts';
import type { ModelState } from './models.ts';
import type { ActiveModel } from '../store/records.ts';

/** Milliseconds that a broker may take. */
const PATIENCE_MS = 30_000;

/**
 * Hands a node over, in the background: 202 means that the broker decides later (callback broker/success or
 * broker/fail), any other 2xx that it has taken the node, everything else that it has not.
 */
export function handOver(core: LabCore, activeModel: string): void {
  const work = async (): Promise<void> => {
    const active = core.store.activeModels.get(activeModel);
    if (active?.broker === undefined || active.state !== 'os_complete') return;
    const { state, why } = await ask(core, active);
    if (core.closing.aborted) return;
    await settle(core, active, state, why);
  };
  work().catch((error: unknown) => {
    if (!core.closing.aborted) core.events.emit({ type: 'failed', message: `hand-over failed: ${messageOf(error)}` });
  });
}

/** Hands over again what was on its way when the lab ended. */
export function resumeHandOvers(core: LabCore): void {
  for (const active of core.store.activeModels.list()) {
    if (active.state === 'os_complete' && active.broker !== undefined) handOver(core, active.uuid);
  }
}

async function ask(core: LabCore, active: ActiveModel): Promise<{ state: ModelState; why: string }> {
  const broker = core.store.brokers.get(active.broker ?? '');
  if (!broker) return { state: 'broker_fail', why: 'the broker does not exist any more' };
  const node = core.store.nodes.byId(active.node);
  try {
    const reply = await fetch(broker.url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([core.closing, AbortSignal.timeout(PATIENCE_MS)]),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        node: node?.uuid,
        hwIds: node ? core.store.nodes.hwIds(node.id) : [],
        activeModel: active.uuid,
        policy: active.policyLabel,
        model: active.model.label,
        tags: node ? core.tags(node).map((match) => match.tag) : [],
        facts: node ? core.store.nodes.facts(node.id) : {},
      }),
    });
    await reply.body?.cancel();
    if (reply.status === 202) return { state: 'broker_wait', why: `${broker.name} decides later` };
    if (reply.ok) return { state: 'broker_success', why: `${broker.name} has taken it over` };
    return { state: 'broker_fail', why: `${broker.name} answered ${reply.status}` };
  } catch (error) {
    return { state: 'broker_fail', why: `${broker.name} cannot be reached: ${messageOf(error)}` };
  }
}

async function settle(core: LabCore, active: ActiveModel, state: ModelState, why: string): Promise<void> {
  await core.store.write(() => {
    if (core.store.activeModels.get(active.uuid)?.state !== 'os_complete') return;
    const entry = { at: core.wall(), oldState: 'os_complete', state, action: state, method: 'broker', result: why };
    core.store.activeModels.record(active, entry);
  });
  const node = core.store.nodes.byId(active.node);
  core.events.emit({
    type: 'state',
    ...(node && { node: node.uuid }),
    message: `${active.policyLabel}: os_complete becomes ${state}: ${why}`,
    details: { from: 'os_complete', to: state, action: state, activeModel: active.uuid },
  });
}
