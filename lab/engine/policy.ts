/** Policies: the first that fits a node binds it. Pure, but for the store that is handed in. */
import type { LabCore } from '../lab-core.ts';
import type { ActiveModel, NodeRecord, Policy } from '../store/records.ts';

type PolicyChoice =
  { readonly policy: Policy; readonly reason: string } | { readonly policy: undefined; readonly reason: string };

/**
 * The first enabled policy, in order, that is under its maximum and all of whose tags the node has. `leaving` is a binding that
 * will be gone by then.
 */
export function choosePolicy(core: LabCore, node: NodeRecord, leaving?: ActiveModel): PolicyChoice {
  const policies = core.store.policies.list();
  if (policies.length === 0) return { policy: undefined, reason: 'there are no policies' };
  const tags = new Set(core.tags(node).map((match) => match.tag));
  const passed: string[] = [];
  for (const policy of policies) {
    const missing = policy.tags.filter((tag) => !tags.has(tag));
    if (!policy.enabled) passed.push(`${policy.label} is disabled`);
    else if (missing.length > 0) passed.push(`${policy.label} wants ${missing.join(', ')}`);
    else if (policy.maximum > 0 && countWithout(core, policy, leaving) >= policy.maximum) {
      passed.push(`${policy.label} has its ${policy.maximum} already`);
    } else {
      const wanted = policy.tags.length === 0 ? 'it asks for no tags' : `it has ${policy.tags.join(', ')}`;
      return { policy, reason: `${policy.label} is the first policy that fits: ${wanted}` };
    }
  }
  return { policy: undefined, reason: `no policy fits: ${passed.slice(0, 5).join('; ')}` };
}

function countWithout(core: LabCore, { uuid }: Policy, leaving: ActiveModel | undefined): number {
  return core.store.activeModels.countOf(uuid) - (leaving?.policy === uuid ? 1 : 0);
}

/** The policy that would bind a machine once the lab has forgotten it; undefined where none would. */
export function policyAfterRemoval(core: LabCore, node: NodeRecord): Policy | undefined {
  if (core.settings.protectNewNodes) return undefined;
  return choosePolicy(core, node, core.store.activeModels.ofNode(node.id)).policy;
}

/**
 * Binds the node where a policy fits and protection allows it. Call within `Store.write`; `node` must have no active
 * model. The reason is for the event and the page.
 */
export function bindPolicy(core: LabCore, node: NodeRecord): { active: ActiveModel | undefined; reason: string } {
  const { policy, reason } = choosePolicy(core, node);
  if (!policy) return { active: undefined, reason };
  const model = core.store.models.get(policy.model);
  if (!model) return { active: undefined, reason: `${policy.label} names a model that does not exist` };
  if (core.settings.protectNewNodes && !node.allowed) {
    core.events.emit({
      type: 'protected',
      node: node.uuid,
      message: `${policy.label} would bind it, but nobody has allowed it yet`,
    });
    return {
      active: undefined,
      reason: `${policy.label} fits, but new nodes are protected until somebody allows them`,
    };
  }
  const active = core.store.activeModels.bind({
    node: node.id,
    policy: policy.uuid,
    policyLabel: policy.label,
    model,
    broker: policy.broker,
    state: 'init',
    bound: core.wall(),
  });
  core.events.emit({
    type: 'bound',
    node: node.uuid,
    message: `bound to ${policy.label} (model ${model.label}): ${reason}`,
    details: { policy: policy.uuid, model: model.uuid, activeModel: active.uuid },
  });
  return { active, reason };
}
