/** Which tags rules can give at all: a policy that waits for another tag waits for ever. Pure. */
import { editDistance, suggestNames } from '../near-names.ts';
import { smallestChange, type Condition, type FactTest } from './condition.ts';
import { matcherAccepts, SYSTEM_RULES, type AnyTagRule } from './tags.ts';
import { fixedText, templateTests, templateWith } from './tag-template.ts';

/** What a tag cannot hold: it is dropped from every tag that a rule gives. */
const NOT_IN_TAGS = /[^\w%=\-\\+]/;

/**
 * The rules that give this tag to some machine, those with most text of their own first. A rule that takes its whole tag
 * from a fact (the maker's) could give nearly any. It counts where no other does, no other tag is near, and the tag has a
 * capital letter, as names of makers have.
 */
export function rulesThatGive(
  tag: string,
  rules: readonly AnyTagRule[],
  seen: readonly string[] = [],
): readonly AnyTagRule[] {
  const own = rules.filter((rule) => isOwn(rule, tag));
  if (own.length > 0) return own.sort((a, b) => fixedText(b.tag).length - fixedText(a.tag).length);
  if (!/[A-Z]/.test(tag)) return [];
  // a tag that a rule makes by writing more around this one says nothing about it: Supermicro_vm
  const meant = nearTags(tag, rules, seen).filter((near) => seen.includes(near) || !near.includes(tag));
  if (meant.length > 0) return [];
  return rules.filter((rule) => canGive(rule, tag));
}

function canGive({ tag: template, matchers, rule }: AnyTagRule, tag: string): boolean {
  const tests = templateTests(template, tag, {});
  if (tests === undefined || (matchers.length === 0 && rule === undefined)) return false;
  // what is written into the tag must pass the rule's own conditions: nics_x is not the count of anything
  const own = matchers.map((matcher): FactTest => {
    const accepts = (value: unknown): boolean => matcherAccepts(matcher, value);
    return { fact: matcher.key, found: undefined, wants: '', holds: accepts(undefined), accepts, examples: [] };
  });
  const written = new Set(tests.map((test) => test.fact));
  const of = [...tests, ...own.filter((test) => written.has(test.fact))].map((test): Condition => ({
    kind: 'test',
    test,
  }));
  const change = smallestChange({ kind: 'all', of });
  return (
    change !== undefined && change.every(({ to, fact }) => to !== undefined || !written.has(fact) || own.length === 0)
  );
}

/** Tags that rules can give and that are spelled nearly like this one. */
export function nearTags(tag: string, rules: readonly AnyTagRule[], seen: readonly string[]): readonly string[] {
  const words = tag.split('_').filter(Boolean);
  const possible = rules.flatMap(({ tag: template }) => words.map((word) => templateWith(template, word)));
  const given = possible
    .filter((other) => other !== tag && rules.some((rule) => isOwn(rule, other)))
    .map((name) => ({ name, distance: editDistance(tag, name) }));
  // only the nearest: made of the tag's own words, each of them has something of it
  const distances = [...given.map(({ distance }) => distance), ...seen.map((name) => editDistance(tag, name))];
  const least = Math.min(Math.floor(tag.length / 3), ...distances);
  const nearest = given.filter(({ distance }) => distance <= Math.max(1, least)).map(({ name }) => name);
  return [...new Set([...nearest, ...suggestNames(tag, seen)])].slice(0, 5);
}

/** A rule that gives this tag by a text of its own, not by whatever a fact says. */
function isOwn(rule: AnyTagRule, tag: string): boolean {
  return fixedText(rule.tag) !== '' && canGive(rule, tag);
}

/** What a person's list of tags is checked against. */
export interface TagKnowledge {
  /** Rules beside those that are always on. */
  readonly rules: readonly AnyTagRule[];
  /** Tags of machines that are known. */
  readonly seen: readonly string[];
  /** Tags that need no rule: Hanlon's ids. */
  readonly isFree?: (tag: string) => boolean;
}

/** Why a policy should not wait for this tag, as a sentence; undefined for a tag that some machine can have. */
export function tagFault(tag: string, { rules, seen, isFree }: TagKnowledge): string | undefined {
  if (seen.includes(tag) || isFree?.(tag) === true) return undefined;
  const odd = NOT_IN_TAGS.exec(tag)?.[0];
  if (odd !== undefined) return `no tag can be ${JSON.stringify(tag)}: ${JSON.stringify(odd)} is dropped from tags`;
  const all = [...SYSTEM_RULES, ...rules];
  if (rulesThatGive(tag, all, seen).length > 0) return undefined;
  const near = nearTags(tag, all, seen);
  return `no rule gives the tag ${tag}${near.length === 0 ? '' : `; did you mean ${near.join(', ')}?`}`;
}
