/**
 * Foreman's discovery rules applied to one machine: columns of a discovered host are made of its facts
 * (docs/contracts/foreman.md#discovery-rules).
 */
import type { OpenedRules } from '../../../../facts/cli/extras.ts';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { suggestNames } from '../../../../platform/near-names.ts';
import { conditionHolds, smallestChange, type Condition, type FactTest } from '../../../../platform/rules/condition.ts';
import type { RuleOutcome } from '../../../../platform/rules/why-not.ts';
import type { ServerRules } from '../../server.ts';
import { DROPPED } from '../dropped-facts.ts';
import { parseQuery, type Operator, type SearchQuery } from './search-query.ts';

interface Rule {
  readonly name: string;
  readonly query: SearchQuery;
  readonly enabled: boolean;
}

type Values = Readonly<Record<string, string>>;

/** Reads and applies discovery rules without Foreman: its answer as JSON, or a query a line (`NAME: QUERY`). */
export const FOREMAN_RULES: ServerRules = {
  open(text): OpenedRules | undefined {
    const rules = text === undefined ? [] : rulesOf(text);
    if (rules === undefined) return undefined;
    const outcomes = (values: Values): readonly RuleOutcome[] =>
      rules.map((rule) => outcomeOf(rule, keptByForeman(values)));
    return {
      server: 'Foreman',
      count: rules.length,
      explain: (_set, values) => outcomes(values),
      explainTag(_set, values, name) {
        const found = outcomes(values).filter((outcome) => outcome.rule === name);
        const near = suggestNames(
          name,
          rules.map((rule) => rule.name),
        );
        return { tag: name, rules: found, near: found.length > 0 ? [] : near };
      },
    };
  },
};

