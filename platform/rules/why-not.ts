/**
 * Why a machine does not have a tag, and what it would take: rule by rule, which fact is looked at, what it is, and the
 * smallest change of facts with which the tag would be given. Pure.
 */
import { conditionHolds, smallestChange, type Condition, type FactChange, type FactTest } from './condition.ts';
import { expressionCondition } from './expression-condition.ts';
import { nearTags, rulesThatGive } from './known-tags.ts';
import { compilePattern } from './patterns.ts';
import type { ExpressionValues } from './tag-expression.ts';
import { tagFrom, templateTests } from './tag-template.ts';
import type { TagMatcher } from './tag-rule.ts';
import { matcherAccepts, SYSTEM_RULES, type AnyTagRule, type TagContext } from './tags.ts';

/** What rules are looked through for: one machine and the rules of its server. */
export interface RuledMachine {
  readonly facts: Readonly<Record<string, unknown>>;
  /** Rules beside those that are always on. */
  readonly rules: readonly AnyTagRule[];
  /** Those that are always on; the five of Razor 0.x by default. */
  readonly builtIn?: readonly AnyTagRule[];
  readonly faithful?: boolean;
  readonly context?: TagContext;
  /** Tags that it has without a rule: Hanlon's ids. */
  readonly otherTags?: readonly string[];
}

/** A rule that could give a tag, and what it found. */
export interface RuleVerdict {
  readonly rule: string;
  readonly condition: Condition;
  /** What would have to change, undefined where nothing would do; tried out before it is told. */
  readonly change: readonly FactChange[] | undefined;
}

/** Why a machine lacks a tag. */
export interface TagVerdict {
  readonly tag: string;
  /** The rules that could give it, the nearest first; empty where no rule ever gives it. */
  readonly rules: readonly RuleVerdict[];
  /** Tags like it that rules can give, where none gives this one. */
  readonly near: readonly string[];
}

/** What one policy says about a machine. */
export interface PolicyVerdict {
  readonly policy: string;
  /** Undefined where it fits: what keeps the machine from it besides tags. */
  readonly obstacle: string | undefined;
  readonly lacks: readonly TagVerdict[];
  readonly has: readonly string[];
}

/** The part of a policy that decides. */
export interface PolicyTerms {
  readonly label: string;
  readonly enabled: boolean;
  /** At most so many nodes; 0 for any number. */
  readonly maximum: number;
  /** Nodes that it has. */
  readonly bound: number;
  readonly tags: readonly string[];
}

/** Every policy, in order, with what the machine lacks for it. */
export function explainPolicies(machine: RuledMachine, policies: readonly PolicyTerms[]): readonly PolicyVerdict[] {
  const given = new Set(tagsOf(machine));
  return policies.map(({ label, enabled, maximum, bound, tags }) => {
    let obstacle: string | undefined;
    if (!enabled) obstacle = 'it is disabled';
    else if (maximum > 0 && bound >= maximum) obstacle = `it has its ${maximum} already`;
    return {
      policy: label,
      obstacle,
      lacks: tags.filter((tag) => !given.has(tag)).map((tag) => explainTag(machine, tag)),
      has: tags.filter((tag) => given.has(tag)),
    };
  });
}

/** Why the machine lacks a tag, or has it: then the condition of one rule holds. */
export function explainTag(machine: RuledMachine, tag: string): TagVerdict {
  const all = allRules(machine);
  const given = tagsOf(machine);
  const rules = rulesThatGive(tag, all, given).map((rule): RuleVerdict => {
    const condition = tagCondition(machine, rule, tag);
    return { rule: rule.name, condition, change: triedChange(machine, tag, smallestChange(condition)) };
  });
  const size = ({ change }: RuleVerdict): number => change?.length ?? Infinity;
  return {
    tag,
    rules: rules.sort((a, b) => (size(a) === size(b) ? 0 : size(a) - size(b))),
    near: rules.length > 0 ? [] : nearTags(tag, all, given),
  };
}

