/** Why each policy fits a node or does not: the question of the day, policy by policy and tag by tag. */
import type { LabCore } from '../lab-core.ts';
import type { NodeRecord } from '../store/records.ts';
import { explainPolicies, type PolicyVerdict } from '../../platform/rules/why-not.ts';

/** What is told about a node as a whole, and each policy's verdict in order. */
interface NodeExplanation {
  readonly summary: string;
  readonly policies: readonly PolicyVerdict[];
}

/** Looks every policy through for a node. Nothing is changed. */
export function explainNode(core: LabCore, node: NodeRecord): NodeExplanation {
  const { store, settings } = core;
  const machine = {
    facts: store.nodes.facts(node.id),
    rules: store.tagRules.list(),
    faithful: settings.faithful,
    context: node,
    otherTags: node.dialect === 'hanlon' ? store.nodes.hwIds(node.id) : [],
  };
  const terms = store.policies.list().map((policy) => ({ ...policy, bound: store.activeModels.countOf(policy.uuid) }));
  const policies = explainPolicies(machine, terms);
  return { summary: summaryOf(core, node, policies), policies };
}

function summaryOf(core: LabCore, node: NodeRecord, policies: readonly PolicyVerdict[]): string {
  const active = core.store.activeModels.ofNode(node.id);
  if (active) return `it is bound to ${active.policyLabel}; other policies are not looked at`;
  if (node.registered === undefined) return 'it has not sent its facts yet, so it has no tags';
  if (policies.length === 0) return 'there are no policies';
  const [first] = policies.filter(({ obstacle, lacks }) => obstacle === undefined && lacks.length === 0);
  if (first === undefined) return 'no policy fits';
  if (core.settings.protectNewNodes && !node.allowed) {
    return `${first.policy} fits, but new nodes are protected until somebody allows them (lab node allow)`;
  }
  return `${first.policy} is the first policy that fits: its next check-in binds it`;
}
