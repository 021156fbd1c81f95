/**
 * Regular expressions as Ruby reads them, run on RE2's linear-time engine: servers and operators write Ruby's, and a pattern from
 * the network must not be able to stop a node. A pattern means exactly what it means to Ruby, or is refused with the reason.
 * Onigmo's doc/RE is the rule. Texts and patterns are ASCII in practice: POSIX classes and \b know no other letters here.
 */
import { RE2JS } from 're2js';
import { parseClass } from './ruby-class.ts';
import { classEscape, literal, literalEscape } from './ruby-escape.ts';
import { spellForRe2, type Re2Spelling, type RubyNode } from './ruby-re2.ts';

/** Where the parser stands. */
interface Reader {
  readonly pattern: string;
  at: number;
  depth: number;
  /** The pattern has named groups. */
  readonly named: boolean;
}

const DEEPEST = 200;

/** A compiled pattern. */
export interface RubyPattern {
  /** Whether it matches anywhere in a text. */
  readonly test: (text: string) => boolean;
  /**
   * The first match and its groups, as RegExp.exec gives them; undefined for none. A repeated group that can be empty holds its
   * last turn that took something: Ruby's holds the empty one behind it.
   */
  readonly exec: (text: string) => readonly (string | undefined)[] | undefined;
  /** A short text that it matches; undefined where none was found. */
  readonly example: () => string | undefined;
}

/** Compiles a pattern of Ruby's. Throws an Error with the reason for one that cannot be kept. */
export function compileRubyPattern(pattern: string): RubyPattern {
  const node = parsePattern(pattern);
  const { source, atEnd, groups } = spellForRe2(node);
  const compiled = RE2JS.compile(source);
  const compiledAtEnd = atEnd === undefined ? undefined : RE2JS.compile(atEnd);
  const find = (text: string): Match | undefined => {
    const matcher = compiled.matcher(text);
    if (!matcher.find()) return undefined;
    if (compiledAtEnd === undefined || !text.endsWith('\n') || matcher.start() < text.length) return matcher;
    const other = compiledAtEnd.matcher(text);
    return other.find() ? other : undefined;
  };
  const test = (text: string): boolean => find(text) !== undefined;
  return {
    test,
    example() {
      const text = exampleOf(node);
      return test(text) ? text : undefined;
    },
    exec(text) {
      const match = find(text);
      return match && capturedBy(match, text, groups);
    },
  };
}

type Match = ReturnType<RE2JS['matcher']>;

/** The match and its groups, without the line break that RE2 takes where Ruby's \Z only looks at it. */
function capturedBy(match: Match, text: string, groups: Re2Spelling['groups']): (string | undefined)[] {
  const taken = groups.flatMap((kind, i) =>
    kind === 'line break' && match.start(i + 1) >= 0 ? match.start(i + 1) : [],
  );
  const end = Math.min(text.length, ...taken);
  const numbers = [0, ...groups.flatMap((kind, i) => (kind === 'captured' ? i + 1 : []))];
  return numbers.map((group) =>
    match.start(group) < 0 ? undefined : text.slice(match.start(group), Math.min(match.end(group), end)),
  );
}

