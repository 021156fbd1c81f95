/**
 * Rules of tags as servers print them: Razor 0.x and Hanlon (`@name`, `@tag`, `@tag_matchers`), razor-server (`name`, `rule`) and
 * the lab (all of it without `@`), one or a list, alone or inside the server's answer.
 */
import { RazorMkError } from '../errors/errors.ts';
import { compilePattern } from './patterns.ts';
import { expressionFault } from './tag-expression.ts';
import type { TagMatcher } from './tag-rule.ts';
import type { AnyTagRule } from './tags.ts';

type Thing = Readonly<Record<string, unknown>>;

/** At most so many rules and conditions are read. */
const MOST = 10_000;

/** The rules of a text, undefined for a text that is not a list of tag rules. Throws RAZOR_MK_RULES for a rule that cannot be used. */
export function readTagRules(text: string): readonly AnyTagRule[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const things = listOf(value)?.slice(0, MOST);
  if (things === undefined || !things.every(isRule)) return undefined;
  return things.map((thing, index) => ruleOf(thing, index));
}

/** The list in an answer: itself, or under the name that a server gives it. */
function listOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (!isThing(value)) return undefined;
  for (const key of ['response', 'items', 'tags']) if (Array.isArray(value[key])) return value[key] as unknown[];
  return [value];
}

function isThing(value: unknown): value is Thing {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function field(thing: Thing, name: string): unknown {
  return thing[name] ?? thing[`@${name}`];
}

function isRule(value: unknown): value is Thing {
  if (!isThing(value)) return false;
  const matchers = field(value, 'matchers') ?? field(value, 'tag_matchers');
  return Array.isArray(matchers) || Array.isArray(field(value, 'rule'));
}

function ruleOf(thing: Thing, index: number): AnyTagRule {
  const name = String(field(thing, 'name') ?? field(thing, 'tag') ?? `rule ${index + 1}`);
  const tag = String(field(thing, 'tag') ?? name);
  const rule = field(thing, 'rule');
  if (Array.isArray(rule)) {
    const fault = expressionFault(rule);
    if (fault !== undefined) throw unusable(name, fault);
    return { name, tag, matchers: [], rule };
  }
  const matchers = field(thing, 'matchers') ?? field(thing, 'tag_matchers');
  return { name, tag, matchers: (matchers as unknown[]).slice(0, MOST).map((each) => matcherOf(each, name)) };
}

function matcherOf(value: unknown, name: string): TagMatcher {
  if (!isThing(value)) throw unusable(name, 'a matcher must be an object');
  const compare = field(value, 'compare');
  if (compare !== 'equal' && compare !== 'like')
    throw unusable(name, `compare must be equal or like, not ${JSON.stringify(compare)}`);
  const pattern = String(field(value, 'value') ?? '');
  const fault = compare === 'like' ? compilePattern(pattern) : undefined;
  if (typeof fault === 'string')
    throw unusable(name, `${JSON.stringify(pattern)} cannot be used as a pattern: ${fault}`);
  // Razor writes it as a text
  const inverse = String(field(value, 'inverse')) === 'true';
  return { key: String(field(value, 'key') ?? ''), compare, value: pattern, inverse };
}

function unusable(name: string, why: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_RULES', `rule ${name}: ${why}`);
}
