/** One attempt to hand a node over: what is sent, and what the answer means. */
import { messageOf } from '../../../platform/errors/errors.ts';
import type { LabCore } from '../../lab-core.ts';
import type { ActiveModel, Broker } from '../../store/records.ts';
import type { ModelState } from '../models.ts';
import { webhookHeaders } from './webhook.ts';

/** Milliseconds that a broker may take. */
export const PATIENCE_MS = 30_000;

/** What became of an attempt. */
export interface Attempted {
  /** `again` is no state: it may work later. */
  readonly result: ModelState | 'again';
  readonly why: string;
}

/** Answers that say nothing about the node: too early, too many, or a server that is not well. */
function isPassing(status: number): boolean {
  return status >= 500 || [408, 425, 429].includes(status);
}

/** Sends a node to its broker, once. Never throws. */
export async function deliver(core: LabCore, active: ActiveModel, broker: Broker, id: string): Promise<Attempted> {
  const body = JSON.stringify(messageFor(core, active));
  const timestamp = Math.floor(core.wall() / 1000);
  try {
    const reply = await fetch(broker.url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([core.closing, AbortSignal.timeout(PATIENCE_MS)]),
      headers: { 'content-type': 'application/json', ...webhookHeaders({ id, timestamp, body }, broker.secret) },
      body,
    });
    await reply.body?.cancel();
    if (reply.status === 202) return { result: 'broker_wait', why: `${broker.name} decides later` };
    if (reply.ok) return { result: 'broker_success', why: `${broker.name} has taken it over` };
    return {
      result: isPassing(reply.status) ? 'again' : 'broker_fail',
      why: `${broker.name} answered ${reply.status}`,
    };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return { result: 'again', why: `${broker.name} cannot be reached: ${messageOf(cause)}` };
  }
}

/** What a broker gets. */
function messageFor(core: LabCore, active: ActiveModel): Record<string, unknown> {
  const node = core.store.nodes.byId(active.node);
  return {
    node: node?.uuid,
    hwIds: node ? core.store.nodes.hwIds(node.id) : [],
    activeModel: active.uuid,
    policy: active.policyLabel,
    model: active.model.label,
    tags: node ? core.tags(node).map((match) => match.tag) : [],
    facts: node ? core.store.nodes.facts(node.id) : {},
  };
}
