/**
 * Brokers: who takes a finished node over. A broker is an address; it gets the node by POST and says yes, no or later. One that
 * cannot be reached or is not well is asked again, with growing pauses, also by the next lab on the same database: how often it
 * was asked and when it is asked next is written down before each attempt.
 */
import { messageOf } from '../../platform/errors/errors.ts';
import type { LabCore } from '../lab-core.ts';
import type { ActiveModel, HandOver } from '../store/records.ts';
import { newUuid } from '../store/uuid.ts';
import { deliver, PATIENCE_MS, type Attempted } from './hand-over/deliver.ts';
import { isModelState, type ModelState } from './models.ts';

/** Attempts of a broker that says nothing else. */
export const DEFAULT_ATTEMPTS = 6;
/** Seconds before the second attempt, the third and so on; the last one for all that follow. */
const PAUSES_S = [5, 30, 120, 600, 1800] as const;

/**
 * Hands a node over, in the background: 202 means that the broker decides later (callback broker/success or broker/fail), any
 * other 2xx that it has taken the node, 4xx that it has not; everything else is tried again.
 */
export function handOver(core: LabCore, activeModel: string): void {
  const work = async (): Promise<void> => {
    count(core, activeModel, 1);
    const id = await core.store.write(() => {
      const last = core.store.activeModels.get(activeModel)?.handOver;
      if (last !== undefined && last.next > 0) return last.id;
      // the plan of an earlier installation has ended
      const fresh = freshPlan(core, newUuid());
      core.store.activeModels.setHandOver(activeModel, fresh);
      return fresh.id;
    });
    while (await attempt(core, activeModel, id));
  };
  work()
    .catch((error: unknown) => {
      if (!core.closing.aborted) core.events.emit({ type: 'failed', message: `hand-over failed: ${messageOf(error)}` });
    })
    .finally(() => count(core, activeModel, -1));
}

/** Hand-overs that this process has in hand, by active model. */
const inHand = new WeakMap<LabCore, Map<string, number>>();

function count(core: LabCore, activeModel: string, by: 1 | -1): void {
  const counts = inHand.get(core) ?? new Map<string, number>();
  inHand.set(core, counts);
  const now = (counts.get(activeModel) ?? 0) + by;
  if (now > 0) counts.set(activeModel, now);
  else counts.delete(activeModel);
}

/**
 * Hands over again what was on its way when the lab ended, or another lab on the same database. Where two have one in hand, each
 * attempt is made by one of them.
 */
export function resumeHandOvers(core: LabCore): void {
  for (const active of core.store.activeModels.list()) {
    const left = active.state === 'os_complete' && active.broker !== undefined && !inHand.get(core)?.has(active.uuid);
    if (left) handOver(core, active.uuid);
  }
}

/** Waits for the next attempt and makes it; whether there is one more. One plan ends where another took its place. */
async function attempt(core: LabCore, uuid: string, id: string): Promise<boolean> {
  const pause = (core.store.activeModels.get(uuid)?.handOver?.next ?? 0) - core.wall();
  if (pause > 0) await core.settings.clock.sleep(pause, core.closing);
  const active = core.store.activeModels.get(uuid);
  if (active?.broker === undefined || active.state !== 'os_complete') return false;
  if (active.handOver?.id !== id) return false;
  const broker = core.store.brokers.get(active.broker);
  if (!broker) {
    await settle(core, active, id, { result: 'broker_fail', why: 'the broker does not exist any more' });
    return false;
  }
  const attempts = active.handOver.attempts + 1;
  if (!(await claim(core, uuid, { id, attempts, next: core.wall() + PATIENCE_MS, why: 'it is being asked' })))
    return true;
  const { result, why } = await deliver(core, active, broker, id);
  if (core.closing.aborted) return false;
  const most = broker.attempts ?? DEFAULT_ATTEMPTS;
  if (result === 'again' && attempts < most) {
    await later(core, active, { id, attempts, next: 0, why }, most);
    return true;
  }
  const last = result === 'again' ? `${why}, at the last of ${attempts} attempts` : why;
  await settle(core, active, id, { result: result === 'again' ? 'broker_fail' : result, why: last });
  return false;
}

function freshPlan(core: LabCore, id: string): HandOver {
  return { id, attempts: 0, next: core.wall(), why: 'not asked yet' };
}