/** A pattern of Ruby's as a tree. Throws an Error that says what cannot be kept. */
function parsePattern(pattern: string): RubyNode {
  // beside named groups, plain ones capture nothing
  const named = /(?<!\\)\(\?<[A-Za-z_]/.test(pattern);
  const reader: Reader = { pattern, at: 0, depth: 0, named };
  const node = parseAlternatives(reader);
  if (reader.at < pattern.length) throw new Error(`unmatched ) at ${reader.at + 1}`);
  return node;
}

function parseAlternatives(reader: Reader): RubyNode {
  const branches = [parseSequence(reader)];
  while (reader.pattern[reader.at] === '|') {
    reader.at += 1;
    branches.push(parseSequence(reader));
  }
  return branches.length === 1 ? (branches[0] as RubyNode) : { kind: 'alternatives', branches };
}

function parseSequence(reader: Reader): RubyNode {
  const items: RubyNode[] = [];
  while (reader.at < reader.pattern.length && !'|)'.includes(reader.pattern[reader.at] as string)) {
    if (skipComment(reader)) continue;
    const flags = /^\(\?([a-z]*)(?:-([a-z]*))?\)/.exec(reader.pattern.slice(reader.at, reader.at + 16));
    if (flags) {
      // from here to the end of the enclosing group, the alternatives behind it too: a(?i)b|c is a(?i:b|c)
      reader.at += flags[0].length;
      items.push({ kind: 'group', open: flagsOf(flags[1] as string, flags[2]), body: parseAlternatives(reader) });
      break;
    }
    const atom = parseAtom(reader);
    items.push(parseRepeats(reader, atom));
  }
  return { kind: 'sequence', items };
}

function skipComment(reader: Reader): boolean {
  const comment = /^\(\?#(?:[^\\)]|\\[^])*\)/.exec(reader.pattern.slice(reader.at));
  if (comment) reader.at += comment[0].length;
  return comment !== null;
}

/** `(?i`, `(?s-i` … for RE2: Ruby's m, a dot that matches line breaks, is RE2's s. */
function flagsOf(on: string, off: string | undefined): string {
  const bad = /[^imx]/.exec(on + (off ?? ''))?.[0];
  if (bad !== undefined) throw new Error(`the option (?${bad}) cannot be mapped`);
  if (on.includes('x')) throw new Error('(?x), extended patterns, cannot be mapped');
  const yes = on.replaceAll('m', 's');
  const no = (off ?? '').replaceAll('x', '').replaceAll('m', 's');
  return `(?${yes}${no === '' ? '' : `-${no}`}:`;
}

const ANCHORS: Readonly<Record<string, string>> = { '\\A': '\\A', '\\z': '\\z', '\\b': '\\b', '\\B': '\\B' };

function parseAtom(reader: Reader): RubyNode {
  const { pattern } = reader;
  const c = pattern[reader.at] as string;
  if (c === '(') return parseGroup(reader);
  if (c === '[') return parseClass(reader);
  const times = /^(?:[*+?]|\{(?:\d+,?\d*|,\d+)\})/.exec(pattern.slice(reader.at, reader.at + 24))?.[0];
  if (times !== undefined) throw new Error(`nothing before the ${times} at ${reader.at + 1} to repeat`);
  if (c === '\\') {
    const pair = pattern.slice(reader.at, reader.at + 2);
    const anchor = ANCHORS[pair];
    if (anchor !== undefined || pair === '\\Z') {
      reader.at += 2;
      return anchor === undefined ? { kind: 'string end' } : { kind: 'anchor', re2: anchor };
    }
    const members = classEscape(pair);
    if (members !== undefined) {
      reader.at += 2;
      return { kind: 'text', re2: `[${members}]` };
    }
    return { kind: 'text', re2: literal(literalEscape(reader)) };
  }
  const point = String.fromCodePoint(pattern.codePointAt(reader.at) as number);
  reader.at += point.length;
  if (c === '^') return { kind: 'line start' };
  if (c === '$') return { kind: 'anchor', re2: '(?m:$)' };
  return { kind: 'text', re2: c === '.' ? '.' : literal(point) };
}

function parseGroup(reader: Reader): RubyNode {
  const start = reader.pattern.slice(reader.at, reader.at + 80);
  const options = /^\(\?([a-z]*)(?:-([a-z]*))?:/.exec(start);
  const named = /^\(\?<[A-Za-z_]\w*>/.exec(start);
  if (!options && !named && start.startsWith('(?')) throw new Error(`${groupName(start)} cannot be mapped`);
  reader.at += options?.[0].length ?? named?.[0].length ?? 1;
  reader.depth += 1;
  if (reader.depth > DEEPEST) throw new Error(`more than ${DEEPEST} groups inside each other`);
  const body = parseAlternatives(reader);
  if (reader.pattern[reader.at] !== ')') throw new Error('a group is not closed');
  reader.at += 1;
  reader.depth -= 1;
  const plain = named || !reader.named ? '(' : '(?:';
  return { kind: 'group', open: options ? flagsOf(options[1] as string, options[2]) : plain, body };
}

function groupName(start: string): string {
  if (/^\(\?<?[=!]/.test(start)) return 'look-around';
  if (start.startsWith('(?>')) return 'an atomic group';
  return `the group ${start.slice(0, 4)}`;
}

/** Quantifiers behind an atom; several are one around the other. */
function parseRepeats(reader: Reader, atom: RubyNode): RubyNode {
  let node = atom;
  for (;;) {
    while (skipComment(reader));
    const rest = reader.pattern.slice(reader.at, reader.at + 24);
    const found = /^([*+?])([+?]?)|^\{(\d*)(,?)(\d*)\}(\??)/.exec(rest);
    if (!found || (found[1] === undefined && found[3] === '' && found[5] === '')) return node;
    if (['anchor', 'line start', 'string end'].includes(node.kind)) throw new Error('an anchor cannot be repeated');
    if (found[2] === '+') throw new Error(`the possessive ${found[0]} cannot be mapped`);
    reader.at += found[0].length;
    if (found[1] !== undefined) node = { kind: 'repeat', body: node, times: found[0] };
    else node = interval(node, found);
  }
}

function interval(body: RubyNode, [text, , , min = '', comma = '', max = '', lazy = '']: RegExpExecArray): RubyNode {
  if (max !== '' && Number(min) > Number(max)) throw new Error(`the interval ${text} is empty`);
  if (comma !== '') return { kind: 'repeat', body, times: `{${min || '0'},${max}}${lazy}` };
  const exact: RubyNode = { kind: 'repeat', body, times: `{${min}}` };
  // to Ruby, a{2}? is not lazy but (?:a{2})?
  return lazy === '' ? exact : { kind: 'repeat', body: exact, times: '?' };
}

/** What one character of a class may be in an example, the likely ones first. */
const EXAMPLE_CHARACTERS = [
  ...'1234567890abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ _-.:/',
  ...'!"#$%&\'()*+,;<=>?@[\\]^`{|}~\t\n',
];

/** A short text of the shape of a pattern. It need not match: anchors in the middle are not thought through. */
function exampleOf(node: RubyNode): string {
  switch (node.kind) {
    case 'text': {
      const one = RE2JS.compile(node.re2);
      return EXAMPLE_CHARACTERS.find((character) => one.matches(character)) ?? '';
    }
    case 'anchor':
    case 'line start':
    case 'string end':
      return '';
    case 'sequence':
      return node.items.map(exampleOf).join('');
    case 'alternatives':
      return exampleOf(node.branches[0] as RubyNode);
    case 'group':
      return exampleOf(node.body);
    case 'repeat': {
      const least = node.times.startsWith('+') ? 1 : Number(/^\{(\d+)/.exec(node.times)?.[1] ?? 0);
      return exampleOf(node.body).repeat(Math.min(least, 100));
    }
  }
}