function rulesOf(text: string): readonly Rule[] | undefined {
  const value = jsonOf(text);
  if (value === undefined) return /^\s*[[{]/.test(text) ? undefined : linesOf(text);
  const list = Array.isArray(value) ? value : (value as { results?: unknown }).results;
  if (!Array.isArray(list)) return undefined;
  const things = list as readonly unknown[];
  const isRule = (thing: unknown): thing is Readonly<Record<string, unknown>> =>
    typeof thing === 'object' && thing !== null && typeof (thing as { search?: unknown }).search === 'string';
  if (!things.every(isRule)) return undefined;
  return things
    .map((thing, index) => ({ thing, priority: Number(thing['priority'] ?? index) }))
    .sort((a, b) => a.priority - b.priority)
    .map(({ thing }, index) => ({
      name: String(thing['name'] ?? `rule ${index + 1}`),
      query: parseQuery(String(thing['search'])),
      enabled: thing['enabled'] !== false,
    }));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function linesOf(text: string): readonly Rule[] {
  const lines = text.split('\n').filter((line) => /\S/.test(line) && !line.startsWith('#'));
  if (lines.length === 0) throw new RazorMkError('RAZOR_MK_RULES', 'the file has no rule');
  return lines.map((line, index) => {
    const named = /^(\S+):\s+(.*)$/.exec(line);
    return { name: named?.[1] ?? `line ${index + 1}`, query: parseQuery(named?.[2] ?? line), enabled: true };
  });
}

function keptByForeman(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !DROPPED.test(name)));
}

function outcomeOf({ name, query, enabled }: Rule, values: Values): RuleOutcome {
  const asked = conditionOf(query, values, true);
  const condition: Condition = enabled ? asked : { kind: 'all', of: [disabled(), asked] };
  return { rule: name, tag: name, holds: conditionHolds(condition), condition, change: smallestChange(condition) };
}

function disabled(): Condition {
  const test = {
    fact: 'the rule',
    found: 'disabled',
    wants: 'is enabled',
    holds: false,
    accepts: () => false,
    examples: [],
  };
  return { kind: 'test', test };
}

function conditionOf(query: SearchQuery, values: Values, wanted: boolean): Condition {
  switch (query.kind) {
    case 'and':
    case 'or':
      return {
        kind: (query.kind === 'and') === wanted ? 'all' : 'any',
        of: query.of.map((part) => conditionOf(part, values, wanted)),
      };
    case 'not':
      return conditionOf(query.of, values, !wanted);
    case 'word':
      return anyColumn(query.word, values, wanted);
    case 'compare':
      return { kind: 'test', test: testOf(query, values, wanted) };
  }
}

/** Columns that are searched when none is named. */
const SEARCHED = ['name', 'ip', 'mac', 'model'];

function anyColumn(word: string, values: Values, wanted: boolean): Condition {
  const of = SEARCHED.map((field): Condition => ({
    kind: 'test',
    test: testOf({ kind: 'compare', field, operator: '~', values: [word] }, values, wanted),
  }));
  return { kind: wanted ? 'any' : 'all', of };
}

interface Column {
  /** The fact that it is made of, as it is named to people. */
  readonly fact: string;
  readonly value: (values: Values) => string | undefined;
  /** A fact's value for a value of the column. */
  readonly toFact?: (column: string) => string;
}

const plain = (fact: string): Column => ({ fact, value: (values) => values[fact] });

const MIB = 1024 * 1024;

function diskSizes(values: Values): readonly number[] {
  const sizes = Object.entries(values).filter(([name]) => /blockdevice.*_size/.test(name));
  return sizes.map(([, size]) => Number.parseFloat(size) || 0);
}

/** Columns by name; what Foreman alone knows is not among them. */
const COLUMNS: Readonly<Record<string, Column>> = {
  cpu_count: {
    fact: 'physicalprocessorcount',
    value: (values) => String(Number.parseInt(values['physicalprocessorcount'] ?? '0', 10)),
  },
  memory: {
    fact: 'memorysize_mb',
    value: (values) => String(Math.ceil(Number.parseFloat(values['memorysize_mb'] ?? '0'))),
  },
  disk_count: { fact: 'blockdevice_*_size (how many)', value: (values) => String(diskSizes(values).length) },
  disks_size: {
    fact: 'blockdevice_*_size (sum in MiB)',
    value: (values) => String(Math.ceil(diskSizes(values).reduce((sum, size) => sum + size, 0) / MIB)),
  },
  model: plain('productname'),
  mac: { fact: 'macaddress', value: (values) => values['macaddress']?.toLowerCase() },
  ip: plain('ipaddress'),
  name: {
    fact: 'macaddress',
    value: (values) => `mac${(values['macaddress'] ?? '').replaceAll(':', '').toLowerCase()}`,
  },
};

/** Columns that come of Foreman's own records. */
const OF_FOREMAN = ['location', 'organization', 'subnet', 'subnet.name', 'last_report', 'created_at', 'hostgroup'];

function columnOf(field: string): Column | undefined {
  const fact = /^facts\.(.+)$/.exec(field)?.[1];
  return fact === undefined ? COLUMNS[field] : plain(fact);
}

function testOf(
  { field, operator, values: literals }: SearchQuery & { kind: 'compare' },
  values: Values,
  wanted: boolean,
): FactTest {
  const column = columnOf(field);
  const wants = `${wanted ? '' : 'not '}${[field, operator, literals.join(', ')].filter(Boolean).join(' ')}`;
  if (column === undefined) {
    const why = OF_FOREMAN.includes(field) ? 'only Foreman knows it' : `discovered hosts have no column ${field}`;
    return {
      fact: field,
      found: undefined,
      wants: `${wants} (${why})`,
      holds: false,
      accepts: () => false,
      examples: [],
    };
  }
  const holdsFor = (value: string | undefined): boolean => compares(operator, value, literals) === wanted;
  const accepts = (value: unknown): boolean => holdsFor(column.value({ ...values, [column.fact]: String(value) }));
  const found = column.value(values);
  const examples = examplesOf(operator, literals).filter(accepts);
  return { fact: column.fact, found, wants, holds: holdsFor(found), accepts, examples };
}

function compares(operator: Operator, value: string | undefined, literals: readonly string[]): boolean {
  if (operator === 'has') return value !== undefined;
  if (operator === 'null?') return value === undefined;
  // a host without the fact has no row that could be compared
  if (value === undefined) return false;
  const [literal = ''] = literals;
  switch (operator) {
    case '=':
      return isLike(value, literal, false);
    case '!=':
      return !isLike(value, literal, false);
    case '~':
      return isLike(value, literal, true);
    case '!~':
      return !isLike(value, literal, true);
    case '^':
      return literals.includes(value);
    case '!^':
      return !literals.includes(value);
    default:
      return ordered(operator, Number(value), Number(literal));
  }
}

function ordered(operator: '>' | '>=' | '<' | '<=', a: number, b: number): boolean {
  if (operator === '>') return a > b;
  if (operator === '>=') return a >= b;
  return operator === '<' ? a < b : a <= b;
}

/** SQL's LIKE, which knows no upper and lower case here; `*` and `%` stand for anything. */
function isLike(value: string, literal: string, anywhere: boolean): boolean {
  const parts = literal.toLowerCase().split(/[*%]+/);
  const text = value.toLowerCase();
  if (parts.length === 1) return anywhere ? text.includes(parts[0] as string) : text === parts[0];
  let at = 0;
  for (const [index, part] of parts.entries()) {
    const found = index === 0 && !anywhere ? (text.startsWith(part) ? 0 : -1) : text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const last = parts.at(-1) as string;
  return anywhere || last === '' || text.endsWith(last);
}

/** Values with which a comparison may hold, the nearest first; whoever asks tries them. */
function examplesOf(operator: Operator, literals: readonly string[]): readonly string[] {
  if (operator === 'has') return ['1'];
  return literals.flatMap((literal) => {
    const number = Number(literal);
    const near = Number.isFinite(number) && literal !== '' ? [String(number + 1), String(number - 1)] : [];
    return [literal.replaceAll(/[*%]/g, ''), literal, ...near, 'none'];
  });
}
