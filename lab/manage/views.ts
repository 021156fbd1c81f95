/** Things as people see them, in JSON: one shape for the management API, the verbs and the page. */
import { failingTests } from '../../platform/rules/condition.ts';
import { originText } from '../../platform/rules/fact-origins.ts';
import { policyLines } from '../../platform/rules/verdict-words.ts';
import { DEFAULT_ATTEMPTS, handOverText } from '../engine/brokers.ts';
import type { explainNode } from '../engine/explain-node.ts';
import type { LabCore } from '../lab-core.ts';
import { statusOf } from '../engine/decide.ts';
import { stateEntry } from '../engine/models.ts';
import { DEFAULT_LIMITS, triesText } from '../engine/tries.ts';
import { CLOUD_SETTINGS } from '../installers/answers.ts';
import { installerOf } from '../installers/registry.ts';
import { familyOf, type Template } from '../installers/templates.ts';
import type { ActiveModel, Broker, Image, Model, NodeRecord, Policy } from '../store/records.ts';

interface NodeView {
  readonly uuid: string;
  /** The number that razor-server calls it by. */
  readonly id: number;
  readonly dialect: string;
  readonly hwIds: readonly string[];
  readonly status: string;
  readonly lastState: string | null;
  /** ISO time of its last check-in or register. */
  readonly lastContact: string;
  readonly tags: readonly string[];
  readonly policy: string | null;
  readonly state: string | null;
  readonly allowed: boolean;
  readonly forcedAction: string | null;
  readonly forcedParam: Readonly<Record<string, unknown>> | null;
}

/** A moment as people and programs read it. */
export const iso = (ms: number): string => new Date(ms).toISOString();

/** A node as a row of a list. */
export function nodeView(core: LabCore, node: NodeRecord): NodeView {
  const active = core.store.activeModels.ofNode(node.id);
  return {
    uuid: node.uuid,
    id: node.id,
    dialect: node.dialect,
    hwIds: core.store.nodes.hwIds(node.id),
    status: statusOf(core, node),
    lastState: node.lastState ?? null,
    lastContact: iso(node.contact),
    tags: core.tags(node).map((match) => match.tag),
    policy: active?.policyLabel ?? null,
    state: active?.state ?? null,
    allowed: node.allowed,
    forcedAction: node.forcedAction ?? null,
    forcedParam: node.forcedParam ?? null,
  };
}

/** A node with everything: facts, why it has its tags, its active model with log. */
export function nodeDetails(core: LabCore, node: NodeRecord): Record<string, unknown> {
  const active = core.store.activeModels.ofNode(node.id);
  return {
    ...nodeView(core, node),
    created: iso(node.created),
    registered: node.registered === undefined ? null : iso(node.registered),
    dhcpMac: node.dhcpMac ?? null,
    metadata: node.metadata,
    tagReasons: core.tags(node),
    tagErrors: core.tagErrors(node),
    activeModel: active ? activeDetails(core, active) : null,
    facts: core.store.nodes.facts(node.id),
  };
}

/** A template with the first word of its installer's callbacks. */
export function templateView(template: Template): Record<string, unknown> {
  return { ...template, answers: installerOf(template.name)?.word };
}

/** An active model as a row of a list. */
export function activeView(core: LabCore, active: ActiveModel): Record<string, unknown> {
  const entry = stateEntry(active.state, familyOf(active.model.template));
  return {
    uuid: active.uuid,
    node: core.store.nodes.byId(active.node)?.uuid ?? null,
    policy: active.policyLabel,
    model: active.model.label,
    template: active.model.template,
    state: active.state,
    command: entry.command,
    boots: entry.boot,
    bound: iso(active.bound),
    tries: triesText(core, active),
    tried: active.tried === undefined ? null : iso(active.tried),
    overdue: active.overdue,
    handover: handOverText(core, active),
  };
}

/** An active model with its log. */
export function activeDetails(core: LabCore, active: ActiveModel): Record<string, unknown> {
  const log = core.store.activeModels.log(active.id).map((entry) => ({ ...entry, at: iso(entry.at) }));
  return { ...activeView(core, active), metadata: modelView(active.model)['metadata'], log };
}

/** An image; times as people read them. */
export function imageView(image: Image): Record<string, unknown> {
  const { added, buildTime, ...rest } = image;
  return { ...rest, added: iso(added), ...(buildTime !== undefined && { buildTime: iso(buildTime * 1000) }) };
}

/** A broker without what is secret of it. */
export function brokerView({ uuid, name, url, secret, attempts }: Broker): Record<string, unknown> {
  return { uuid, name, url, signed: secret !== undefined, attempts: attempts ?? DEFAULT_ATTEMPTS };
}

/** Files of many lines, which may hold secrets too. */
const CLOUD_NAMES: readonly string[] = Object.values(CLOUD_SETTINGS);

/** A model without what is secret in it. */
export function modelView(model: Model): Record<string, unknown> {
  const shown = Object.entries(model.metadata).map(([key, value]) => [
    key,
    /pass|secret|key/i.test(key) ? '(hidden)' : CLOUD_NAMES.includes(key) ? `(${value.length} characters)` : value,
  ]);
  return { ...model, image: model.image ?? null, metadata: Object.fromEntries(shown) as Record<string, string> };
}

/** A policy with how many nodes it has bound. */
export function policyView(core: LabCore, policy: Policy): Record<string, unknown> {
  return {
    line: policy.line,
    uuid: policy.uuid,
    label: policy.label,
    enabled: policy.enabled,
    maximum: policy.maximum,
    bound: core.store.activeModels.countOf(policy.uuid),
    tags: policy.tags,
    tries: policy.tries ?? DEFAULT_LIMITS.tries,
    installTimeout: policy.installTimeout ?? DEFAULT_LIMITS.installTimeoutS,
    model: core.store.models.get(policy.model)?.label ?? policy.model,
    broker: policy.broker === undefined ? null : (core.store.brokers.get(policy.broker)?.name ?? policy.broker),
  };
}

/** Why policies fit a node or not: as data, and as the lines that people read. */
export function explanationView({ summary, policies }: ReturnType<typeof explainNode>): Record<string, unknown> {
  return {
    summary,
    policies: policies.map((verdict) => ({
      policy: verdict.policy,
      fits: verdict.obstacle === undefined && verdict.lacks.length === 0,
      obstacle: verdict.obstacle ?? null,
      has: verdict.has,
      lacks: verdict.lacks.map(({ tag, rules, near }) => ({
        tag,
        near,
        rules: rules.map(({ rule, condition, change }) => ({
          rule,
          because: failingTests(condition).map(({ fact, found, wants }) => ({
            fact,
            value: found ?? null,
            wants,
            from: originText(fact) ?? null,
          })),
          change:
            change?.map(({ fact, from, to, wants }) => ({ fact, from: from ?? null, to: to ?? null, wants })) ?? null,
        })),
      })),
      lines: policyLines(verdict),
    })),
  };
}