async function plan(core: LabCore, uuid: string, handOver: HandOver): Promise<void> {
  await core.store.write(() => core.store.activeModels.setHandOver(uuid, handOver));
}

/** Writes an attempt down before it is made; false where another lab makes it, or it is not due any more. */
async function claim(core: LabCore, uuid: string, mine: HandOver): Promise<boolean> {
  return await core.store.write(() => {
    const now = core.store.activeModels.get(uuid);
    const due = now?.state === 'os_complete' && now.handOver !== undefined && now.handOver.next <= core.wall();
    if (!due || now.handOver?.id !== mine.id || now.handOver.attempts !== mine.attempts - 1) return false;
    core.store.activeModels.setHandOver(uuid, mine);
    return true;
  });
}

async function later(core: LabCore, active: ActiveModel, tried: HandOver, most: number): Promise<void> {
  const { attempts, why } = tried;
  const pauseS = PAUSES_S[Math.min(attempts, PAUSES_S.length) - 1] ?? 0;
  // many nodes end together: a fifth more, at random, takes them apart
  const next = core.wall() + Math.round(pauseS * 1000 * (1 + core.settings.clock.random() / 5));
  await plan(core, active.uuid, { ...tried, next });
  say(
    core,
    active,
    `hand-over: ${why}; attempt ${attempts} of ${most}, the next one in ${pauseS} s or a little more`,
    {},
  );
}

async function settle(core: LabCore, active: ActiveModel, id: string, { result, why }: Attempted): Promise<void> {
  const state: ModelState = result === 'again' ? 'broker_fail' : result;
  await core.store.write(() => {
    const current = core.store.activeModels.get(active.uuid);
    if (current?.state !== 'os_complete') return;
    const entry = { at: core.wall(), oldState: 'os_complete', state, action: state, method: 'broker', result: why };
    core.store.activeModels.record(active, entry);
    const attempts = current.handOver?.attempts ?? 0;
    core.store.activeModels.setHandOver(active.uuid, { id, attempts, next: 0, why });
  });
  const details = { from: 'os_complete', to: state, action: state, activeModel: active.uuid };
  const again = state === 'broker_fail' ? `; lab active-model handover ${active.uuid} tries again` : '';
  say(core, active, `os_complete becomes ${state}: ${why}${again}`, details);
}

function say(core: LabCore, active: ActiveModel, what: string, details: Record<string, unknown>): void {
  const node = core.store.nodes.byId(active.node);
  const message = `${active.policyLabel}: ${what}`;
  core.events.emit({ type: 'state', ...(node && { node: node.uuid }), message, details });
}

/** Why a node is not handed over again; undefined where it can be. `force` hands over what was taken already. */
export function handOverObstacle(active: ActiveModel, force: boolean): string | undefined {
  if (active.broker === undefined) return `${active.policyLabel} named no broker when it bound the node`;
  if (['broker_fail', 'broker_wait', 'os_complete'].includes(active.state)) return undefined;
  if (active.state !== 'broker_success') return `it is in state ${active.state}, so there is nothing to hand over yet`;
  return force ? undefined : 'the broker has taken it over already; “force” (--force) hands it over once more';
}

/** Hands a node over from the beginning, with all attempts. */
export async function handOverAgain(core: LabCore, active: ActiveModel): Promise<void> {
  const from = isModelState(active.state) ? active.state : 'broker_fail';
  await core.store.write(() => {
    const entry = { at: core.wall(), oldState: from, state: 'os_complete', action: 'handover', method: 'person' };
    core.store.activeModels.record(active, { ...entry, result: 'asked for by hand' });
    core.store.activeModels.setHandOver(active.uuid, freshPlan(core, newUuid()));
  });
  say(core, active, `handed over again by hand, from state ${from}`, { from, to: 'os_complete' });
  handOver(core, active.uuid);
}

/** How the hand-over stands, in words; empty before the first attempt. */
export function handOverText(core: LabCore, { handOver: last, broker, state }: ActiveModel): string {
  if (last === undefined || broker === undefined) return '';
  const most = core.store.brokers.get(broker)?.attempts ?? DEFAULT_ATTEMPTS;
  const next = state === 'os_complete' && last.next > 0 ? `; next ${new Date(last.next).toISOString()}` : '';
  return `attempt ${last.attempts} of ${most}: ${last.why}${next}`;
}
