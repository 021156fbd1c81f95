/** Names that people write and that must mean something: tags of policies, settings of models. */
import { didYouMean } from '../../platform/near-names.ts';
import { tagFault } from '../../platform/rules/known-tags.ts';
import type { AnyTagRule } from '../../platform/rules/tags.ts';
import { MODEL_SETTINGS } from '../installers/templates.ts';
import type { LabCore } from '../lab-core.ts';
import { Refusal } from './request.ts';

/** Of so many nodes the tags are looked at. */
const NODES_LOOKED_AT = 1000;

/** Each id of a Hanlon node is a tag: a MAC without colons, a UUID. */
const HANLON_ID = /^[0-9A-F]{12}(_[0-9A-F]{12})*$|^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/i;

/** A refusal as a sentence, and that it can be overridden. */
function unlessForced(text: string): string {
  return `${text}${text.endsWith('?') ? '' : '.'} “force” (--force) keeps it all the same`;
}

/** Throws a Refusal for a tag that no machine can have, as a policy that wants it never fits. */
export function refuseUnknownTags(core: LabCore, tags: readonly string[]): void {
  const fault = firstFault(core, tags, core.store.tagRules.list());
  if (fault !== undefined) throw new Refusal(422, unlessForced(`tags: ${fault}`));
}

/** Throws a Refusal where a policy would wait for ever once a rule is gone. */
export function refuseUsedRule(core: LabCore, uuid: string): void {
  const rules = core.store.tagRules.list();
  const others = rules.filter((rule) => rule.uuid !== uuid);
  for (const policy of core.store.policies.list()) {
    const tag = policy.tags.find(
      (each) => faultOf(each, rules, []) === undefined && faultOf(each, others, []) !== undefined,
    );
    if (tag !== undefined)
      throw new Refusal(409, unlessForced(`policy ${policy.label} wants the tag ${tag}, which no other rule gives`));
  }
}

/** Throws a Refusal for a setting that no installer reads: what it was meant to set would be left unset in silence. */
export function refuseUnknownSettings(core: LabCore, metadata: Readonly<Record<string, string>>): void {
  const known = Object.keys(MODEL_SETTINGS);
  for (const name of Object.keys(metadata)) {
    if (known.includes(name)) continue;
    const near = didYouMean(name, known);
    // task files of one's own read whatever they like
    if (near === '' && core.settings.taskFiles !== undefined) continue;
    const what = near || `; known: ${known.join(', ')}`;
    throw new Refusal(422, unlessForced(`metadata: no installer reads the setting ${name}${what}`));
  }
}

function firstFault(core: LabCore, tags: readonly string[], rules: readonly AnyTagRule[]): string | undefined {
  if (tags.length === 0) return undefined;
  const nodes = core.store.nodes.after(0, NODES_LOOKED_AT);
  const seen = [...new Set(nodes.flatMap((node) => core.tags(node).map((match) => match.tag)))];
  return tags.map((tag) => faultOf(tag, rules, seen)).find((fault) => fault !== undefined);
}

function faultOf(tag: string, rules: readonly AnyTagRule[], seen: readonly string[]): string | undefined {
  return tagFault(tag, { rules, seen, isFree: (each) => HANLON_ID.test(each) });
}
