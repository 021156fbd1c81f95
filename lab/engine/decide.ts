/**
 * What a check-in is answered: the order of docs/contracts/razor-0.x.md#how-a-check-in-is-decided, with the reason in
 * words.
 */
import type { LabCore } from '../lab-core.ts';
import { stateEntry, WRITE_IMAGE } from './models.ts';
import { orderObstacle } from './write-order/obstacle.ts';
import { familyOf } from '../installers/templates.ts';
import { bindPolicy, choosePolicy } from './policy.ts';
import type { ActiveModel, NodeRecord } from '../store/records.ts';

/** A check-in as a dialect read it. */
interface CheckinInput {
  readonly dialect: string;
  readonly hwIds: readonly string[];
  readonly lastState: string;
  readonly firstCheckin: boolean;
}

/** What a check-in is answered. */
export interface Decision {
  /** register, acknowledge, reboot (razor-server: none, reboot), or whatever was forced. */
  readonly command: string;
  /** The parameter of a forced command. */
  readonly param?: Readonly<Record<string, unknown>> | undefined;
  readonly node: NodeRecord | undefined;
  readonly reason: string;
  /** The active model whose image is to be written: the order is made of it (write-order/write-order.ts) once this is stored. */
  readonly order?: ActiveModel;
}

/** The node of these ids: the one that shares most of them. */
export function findNode(core: LabCore, hwIds: readonly string[]): NodeRecord | undefined {
  return core.store.nodes.find(hwIds)[0];
}

/**
 * Decides one check-in and stores what it changes. Call within `Store.write`. Step 1, validation, is the dialect's.
 */
export function decideCheckin(core: LabCore, input: CheckinInput): Decision {
  return logDecision(core, input, decideAtOnce(core, input) ?? decideBound(core, input));
}

/**
 * Decides a check-in that changes nothing but the time of its node's contact, which most are, without a transaction.
 * Undefined, and nothing was done, where there is more to write: then `decideCheckin` has to.
 */
export function decideWithoutWrite(core: LabCore, input: CheckinInput): Decision | undefined {
  const decision = decideAtOnce(core, input);
  return decision && logDecision(core, input, decision);
}

function logDecision(core: LabCore, input: CheckinInput, decision: Decision): Decision {
  core.events.emit({
    type: 'checkin',
    dialect: input.dialect,
    node: decision.node?.uuid,
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
  const { away } = core.store.standing;
  // what was forced may have been taken back, and where it was seen last nobody knows
  const blind = away && (node.forcedAction !== undefined || silent > core.settings.timing.registerTimeoutMs);
  if (blind) return decided('acknowledge', `nothing can be decided now: ${away.message}`);
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
    reason: bound ? `bound just now (${bound.policyLabel}); the next check-in gets its command` : reason,
  };
}

/** The command of an active model's state, noted in its log. Call within `Store.write`. */
function answerOf(core: LabCore, node: NodeRecord, active: ActiveModel): Decision {
  const { command, meaning } = stateEntry(active.state, familyOf(active.model.template));
  if (command === WRITE_IMAGE) {
    const why = orderObstacle(core, node, active);
    if (why !== undefined) return { command: 'acknowledge', node, reason: `${active.policyLabel}: ${why}` };
  }
  core.store.activeModels.record(active, {
    at: core.wall(),
    oldState: active.state,
    state: active.state,
    action: 'mk_call',
    method: 'mk_call',
    result: command,
  });
  const reason = `${active.policyLabel} is in state ${active.state}: ${meaning}`;
  return command === WRITE_IMAGE ? { command, node, reason, order: active } : { command, node, reason };
}

/**
 * Decides a check-in of razor-server and stores what it changes (docs/contracts/razor-server.md). Unlike the older dialects: a
 * node that was just bound is told to reboot in the same answer, and so is everything installed; a tag rule that cannot be
 * evaluated means `none`, whatever the node is. Call within `Store.write`.
 */
export function decideFactsCheckin(core: LabCore, node: NodeRecord): Decision {
  const { store, settings } = core;
  const hwIds = store.nodes.hwIds(node.id);
  const input = { dialect: 'razor-server', hwIds, lastState: 'idle', firstCheckin: false };
  const decide = (command: 'none' | 'reboot', reason: string): Decision =>
    logDecision(core, input, { command, node, reason });
  const ordered = ({ command, ...rest }: Decision): Decision => ({
    command: command === WRITE_IMAGE ? command : 'none',
    ...rest,
  });
  const [error] = core.tagErrors(node);
  if (error !== undefined) return decide('none', error);
  if (node.installed !== undefined) return decide('reboot', `${node.installed} is installed on it`);
  const active = store.activeModels.ofNode(node.id);
  if (active) {
    const { boot, meaning, command } = stateEntry(active.state, familyOf(active.model.template));
    if (command === WRITE_IMAGE) return logDecision(core, input, ordered(answerOf(core, node, active)));
    // it boots the microkernel in this state: the original, which has no such states, would have it reboot for ever
    if (boot === 'mk' && !settings.faithful) return decide('none', `${active.policyLabel}: ${meaning}`);
    return decide('reboot', `${active.policyLabel} is at work on it (${active.state})`);
  }
  if (settings.protectNewNodes && !node.allowed) {
    return decide('reboot', 'new nodes are protected: it boots its own disk until somebody allows it');
  }
  const { active: bound, reason } = bindPolicy(core, node);
  // the microkernel that runs is what writes it
  if (bound && familyOf(bound.model.template) === 'image') return decide('none', `bound just now: ${reason}`);
  return bound ? decide('reboot', `bound just now: ${reason}`) : decide('none', reason);
}

/** `bound` | `inactive` | `active`, as the original prints it. */
export function statusOf(core: LabCore, node: NodeRecord): string {
  if (core.store.activeModels.ofNode(node.id)) return 'bound';
  return core.wall() - node.contact > core.settings.timing.registerTimeoutMs ? 'inactive' : 'active';
}
