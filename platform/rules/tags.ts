/** Tags: what a machine is in a few words, derived from its facts by rules. Pure (docs/contracts/razor-0.x.md#tags). */
import { messageOf } from '../errors/errors.ts';
import { compilePattern } from './patterns.ts';
import { expressionHolds, type ExpressionValues } from './tag-expression.ts';
import type { TagMatcher, TagRule } from './tag-rule.ts';
import { factText, tagFrom, ruleText } from './tag-template.ts';

/** Facts as a server has them, by name. */
type Facts = Readonly<Record<string, unknown>>;

/** Why a tag is given, for people. */
export interface TagMatch {
  readonly tag: string;
  readonly rule: string;
  readonly because: string;
}

const like = (key: string, value: string): TagMatcher => ({ key, compare: 'like', value, inverse: false });

/** Rules that are always on, in the order of the original. */
export const SYSTEM_RULES: readonly AnyTagRule[] = [
  { name: 'cpus', tag: 'cpus_%V=mk_hw_cpu_count-%', matchers: [like('mk_hw_cpu_count', '\\d+')] },
  { name: 'vendor', tag: '%V=mk_hw_bus_vendor-%', matchers: [like('mk_hw_bus_vendor', '\\w+')] },
  { name: 'memsize', tag: 'memsize_%V=mk_hw_mem_size-%', matchers: [like('mk_hw_mem_size', '\\w+')] },
  { name: 'nics', tag: 'nics_%V=mk_hw_nic_count-%', matchers: [like('mk_hw_nic_count', '\\d+')] },
  {
    name: 'vm',
    tag: '%V=virtual-%_vm',
    matchers: [{ key: 'is_virtual', compare: 'equal', value: 'true', inverse: false }],
  },
];

/** Whether a matcher holds for a value of its fact; undefined is an absent one. */
export function matcherAccepts(matcher: TagMatcher, value: unknown, faithful = false): boolean {
  let result: boolean;
  if (matcher.compare === 'equal') {
    // the original compares with a string, so that the boolean true is not "true"
    result = faithful ? value === matcher.value : value !== undefined && ruleText(value) === matcher.value;
  } else {
    const pattern = compilePattern(matcher.value);
    result = typeof pattern !== 'string' && pattern.test(ruleText(value));
  }
  return result !== matcher.inverse;
}

function holds(matcher: TagMatcher, facts: Facts, faithful: boolean): boolean {
  const value = Object.hasOwn(facts, matcher.key) ? facts[matcher.key] : undefined;
  return matcherAccepts(matcher, value, faithful);
}

function explain(matcher: TagMatcher, facts: Facts): string {
  const verb = matcher.compare === 'equal' ? 'equals' : 'is like';
  const value = factText(facts, matcher.key).slice(0, 80);
  return `${matcher.key} ("${value}") ${matcher.inverse ? 'not ' : ''}${verb} "${matcher.value}"`;
}

/** A node's tags, and the rules that could not be evaluated for it. */
export interface Tagging {
  readonly matches: readonly TagMatch[];
  /** razor-server answers `none` to a node while there is one. */
  readonly errors: readonly string[];
}

/** What rules look at beside facts. */
export interface TagContext {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly installed: string | undefined;
}

/** A rule, stored or not. */
export type AnyTagRule = Omit<TagRule, 'uuid'>;

/** Every tag of these facts with its reason; a tag is named once, by the first rule that gives it. */
export function matchTags(
  facts: Facts,
  rules: readonly AnyTagRule[],
  faithful = false,
  context: TagContext = { metadata: {}, installed: undefined },
): Tagging {
  const found = new Map<string, TagMatch>();
  const errors: string[] = [];
  const values: ExpressionValues = {
    facts,
    metadata: context.metadata,
    state: { installed: context.installed ?? false },
    tag: (name) => rules.find((rule) => rule.name === name)?.rule,
  };
  for (const rule of [...SYSTEM_RULES, ...rules]) {
    const because = reasonOf(rule, facts, faithful, values, errors);
    const tag = because === undefined ? '' : tagFrom(rule.tag, facts);
    if (because === undefined || tag === '' || found.has(tag)) continue;
    found.set(tag, { tag, rule: rule.name, because });
  }
  return { matches: [...found.values()], errors };
}

/** Why a rule holds, undefined where it does not; errors are added to the list. */
function reasonOf(
  { name, matchers, rule }: AnyTagRule,
  facts: Facts,
  faithful: boolean,
  values: ExpressionValues,
  errors: string[],
): string | undefined {
  if (rule === undefined) {
    if (matchers.length === 0 || !matchers.every((matcher) => holds(matcher, facts, faithful))) return undefined;
    return matchers.map((matcher) => explain(matcher, facts)).join(' and ');
  }
  try {
    return expressionHolds(rule, values) ? JSON.stringify(rule) : undefined;
  } catch (error) {
    errors.push(`tag rule ${name}: ${messageOf(error)}`);
    return undefined;
  }
}
