/**
 * Foreman's search language, as its discovery rules use it (docs/contracts/foreman.md#discovery-rules): comparisons joined by
 * and, or, not and parentheses. There is no precedence: an operator takes everything to its right.
 */
import { RazorMkError } from '../../../../platform/errors/errors.ts';

export type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=' | '~' | '!~' | '^' | '!^' | 'has' | 'null?';

export type SearchQuery =
  | {
      readonly kind: 'compare';
      readonly field: string;
      readonly operator: Operator;
      readonly values: readonly string[];
    }
  /** A word alone: looked for in the columns that are searched without being named. */
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'and' | 'or'; readonly of: readonly SearchQuery[] }
  | { readonly kind: 'not'; readonly of: SearchQuery };

type Token = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'sign'; readonly sign: string };

const WORDS: Readonly<Record<string, string>> = {
  and: 'and',
  or: 'or',
  not: 'not',
  has: 'has',
  'set?': 'has',
  'null?': 'null?',
  before: '<',
  after: '>',
  at: '=',
};

const SIGNS: Readonly<Record<string, string>> = {
  '&': 'and',
  '&&': 'and',
  '|': 'or',
  '||': 'or',
  '-': 'not',
  '!': 'not',
  '==': '=',
  '<>': '!=',
};

const COMPARISONS = new Set(['=', '!=', '>', '>=', '<', '<=', '~', '!~', '^', '!^']);
const LONGEST = 10_000;

interface Reader {
  readonly tokens: readonly Token[];
  at: number;
}

/** A query as a tree. Throws RAZOR_MK_RULES for one that has no meaning. */
export function parseQuery(text: string): SearchQuery {
  if (text.length > LONGEST) throw fault(text, `is longer than ${LONGEST} characters`);
  const reader: Reader = { tokens: tokensOf(text), at: 0 };
  const query = sequence(reader, text);
  if (reader.at < reader.tokens.length) throw fault(text, 'has a ) too many');
  return query;
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const pattern = /\s+|"((?:[^"\\]|\\.)*)"|([(),])|(&&|\|\||==|!=|<>|>=|<=|!~|!\^|[&|=<>~^!-])|([^=~<>\s&|)(,]+)/gy;
  for (const [, quoted, bracket, sign, word] of text.matchAll(pattern)) {
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.replaceAll(/\\(.)/g, '$1') });
    else if (bracket !== undefined) tokens.push({ kind: 'sign', sign: bracket });
    else if (sign !== undefined) tokens.push({ kind: 'sign', sign: SIGNS[sign] ?? sign });
    else if (word !== undefined) {
      const known = WORDS[word.toLowerCase()];
      tokens.push(known === undefined ? { kind: 'text', text: word } : { kind: 'sign', sign: known });
    }
  }
  return tokens;
}

function signAt({ tokens, at }: Reader): string | undefined {
  const token = tokens[at];
  return token?.kind === 'sign' ? token.sign : undefined;
}

/** Expressions side by side: all must hold. */
function sequence(reader: Reader, text: string): SearchQuery {
  const of: SearchQuery[] = [];
  while (reader.at < reader.tokens.length && signAt(reader) !== ')') {
    if (signAt(reader) === ',') reader.at += 1;
    else of.push(logical(reader, text));
  }
  const [only] = of;
  if (only === undefined) throw fault(text, 'asks for nothing');
  return of.length === 1 ? only : { kind: 'and', of };
}

function logical(reader: Reader, text: string): SearchQuery {
  const left = operand(reader, text);
  const sign = signAt(reader);
  if (sign !== 'and' && sign !== 'or') return left;
  reader.at += 1;
  return { kind: sign, of: [left, logical(reader, text)] };
}

function operand(reader: Reader, text: string): SearchQuery {
  const sign = signAt(reader);
  if (sign === '(') {
    reader.at += 1;
    const inside = sequence(reader, text);
    if (signAt(reader) !== ')') throw fault(text, 'has a ( that is not closed');
    reader.at += 1;
    return inside;
  }
  if (sign === 'not') {
    reader.at += 1;
    return { kind: 'not', of: logical(reader, text) };
  }
  if (sign === 'has' || sign === 'null?') {
    reader.at += 1;
    return { kind: 'compare', field: wordAt(reader, text), operator: sign, values: [] };
  }
  const field = wordAt(reader, text);
  const operator = signAt(reader);
  if (operator === undefined || !COMPARISONS.has(operator)) return { kind: 'word', word: field };
  reader.at += 1;
  const many = operator === '^' || operator === '!^';
  const values = many ? valuesAt(reader, text) : [wordAt(reader, text)];
  return { kind: 'compare', field, operator: operator as Operator, values };
}

/** `(a, b)` or `a, b`. */
function valuesAt(reader: Reader, text: string): readonly string[] {
  const inBrackets = signAt(reader) === '(';
  if (inBrackets) reader.at += 1;
  const values = [wordAt(reader, text)];
  while (signAt(reader) === ',') {
    reader.at += 1;
    values.push(wordAt(reader, text));
  }
  if (inBrackets) {
    if (signAt(reader) !== ')') throw fault(text, 'has a ( that is not closed');
    reader.at += 1;
  }
  return values;
}

function wordAt(reader: Reader, text: string): string {
  const token = reader.tokens[reader.at];
  if (token?.kind !== 'text') {
    const found = token === undefined ? 'its end' : JSON.stringify(token.sign);
    throw fault(text, `has ${found} where a name or a value must stand`);
  }
  reader.at += 1;
  return token.text;
}

function fault(text: string, what: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_RULES', `the search ${JSON.stringify(text.slice(0, 200))} ${what}`);
}
