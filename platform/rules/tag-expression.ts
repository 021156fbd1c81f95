/**
 * Rules of tags as razor-server writes them: JSON arrays `[OPERATOR, ARGUMENT, …]`, with its types and its errors
 * (docs/contracts/razor-server.md). All arguments are evaluated before an operator sees them, so that a missing fact is an error
 * in a branch that does not matter too. Pure.
 */
import { compilePattern } from './patterns.ts';

type TagExpression = readonly unknown[];

/** What a rule may look at. */
export interface ExpressionValues {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly state: Readonly<Record<string, unknown>>;
  /** The rule of another tag by name, undefined where there is none. */
  readonly tag: (name: string) => TagExpression | undefined;
}

/** A rule that cannot be evaluated for a node. */
export class TagExpressionError extends Error {}

type Type = 'boolean' | 'string' | 'number' | 'null';

interface Operator {
  /** Types of the arguments in order; the last holds for all that follow. */
  readonly expects: readonly (readonly Type[])[];
  readonly returns: readonly Type[];
  readonly apply: (args: readonly unknown[], values: ExpressionValues, depth: number) => unknown;
}

const BOOLEAN: readonly Type[] = ['boolean'];
const STRING: readonly Type[] = ['string'];
const NUMBER: readonly Type[] = ['number'];
const MIXED: readonly Type[] = ['boolean', 'string', 'number', 'null'];

/** Everything but false and nil counts as true, as in Ruby. */
const truthy = (value: unknown): boolean => value !== false && value !== null && value !== undefined;
const text = (value: unknown): string => (typeof value === 'string' ? value : typeError(value, 'String'));

function typeError(value: unknown, wanted: string): never {
  throw new TagExpressionError(`${JSON.stringify(value) ?? 'nil'} is not a ${wanted}`);
}

function compare(holds: (a: number, b: number) => boolean): Operator {
  const apply = ([a, b]: readonly unknown[]): boolean => {
    if (typeof a !== 'number' || typeof b !== 'number') typeError(typeof a === 'number' ? b : a, 'Numeric');
    return holds(a, b);
  };
  return { expects: [NUMBER], returns: BOOLEAN, apply };
}

function lookup(map: 'facts' | 'metadata' | 'state'): Operator {
  const apply = (args: readonly unknown[], values: ExpressionValues): unknown => {
    const name = String(args[0]);
    const found = Object.hasOwn(values[map], name) ? values[map][name] : dig(values[map], name.split('.'));
    if (found !== undefined) return found;
    if (args.length > 1) return args[1];
    const what = map === 'facts' ? 'fact' : map;
    throw new TagExpressionError(`Couldn't find ${what} '${name}' and no default supplied`);
  };
  return { expects: [STRING, MIXED], returns: MIXED, apply };
}

/** Structured facts by dots: `os.release.major` (razor-server 1.9.6 and later). */
function dig(record: unknown, [name = '', ...rest]: readonly string[]): unknown {
  if (typeof record !== 'object' || record === null || !Object.hasOwn(record, name)) return undefined;
  const value = (record as Readonly<Record<string, unknown>>)[name];
  return rest.length === 0 ? value : dig(value, rest);
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  const source = typeof value === 'string' ? value.trim() : '';
  if (/^-?0b[01]+$/i.test(source)) return parseInt(source.replace(/0b/i, ''), 2);
  if (/^-?0[0-7]+$/.test(source)) return parseInt(source, 8);
  if (/^[+-]?(\d+(_\d+)*)(\.\d+)?(e[+-]?\d+)?$/i.test(source)) return Number(source.replaceAll('_', ''));
  throw new TagExpressionError(`can't convert ${JSON.stringify(value) ?? 'nil'} to number`);
}

function macAddresses({ facts }: ExpressionValues): string[] {
  const macs = Object.entries(facts).filter(
    ([name, value]) => name.startsWith('macaddress') && typeof value === 'string',
  );
  return macs.map(([, value]) => String(value).toLowerCase());
}

function matches(value: string, pattern: unknown): boolean {
  const compiled = compilePattern(text(pattern));
  if (typeof compiled === 'string') {
    throw new TagExpressionError(`invalid pattern ${JSON.stringify(pattern)}: ${compiled}`);
  }
  return compiled.test(value);
}

const MOST_TAGS_DEEP = 20;

const EQUAL: Operator = { expects: [MIXED], returns: BOOLEAN, apply: ([a, b]) => (a ?? null) === (b ?? null) };
const NOT_EQUAL: Operator = { ...EQUAL, apply: ([a, b]) => (a ?? null) !== (b ?? null) };
const [GT, GTE] = [compare((a, b) => a > b), compare((a, b) => a >= b)];
const [LT, LTE] = [compare((a, b) => a < b), compare((a, b) => a <= b)];

