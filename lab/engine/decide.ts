/**
 * What a check-in is answered: the order of docs/contracts/razor-0.x.md#how-a-check-in-is-decided, with the reason in
 * words.
 */
import type { LabCore } from '../lab-core.ts';
import { familyOf, stateEntry } from './models.ts';
import { bindPolicy, choosePolicy } from './policy.ts';
import type { ActiveModel, Facts, NodeRecord } from '../store/records.ts';

export interface CheckinInput {
  readonly dialect: string;
  readonly hwIds: readonly string[];
  readonly lastState: string;
  readonly firstCheckin: boolean;
}

export interface Decision {
  /** register, acknowledge, reboot, or whatever was forced. */
  readonly command: string;
  /** Of a forced command; no other has one. */
  readonly param?: Readonly<Record<string, unknown>> | undefined;
  readonly node: NodeRecord | undefined;
  readonly reason: string;
}

/** The node of these ids: the one that shares most of them. */
export function findNode(core: LabCore, hwIds: readonly string[]): NodeRecord | undefined {
  return core.store.nodes.find(hwIds)[0];
}

/**
 * Decides one check-in and stores what it changes. Call within `Store.write`. Step 1, validation, is the dialect's.
 */
export function decideCheckin(core: LabCore, input: CheckinInput): Decision {
  return told(core, input, decideAtOnce(core, input) ?? decideBound(core, input));
}

/**
 * Decides a check-in that changes nothing but the time of its node's contact, which most are, without a transaction.
 * Undefined, and nothing was done, where there is more to write: then `decideCheckin` has to.
 */
export function decideUnwritten(core: LabCore, input: CheckinInput): Decision | undefined {
  const decision = decideAtOnce(core, input);
  return decision && told(core, input, decision);
}

function told(core: LabCore, input: CheckinInput, decision: Decision): Decision {
  core.events.emit({
    type: 'checkin',
    dialect: input.dialect,
    ...(decision.node && { node: decision.node.uuid }),
    command: decision.command,
    message: `${decision.command}: ${decision.reason}`,
    details: { hwIds: input.hwIds, lastState: input.lastState, firstCheckin: input.firstCheckin },
  });
  return decision;
}

function decideAtOnce(core: LabCore, { hwIds, lastState, firstCheckin }: CheckinInput): Decision | undefined {
  if (firstCheckin) return { command: 'register', node: undefined, reason: 'its first check-in since it booted' };
  const node = findNode(core, hwIds);
  if (!node) return { command: 'register', node, reason: 'no known node has one of its ids' };
  const now = core.wall();
  const silent = now - node.contact;
  const decided = (command: string, reason: string): Decision => {
    core.store.nodes.touch(node.id, lastState, now);
    return { command, node, reason };
  };
  if (node.forcedAction !== undefined) {
    return { ...decided(node.forcedAction, 'forced for this node'), param: node.forcedParam };
  }
  if (silent > core.settings.timing.registerTimeoutMs) {
    return decided('register', `silent for ${Math.round(silent / 1000)} s`);
  }
  if (core.store.activeModels.ofNode(node.id)) return undefined;
  const { policy, reason } = choosePolicy(core, node);
  return policy ? undefined : decided('acknowledge', reason);
}

/** The rest: a node that is bound, or is bound now. */
function decideBound(core: LabCore, { hwIds, lastState }: CheckinInput): Decision {
  const node = findNode(core, hwIds) as NodeRecord;
  core.store.nodes.touch(node.id, lastState, core.wall());
  const active = core.store.activeModels.ofNode(node.id);
  if (active) return answerOf(core, node, active);
  const { active: bound, reason } = bindPolicy(core, node);
  return {
    command: 'acknowledge',
    node,
    reason: bound ? `bound just now (${bound.policyLabel}); the next check-in is told what to do` : reason,
  };
}

/** The command of an active model's state, noted in its log. Call within `Store.write`. */
export function answerOf(core: LabCore, node: NodeRecord, active: ActiveModel): Decision {
  const { command, meaning } = stateEntry(active.state, familyOf(active.model.template));
  core.store.activeModels.record(active, {
    at: core.wall(),
    oldState: active.state,
    state: active.state,
    action: 'mk_call',
    method: 'mk_call',
    result: command,
  });
  return { command, node, reason: `${active.policyLabel} is in state ${active.state}: ${meaning}` };
}

export interface RegisterInput {
  readonly dialect: string;
  readonly hwIds: readonly string[];
  readonly lastState: string;
  readonly facts: Facts;
}

/**
 * Takes facts in: ids become the union with those known, facts are replaced whole. An id that two nodes share stays
 * with the one that registers; a node left without ids and without an active model is forgotten. Call within
 * `Store.write`.
 */
export function registerNode(core: LabCore, input: RegisterInput): NodeRecord {
  const { nodes, activeModels } = core.store;
  const now = core.wall();
  const [known, ...others] = nodes.find(input.hwIds);
  const node =
    known ??
    nodes.create({ dialect: input.dialect, hwIds: input.hwIds, at: now, allowed: !core.settings.protectNewNodes });
  if (known) nodes.addHwIds(node.id, input.hwIds);
  nodes.setFacts(node.id, input.facts, input.lastState, now);
  for (const other of others) {
    if (nodes.hwIds(other.id).length > 0 || activeModels.ofNode(other.id)) continue;
    nodes.remove(other.id);
    core.events.emit({
      type: 'merged',
      node: node.uuid,
      message: `${other.uuid} was the same machine and is forgotten`,
    });
  }
  const stored = nodes.byId(node.id) as NodeRecord;
  const tags = core.tags(stored).map((match) => match.tag);
  core.events.emit({
    type: 'registered',
    dialect: input.dialect,
    node: node.uuid,
    message: `${known ? 'registered again' : 'registered for the first time'} with ${Object.keys(input.facts).length} facts`,
    details: { hwIds: nodes.hwIds(node.id), new: !known },
  });
  core.events.emit({
    type: 'tagged',
    node: node.uuid,
    message: tags.length > 0 ? `tags: ${tags.join(', ')}` : 'no rule gives it a tag',
    details: { tags },
  });
  return stored;
}

/** `bound` | `inactive` | `active`, as the original prints it. */
export function statusOf(core: LabCore, node: NodeRecord): string {
  if (core.store.activeModels.ofNode(node.id)) return 'bound';
  return core.wall() - node.contact > core.settings.timing.registerTimeoutMs ? 'inactive' : 'active';
}
