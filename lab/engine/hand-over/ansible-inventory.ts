/**
 * The lab's installed machines as a dynamic inventory of Ansible (docs.ansible.com, "Developing dynamic inventory": the JSON of an
 * inventory script). A fact comes from whoever claims to be the machine and must not become code: Ansible evaluates `{{ … }}` in
 * the variables of an inventory, so such text is marked as unsafe, which its JSON decoder understands (`__ansible_unsafe`).
 */
import { isIP } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { installedHostname } from '../../installers/answers.ts';
import type { LabCore } from '../../lab-core.ts';
import { isRecord } from '../../listeners/request-body.ts';
import type { ActiveModel, NodeRecord } from '../../store/records.ts';

/** States in which a system runs on the machine. */
const INSTALLED = ['os_complete', 'complete_no_broker', 'broker_wait', 'broker_success', 'broker_fail'];

/** Machines that are read in one go. */
const SLICE = 100;

/** The variables of a host. */
type HostVars = Readonly<Record<string, unknown>>;

/** Every group with its hosts, and `_meta.hostvars`; the answer to `--list`. */
export async function ansibleInventory(core: LabCore): Promise<Record<string, unknown>> {
  const groups = new Map<string, string[]>();
  const hostvars: Record<string, HostVars> = Object.create(null) as Record<string, HostVars>;
  const actives = core.store.activeModels.list().filter(({ state }) => INSTALLED.includes(state));
  const doubled = doubledNames(actives);
  for (const [i, active] of actives.entries()) {
    if (i % SLICE === SLICE - 1) await nextTurn();
    const node = core.store.nodes.byId(active.node);
    if (!node) continue;
    const plain = installedHostname(active);
    const host = doubled.has(plain) ? `${plain}-${node.uuid.slice(0, 8)}` : plain;
    hostvars[host] = hostVars(core, node, active);
    for (const group of groupsOf(core, node, active)) groups.set(group, [...(groups.get(group) ?? []), host]);
  }
  const children = [...groups.keys()].sort();
  return {
    _meta: { hostvars },
    all: { children: ['ungrouped', ...children] },
    ...Object.fromEntries(children.map((name) => [name, { hosts: groups.get(name) }])),
  };
}

/** Names that two machines have: host names count for each policy on its own. */
function doubledNames(actives: readonly ActiveModel[]): ReadonlySet<string> {
  const names = actives.map(installedHostname);
  return new Set(names.filter((name, i) => names.indexOf(name) !== i));
}

function groupsOf(core: LabCore, node: NodeRecord, active: ActiveModel): ReadonlySet<string> {
  const named = (kind: string, name: string): string => `${kind}_${name.replaceAll(/\W/g, '_')}`;
  return new Set([
    'razor',
    named('policy', active.policyLabel),
    named('model', active.model.label),
    named('template', active.model.template),
    named('state', active.state),
    ...core.tags(node).map(({ tag }) => named('tag', tag)),
  ]);
}

function hostVars(core: LabCore, node: NodeRecord, active: ActiveModel): HostVars {
  const facts = core.store.nodes.facts(node.id);
  const address = Object.hasOwn(facts, 'ipaddress') ? facts['ipaddress'] : undefined;
  return {
    // the address that the microkernel had: where it may change, the site's names are the better way
    ...(typeof address === 'string' && isIP(address) !== 0 && { ansible_host: address }),
    razor_node: node.uuid,
    razor_hw_ids: core.store.nodes.hwIds(node.id),
    razor_policy: active.policyLabel,
    razor_model: active.model.label,
    razor_template: active.model.template,
    razor_state: active.state,
    razor_tags: core.tags(node).map(({ tag }) => harmless(tag)),
    razor_facts: harmless(facts),
  };
}

/** A value with every text that Ansible would evaluate marked, and without names that its decoder takes for marks. */
function harmless(value: unknown): unknown {
  if (typeof value === 'string') return /\{[{%#]/.test(value) ? { __ansible_unsafe: value } : value;
  if (Array.isArray(value)) return value.map(harmless);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([name]) => /^(?!__)[\w.:-]{1,200}$/.test(name));
  return Object.fromEntries(entries.map(([name, each]) => [name, harmless(each)]));
}
