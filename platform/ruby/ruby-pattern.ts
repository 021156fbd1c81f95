/**
 * Regular expressions as Ruby reads them, run on RE2's linear-time engine: servers and operators write Ruby's, and a pattern from
 * the network must not be able to stop a node. A pattern means exactly what it means to Ruby, or is refused with the reason.
 * Onigmo's doc/RE is the rule. Texts and patterns are ASCII in practice: POSIX classes and \b know no other letters here. To Ruby
 * no line begins behind a last line break, to RE2 one does: `^$` matches "a\n" here.
 */
import { RE2JS } from 're2js';
import { parseClass } from './ruby-class.ts';
import { classEscape, literal, literalEscape } from './ruby-escape.ts';

type Node =
  | { readonly kind: 'text'; readonly re2: string }
  | { readonly kind: 'anchor'; readonly re2: string }
  | { readonly kind: 'string end' }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'alternatives'; readonly branches: readonly Node[] }
  | { readonly kind: 'group'; readonly open: string; readonly body: Node }
  | { readonly kind: 'repeat'; readonly body: Node; readonly times: string };

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
  /** The first match and its groups, as RegExp.exec gives them; undefined for none. */
  readonly exec: (text: string) => readonly (string | undefined)[] | undefined;
  /** A short text that it matches; undefined where none was found. */
  readonly example: () => string | undefined;
}

/** Compiles a pattern of Ruby's. Throws an Error with the reason for one that cannot be kept. */
export function compileRubyPattern(pattern: string): RubyPattern {
  const node = parsePattern(pattern);
  const compiled = RE2JS.compile(emit(node, true));
  const test = (text: string): boolean => compiled.matcher(text).find();
  return {
    test,
    example() {
      const text = exampleOf(node);
      return test(text) ? text : undefined;
    },
    exec(text) {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      return Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined);
    },
  };
}

/** A pattern of Ruby's as a tree. Throws an Error that says what cannot be kept. */
function parsePattern(pattern: string): Node {
  // beside named groups, plain ones capture nothing
  const named = /(?<!\\)\(\?<[A-Za-z_]/.test(pattern);
  const reader: Reader = { pattern, at: 0, depth: 0, named };
  const node = parseAlternatives(reader);
  if (reader.at < pattern.length) throw new Error(`unmatched ) at ${reader.at + 1}`);
  return node;
}

function parseAlternatives(reader: Reader): Node {
  const branches = [parseSequence(reader)];
  while (reader.pattern[reader.at] === '|') {
    reader.at += 1;
    branches.push(parseSequence(reader));
  }
  return branches.length === 1 ? (branches[0] as Node) : { kind: 'alternatives', branches };
}

function parseSequence(reader: Reader): Node {
  const items: Node[] = [];
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

function parseAtom(reader: Reader): Node {
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
  if (c === '^' || c === '$') return { kind: 'anchor', re2: `(?m:${c})` };
  return { kind: 'text', re2: c === '.' ? '.' : literal(point) };
}

function parseGroup(reader: Reader): Node {
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
function parseRepeats(reader: Reader, atom: Node): Node {
  let node = atom;
  for (;;) {
    while (skipComment(reader));
    const rest = reader.pattern.slice(reader.at, reader.at + 24);
    const found = /^([*+?])([+?]?)|^\{(\d*)(,?)(\d*)\}(\??)/.exec(rest);
    if (!found || (found[1] === undefined && found[3] === '' && found[5] === '')) return node;
    if (node.kind === 'anchor' || node.kind === 'string end') throw new Error('an anchor cannot be repeated');
    if (found[2] === '+') throw new Error(`the possessive ${found[0]} cannot be mapped`);
    reader.at += found[0].length;
    if (found[1] !== undefined) node = { kind: 'repeat', body: node, times: found[0] };
    else node = interval(node, found);
  }
}

function interval(body: Node, [text, , , min = '', comma = '', max = '', lazy = '']: RegExpExecArray): Node {
  if (max !== '' && Number(min) > Number(max)) throw new Error(`the interval ${text} is empty`);
  if (comma !== '') return { kind: 'repeat', body, times: `{${min || '0'},${max}}${lazy}` };
  const exact: Node = { kind: 'repeat', body, times: `{${min}}` };
  // to Ruby, a{2}? is not lazy but (?:a{2})?
  return lazy === '' ? exact : { kind: 'repeat', body: exact, times: '?' };
}

/** `tail`: nothing that could match more follows, so that \Z may take the line break before the end. */
function emit(node: Node, tail: boolean): string {
  switch (node.kind) {
    case 'text':
    case 'anchor':
      return node.re2;
    case 'string end':
      if (!tail) throw new Error('\\Z with something behind it cannot be mapped');
      return '(?:\\n?\\z)';
    case 'sequence':
      return node.items.map((item, i) => emit(item, tail && i === node.items.length - 1)).join('');
    case 'alternatives':
      return node.branches.map((branch) => emit(branch, tail)).join('|');
    case 'group':
      return `${node.open}${emit(node.body, tail)})`;
    case 'repeat':
      return `(?:${emit(node.body, false)})${node.times}`;
  }
}

/** What one character of a class may be in an example, the likely ones first. */
const EXAMPLE_CHARACTERS = [
  ...'1234567890abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ _-.:/',
  ...'!"#$%&\'()*+,;<=>?@[\\]^`{|}~\t\n',
];

/** A short text of the shape of a pattern. It need not match: anchors in the middle are not thought through. */
function exampleOf(node: Node): string {
  switch (node.kind) {
    case 'text': {
      const one = RE2JS.compile(node.re2);
      return EXAMPLE_CHARACTERS.find((character) => one.matches(character)) ?? '';
    }
    case 'anchor':
    case 'string end':
      return '';
    case 'sequence':
      return node.items.map(exampleOf).join('');
    case 'alternatives':
      return exampleOf(node.branches[0] as Node);
    case 'group':
      return exampleOf(node.body);
    case 'repeat': {
      const least = node.times.startsWith('+') ? 1 : Number(/^\{(\d+)/.exec(node.times)?.[1] ?? 0);
      return exampleOf(node.body).repeat(Math.min(least, 100));
    }
  }
}
