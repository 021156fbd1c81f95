/** A rule of razor-server's language as a condition: which facts it looks at, and what it wants of them. Pure. */
import type { Condition, FactTest } from './condition.ts';
import { compilePattern } from './patterns.ts';
import { expressionHolds, type ExpressionValues } from './tag-expression.ts';

type Expression = readonly unknown[];

/** What an expression reads: `["fact", NAME]` and the like. */
interface Reference {
  readonly map: 'facts' | 'metadata' | 'state';
  readonly name: string;
  readonly hasDefault: boolean;
}

const MAPS: Readonly<Record<string, Reference['map']>> = { fact: 'facts', metadata: 'metadata', state: 'state' };
/** Expressions deeper than this are one test. */
const DEEPEST = 20;

/**
 * The condition of a rule. A fact that is absent and has no default is asked for wherever it stands: without it the whole
 * rule cannot be evaluated (docs/contracts/razor-server.md#tag-rules).
 */
export function expressionCondition(rule: Expression, values: ExpressionValues): Condition {
  const missing = new Map<string, Condition>();
  for (const reference of referencesOf(rule, values, 0)) {
    if (reference.hasDefault || valueOf(reference, values) !== undefined) continue;
    missing.set(nameOf(reference), { kind: 'test', test: presence(reference) });
  }
  const asked = conditionOf(rule, { values, wanted: true, depth: 0 });
  return missing.size === 0 ? asked : { kind: 'all', of: [...missing.values(), asked] };
}

interface Wanted {
  readonly values: ExpressionValues;
  /** What the expression has to come to. */
  readonly wanted: boolean;
  readonly depth: number;
}

function conditionOf(expression: Expression, { values, wanted, depth }: Wanted): Condition {
  const [operator, ...args] = expression;
  const parts = args.filter((arg): arg is Expression => Array.isArray(arg));
  if (depth < DEEPEST) {
    if ((operator === 'and' || operator === 'or') && parts.length === args.length) {
      const of = parts.map((part) => conditionOf(part, { values, wanted, depth: depth + 1 }));
      return { kind: (operator === 'and') === wanted ? 'all' : 'any', of };
    }
    if (operator === 'not' && parts[0] !== undefined) {
      return conditionOf(parts[0], { values, wanted: !wanted, depth: depth + 1 });
    }
    const tag = operator === 'tag' ? values.tag(String(args[0])) : undefined;
    if (tag !== undefined) return conditionOf(tag, { values, wanted, depth: depth + 1 });
  }
  return { kind: 'test', test: testOf(expression, values, wanted) };
}

function testOf(expression: Expression, values: ExpressionValues, wanted: boolean): FactTest {
  const references = uniqueBy(referencesOf(expression, values, 0), nameOf);
  const [reference] = references;
  const holdsWith = (given: ExpressionValues): boolean => {
    try {
      return expressionHolds(expression, given) === wanted;
    } catch {
      return false;
    }
  };
  const text = wantsText(expression, wanted);
  if (reference === undefined || references.length > 1) {
    const fact = references.length > 1 ? references.map(nameOf).join(', ') : macFact(expression);
    const accepts = (value: unknown): boolean =>
      references.length === 0 && holdsWith({ ...values, facts: { ...values.facts, [fact]: value } });
    const found = references.length === 0 ? values.facts[fact] : references.map((each) => valueOf(each, values));
    return { fact, found, wants: text, holds: holdsWith(values), accepts, examples: examplesOf(expression, wanted) };
  }
  const accepts = (value: unknown): boolean =>
    holdsWith({ ...values, [reference.map]: { ...values[reference.map], [reference.name]: value } });
  return {
    fact: nameOf(reference),
    found: valueOf(reference, values),
    wants: text,
    holds: holdsWith(values),
    accepts,
    examples: examplesOf(expression, wanted).filter(accepts),
  };
}

function presence(reference: Reference): FactTest {
  return {
    fact: nameOf(reference),
    found: undefined,
    wants: 'must exist: the rule has no default for it',
    holds: false,
    accepts: (value) => value !== undefined,
    examples: ['1'],
  };
}

/** The fact that operators without a reference look at. */
function macFact(expression: Expression): string {
  return String(expression[0]).startsWith('has_macaddress') ? 'macaddress' : 'nothing';
}

function nameOf({ map, name }: Reference): string {
  return map === 'facts' ? name : `${map} ${name}`;
}

function valueOf({ map, name }: Reference, values: ExpressionValues): unknown {
  let value: unknown = values[map];
  if (Object.hasOwn(values[map], name)) return values[map][name];
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}

function referencesOf([operator, ...args]: Expression, values: ExpressionValues, depth: number): readonly Reference[] {
  const map = MAPS[String(operator)];
  if (map !== undefined) return [{ map, name: String(args[0]), hasDefault: args.length > 1 }];
  if (depth > DEEPEST) return [];
  const inside = operator === 'tag' ? [values.tag(String(args[0]))] : args;
  return inside.flatMap((arg) => (Array.isArray(arg) ? referencesOf(arg as Expression, values, depth + 1) : []));
}

function uniqueBy<T>(things: readonly T[], key: (thing: T) => string): readonly T[] {
  return [...new Map(things.map((thing) => [key(thing), thing])).values()];
}

const SIGNS: Readonly<Record<string, string>> = {
  '=': 'equals',
  eq: 'equals',
  '!=': 'differs from',
  neq: 'differs from',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
  like: 'is like',
  in: 'is one of',
};

/** What an expression wants, as it is said behind the name of the fact. */
function wantsText(expression: Expression, wanted: boolean): string {
  const [operator, ...args] = expression;
  const not = wanted ? '' : 'not ';
  const literals = args.filter((arg) => !Array.isArray(arg)).map((arg) => JSON.stringify(arg) ?? 'nil');
  if (Object.hasOwn(MAPS, String(operator))) return wanted ? 'is true' : 'is false';
  const sign = SIGNS[String(operator)] ?? (/^[<>]=?$/.test(String(operator)) ? String(operator) : undefined);
  // the fact must stand in front of the sign
  if (sign === undefined || !Array.isArray(args[0])) return `${not}${JSON.stringify(expression)}`;
  return `${not}${sign} ${literals.join(', ')}`;
}

/** Values of the fact that an expression may come to `wanted` with; whoever asks tries them. */
function examplesOf(expression: Expression, wanted: boolean): readonly unknown[] {
  const [operator, ...args] = expression;
  const literals = args.filter((arg) => !Array.isArray(arg));
  const patterns = String(operator).endsWith('like') ? literals.map(String) : [];
  const near = literals.flatMap((literal) => {
    if (typeof literal !== 'number') return [literal];
    const step = Number.isInteger(literal) ? 1 : 0.1;
    return [literal, literal + step, literal - step];
  });
  const values = [...patterns.map(exampleText), ...near].filter((value) => value !== undefined && value !== null);
  const spellings = values.flatMap((value) => [value, String(value), String(value).toLowerCase()]);
  return wanted ? [...spellings, true, 'true'] : [...spellings, false, 'false', 0, '0', 'none'];
}

function exampleText(pattern: string): string | undefined {
  const compiled = compilePattern(pattern);
  return typeof compiled === 'string' ? undefined : compiled.example();
}