/** The condition of a rule as it stands, without a word about which tag comes of it. */
function ruleCondition(machine: RuledMachine, { matchers, rule }: AnyTagRule): Condition {
  if (rule !== undefined) return expressionCondition(rule, valuesOf(machine));
  const of = matchers.map((matcher): Condition => ({ kind: 'test', test: matcherTest(machine, matcher) }));
  return { kind: 'all', of };
}

function tagCondition(machine: RuledMachine, rule: AnyTagRule, tag: string): Condition {
  const written = templateTests(rule.tag, tag, machine.facts) ?? [];
  const of = written.map((test): Condition => ({ kind: 'test', test }));
  return { kind: 'all', of: [...of, ruleCondition(machine, rule)] };
}

function allRules({ rules, builtIn = SYSTEM_RULES }: RuledMachine): readonly AnyTagRule[] {
  return [...builtIn, ...rules];
}

function tagsOf(machine: RuledMachine): readonly string[] {
  const { facts, otherTags = [] } = machine;
  const given = allRules(machine).filter((rule) => ruleHolds(machine, rule));
  return [...given.map((rule) => tagFrom(rule.tag, facts)).filter((tag) => tag !== ''), ...otherTags];
}

function ruleHolds(machine: RuledMachine, rule: AnyTagRule): boolean {
  return (rule.rule !== undefined || rule.matchers.length > 0) && conditionHolds(ruleCondition(machine, rule));
}

/** The change, if the tag is there after it, or if a value of it is not known. */
function triedChange(
  machine: RuledMachine,
  tag: string,
  change: readonly FactChange[] | undefined,
): readonly FactChange[] | undefined {
  if (change === undefined || change.some(({ to }) => to === undefined)) return change;
  const { metadata = {}, installed } = machine.context ?? {};
  const after: Record<string, unknown> = { ...machine.facts };
  const data: Record<string, unknown> = { ...metadata };
  for (const { fact, to } of change) {
    if (fact.startsWith('metadata ')) data[fact.slice(9)] = to;
    else after[fact] = to;
  }
  const changed = { ...machine, facts: after, context: { metadata: data, installed } };
  return tagsOf(changed).includes(tag) ? change : undefined;
}

function valuesOf({ facts, rules, context }: RuledMachine): ExpressionValues {
  return {
    facts,
    metadata: context?.metadata ?? {},
    state: { installed: context?.installed ?? false },
    tag: (name) => rules.find((rule) => rule.name === name)?.rule,
  };
}

function matcherTest({ facts, faithful }: RuledMachine, matcher: TagMatcher): FactTest {
  const found = Object.hasOwn(facts, matcher.key) ? facts[matcher.key] : undefined;
  const accepts = (value: unknown): boolean => matcherAccepts(matcher, value, faithful);
  const verb = matcher.compare === 'equal' ? 'equals' : 'is like';
  return {
    fact: matcher.key,
    found,
    wants: `${matcher.inverse ? 'not ' : ''}${verb} "${matcher.value}"`,
    holds: accepts(found),
    accepts,
    examples: matcherExamples(matcher).filter(accepts),
  };
}

function matcherExamples({ compare, value, inverse }: TagMatcher): readonly string[] {
  if (inverse) return ['none', '0', 'x'];
  if (compare === 'equal') return [value];
  const pattern = compilePattern(value);
  const example = typeof pattern === 'string' ? undefined : pattern.example();
  return example === undefined ? [] : [example];
}

/** What one rule says of a machine, whichever tag is asked for. */
export interface RuleOutcome extends RuleVerdict {
  /** The tag that it gives; where it gives none, its tag as it is written. */
  readonly tag: string;
  readonly holds: boolean;
}

/** Every rule, in order, with what it says of the machine. */
export function explainRules(machine: RuledMachine): readonly RuleOutcome[] {
  return allRules(machine).map((rule): RuleOutcome => {
    const condition = ruleCondition(machine, rule);
    const tag = tagFrom(rule.tag, machine.facts);
    const holds = tag !== '' && ruleHolds(machine, rule);
    return { rule: rule.name, tag: holds ? tag : rule.tag, holds, condition, change: smallestChange(condition) };
  });
}