const OPERATORS = new Map<unknown, Operator>([
  ['and', { expects: [BOOLEAN], returns: BOOLEAN, apply: (args) => args.every(truthy) }],
  ['or', { expects: [BOOLEAN], returns: BOOLEAN, apply: (args) => args.some(truthy) }],
  ['not', { expects: [BOOLEAN], returns: BOOLEAN, apply: ([value]) => !truthy(value) }],
  ['fact', lookup('facts')],
  ['metadata', lookup('metadata')],
  ['state', lookup('state')],
  ['tag', { expects: [STRING], returns: MIXED, apply: ([name], values, depth) => tagOf(text(name), values, depth) }],
  ['in', { expects: [MIXED], returns: BOOLEAN, apply: ([value, ...others]) => others.includes(value) }],
  ['num', { expects: [MIXED], returns: NUMBER, apply: ([value]) => toNumber(value) }],
  ['like', { expects: [MIXED], returns: BOOLEAN, apply: ([value, pattern]) => matches(text(value), pattern) }],
  ['lower', { expects: [MIXED], returns: STRING, apply: ([value]) => text(value).toLowerCase() }],
  [
    'has_macaddress',
    {
      expects: [STRING],
      returns: BOOLEAN,
      apply: (args, values) => args.some((mac) => macAddresses(values).includes(text(mac).toLowerCase())),
    },
  ],
  [
    'has_macaddress_like',
    {
      expects: [STRING],
      returns: BOOLEAN,
      apply: (args, values) =>
        args.some((pattern) => macAddresses(values).some((mac) => matches(mac, `(?i)${text(pattern)}`))),
    },
  ],
  ...(['=', 'eq'] as const).map((name) => [name, EQUAL] as const),
  ...(['!=', 'neq'] as const).map((name) => [name, NOT_EQUAL] as const),
  ...(['>', 'gt'] as const).map((name) => [name, GT] as const),
  ...(['>=', 'gte'] as const).map((name) => [name, GTE] as const),
  ...(['<', 'lt'] as const).map((name) => [name, LT] as const),
  ...(['<=', 'lte'] as const).map((name) => [name, LTE] as const),
]);

function tagOf(name: string, values: ExpressionValues, depth: number): boolean {
  const rule = values.tag(name);
  if (!rule) throw new TagExpressionError(`Tag '${name}' does not exist`);
  if (depth >= MOST_TAGS_DEEP) throw new TagExpressionError(`Tag '${name}' is nested too deeply`);
  return truthy(evaluate(rule, values, depth + 1));
}

/** Whether a rule holds for these values. Throws TagExpressionError with the original's words. */
export function expressionHolds(rule: TagExpression, values: ExpressionValues): boolean {
  try {
    return truthy(evaluate(rule, values, 0));
  } catch (error) {
    if (!(error instanceof TagExpressionError)) throw error;
    throw new TagExpressionError(`${error.message} while evaluating rule: ${JSON.stringify(rule)}`);
  }
}

function evaluate([name, ...rest]: TagExpression, values: ExpressionValues, depth: number): unknown {
  const args = rest.map((arg) => (Array.isArray(arg) ? evaluate(arg, values, depth) : arg));
  const operator = OPERATORS.get(name);
  if (!operator) throw new TagExpressionError(`unrecognized operator ${JSON.stringify(name) ?? 'nil'}`);
  return operator.apply(args, values, depth);
}

const DEEPEST = 20;

/** Why the server refuses a rule when it is made, undefined for a good one: operators, types of arguments and of results. */
export function expressionFault(rule: unknown, wanted: readonly Type[] = BOOLEAN, depth = 0): string | undefined {
  if (!Array.isArray(rule)) return 'must be an array';
  if (rule.length < 2) return 'must have at least one argument';
  if (depth > DEEPEST) return `is nested deeper than ${DEEPEST}`;
  const [name, ...args] = rule as readonly unknown[];
  const operator = OPERATORS.get(name);
  if (!operator) {
    return `uses unrecognized operator '${String(name)}'; recognized operators are ${[...OPERATORS.keys()].join(', ')}`;
  }
  if (!operator.returns.every((type) => wanted.includes(type))) {
    return `could return incompatible datatype(s) from function '${String(name)}' (${operator.returns.join(', ')}); expected ${wanted.join(', ')}`;
  }
  for (const [position, arg] of args.entries()) {
    const expected = operator.expects[position] ?? operator.expects.at(-1) ?? [];
    const fault = Array.isArray(arg)
      ? expressionFault(arg, expected, depth + 1)
      : argumentFault(name, position, arg, expected);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function argumentFault(name: unknown, position: number, arg: unknown, expected: readonly Type[]): string | undefined {
  const type = arg === null ? 'null' : typeof arg;
  if ((MIXED as readonly string[]).includes(type) && (expected as readonly string[]).includes(type)) return undefined;
  return `attempts to pass ${JSON.stringify(arg)} to '${String(name)}' for argument ${position}, but only ${expected.join(', ')} are accepted`;
}
