/**
 * The server's pattern of facts that are not to be sent. It comes over the network, so it runs on RE2's linear-time engine; the
 * original's patterns are Ruby's, whose spelling is mapped where the meaning can be kept.
 */
import { RE2JS } from 're2js';
import { messageOf, RazorMkError } from '../platform/errors/errors.ts';
import { DEFAULT_EXCLUSION } from './default-exclusion.ts';

export { DEFAULT_EXCLUSION } from './default-exclusion.ts';

export interface Exclusion {
  readonly pattern: string;
  /** Whether the fact of this name is kept back. */
  excludes(name: string): boolean;
}

const LONGEST = 8192;

/**
 * Compiles a pattern in Ruby's spelling. Throws RAZOR_MK_PATTERN for what a linear-time engine cannot do (look-around,
 * back-references), for what is no pattern, and beyond 8,192 characters.
 */
export function compileExclusion(pattern: string): Exclusion {
  if (pattern.length > LONGEST) {
    throw new RazorMkError(
      'RAZOR_MK_PATTERN',
      `the exclusion pattern has ${pattern.length} characters, at most ${LONGEST}`,
    );
  }
  // ours, and what nearly every server pushes: known to be harmless on the engine that is here already
  if (pattern === DEFAULT_EXCLUSION) {
    const known = new RegExp(pattern);
    return { pattern, excludes: remembered((name) => known.test(name)) };
  }
  let compiled: RE2JS;
  try {
    // Ruby's ^ and $ match at every line; names hold no line breaks, so that MULTILINE changes nothing but \Z
    compiled = RE2JS.compile(fromRuby(pattern), RE2JS.MULTILINE);
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_PATTERN', `the exclusion pattern cannot be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return { pattern, excludes: remembered((name) => compiled.matcher(name).find()) };
}

const MOST_REMEMBERED = 20_000;

/** The same names come with every gathering. */
function remembered(excludes: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const answer = excludes(name);
    if (known.size < MOST_REMEMBERED) known.set(name, answer);
    return answer;
  };
}

/** Ruby's spelling in RE2's: \Z, \h, \H, (?m) as dot-matches-all, (?<name>…), possessive and atomic forms are refused. */
function fromRuby(pattern: string): string {
  let out = '';
  let inClass = false;
  for (let i = 0; i < pattern.length; i += 1) {
    const c = pattern[i] as string;
    if (c === '\\') {
      const next = pattern[i + 1] ?? '';
      i += 1;
      if (next === 'h') out += inClass ? '0-9a-fA-F' : '[0-9a-fA-F]';
      else if (next === 'H' && !inClass) out += '[^0-9a-fA-F]';
      else if (next === 'Z' && !inClass) out += '\\n?\\z';
      else out += c + next;
    } else if (inClass) {
      if (c === ']') inClass = false;
      out += c;
    } else if (c === '[') {
      inClass = true;
      out += c;
      if (pattern[i + 1] === '^') out += pattern[(i += 1)];
      if (pattern[i + 1] === ']') out += `\\${pattern[(i += 1)] as string}`;
    } else {
      const flags = /^\(\?([imx]*)(?:-([imx]+))?([:)])/.exec(pattern.slice(i, i + 16));
      const named = /^\(\?<([A-Za-z_]\w*)>/.exec(pattern.slice(i, i + 80));
      if (flags) {
        out += flagGroup(flags[1] as string, flags[2], flags[3] as string);
        i += flags[0].length - 1;
      } else if (named) {
        out += `(?P<${named[1] as string}>`;
        i += named[0].length - 1;
      } else out += c;
    }
  }
  return out;
}

/** Ruby's m lets the dot match a line break, which RE2 calls s. x (extended) has no counterpart. */
function flagGroup(on: string, off: string | undefined, end: string): string {
  if (on.includes('x')) throw new Error('(?x), extended patterns, cannot be mapped');
  const yes = on.replaceAll('m', 's');
  const no = off?.replaceAll('x', '').replaceAll('m', 's') ?? '';
  return `(?${yes}${no === '' ? '' : `-${no}`}${end}`;
}
