/** Taking facts in: who a machine is, which nodes are the same machine, and which only look so. */
import type { LabCore } from '../lab-core.ts';
import type { Facts, NodeRecord } from '../store/records.ts';
import { identityConflict } from './identity-conflict.ts';

/** A register as a dialect read it. */
interface RegisterInput {
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
  const { dialect, hwIds } = input;
  const [known, ...others] = nodes.find(hwIds);
  const node = known ?? nodes.create({ dialect, hwIds, at: core.wall(), allowed: !core.settings.protectNewNodes });
  if (known) nodes.addHwIds(node.id, hwIds);
  const stored = storeFacts(core, node, input, known === undefined);
  for (const other of others) {
    if (nodes.hwIds(other.id).length === 0 && !activeModels.ofNode(other.id)) forgetSame(core, other, node);
  }
  return stored;
}

/** Replaces a node's facts and logs what it is now. Call within `Store.write`. */
export function storeFacts(
  core: LabCore,
  node: NodeRecord,
  { dialect, lastState, facts }: Omit<RegisterInput, 'hwIds'>,
  isNew: boolean,
): NodeRecord {
  const { nodes } = core.store;
  const conflict = isNew ? undefined : identityConflict(nodes.facts(node.id), facts);
  if (conflict !== undefined) {
    const message = `registers with another ${conflict}: two machines have the same id, or it got a new mainboard`;
    core.events.emit({ type: 'conflict', dialect, node: node.uuid, message, details: { hwIds: nodes.hwIds(node.id) } });
  }
  nodes.setFacts(node.id, facts, lastState, core.wall());
  const stored = nodes.byId(node.id) ?? node;
  const tags = core.tags(stored).map((match) => match.tag);
  core.events.emit({
    type: 'registered',
    dialect,
    node: node.uuid,
    message: `${isNew ? 'registered for the first time' : 'registered again'} with ${Object.keys(facts).length} facts`,
    details: { hwIds: nodes.hwIds(node.id), new: isNew },
  });
  core.events.emit({
    type: 'tagged',
    node: node.uuid,
    message: tags.length > 0 ? `tags: ${tags.join(', ')}` : 'no rule gives it a tag',
    details: { tags },
  });
  for (const error of core.tagErrors(stored)) core.events.emit({ type: 'refused', node: node.uuid, message: error });
  return stored;
}

/** Forgets `other`, which is the same machine as `node`. Call within `Store.write`. */
export function forgetSame(core: LabCore, other: NodeRecord, node: NodeRecord): void {
  core.store.nodes.remove(other.id);
  const message = `${other.uuid} (number ${other.id}) was the same machine and is forgotten`;
  core.events.emit({ type: 'merged', node: node.uuid, message });
}
