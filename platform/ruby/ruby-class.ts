/** Bracketed classes of Ruby's regular expressions, in RE2's spelling. Pure. */
import { classEscape, literal, literalEscape } from './ruby-escape.ts';

const POSIX = 'alnum alpha ascii blank cntrl digit graph lower print punct space upper xdigit word'.split(' ');

/** One member: a character, or members of their own in RE2's spelling. */
type Member = { readonly character: string } | { readonly members: string };

/**
 * Parses a class; the reader stands on its `[`, and behind its `]` afterwards. Throws for what RE2 has not (classes inside
 * classes, `&&`) and for what Ruby warns about, because it is read in two ways.
 */
export function parseClass(reader: { readonly pattern: string; at: number }): {
  readonly kind: 'text';
  readonly re2: string;
} {
  const { pattern } = reader;
  reader.at += 1;
  const negated = pattern[reader.at] === '^';
  if (negated) reader.at += 1;
  let re2 = '';
  let first = true;
  while (first || pattern[reader.at] !== ']') {
    if (reader.at >= pattern.length) throw new Error('a class is not closed');
    if (pattern.startsWith('&&', reader.at)) throw new Error('&& inside a class cannot be mapped');
    re2 += parseMember(reader, first);
    first = false;
  }
  reader.at += 1;
  return { kind: 'text', re2: `[${negated ? '^' : ''}${re2}]` };
}

function parseMember(reader: { readonly pattern: string; at: number }, first: boolean): string {
  const { pattern } = reader;
  const from = oneMember(reader);
  const next = pattern[reader.at + 1];
  if (pattern[reader.at] !== '-' || next === ']' || next === undefined) {
    const plainDash = 'character' in from && from.character === '-' && pattern[reader.at - 2] !== '\\';
    if (plainDash && !first && pattern[reader.at] !== ']')
      throw new Error('a - in the middle of a class is read in two ways');
    return spell(from);
  }
  reader.at += 1;
  if (pattern.startsWith('&&', reader.at)) throw new Error('&& inside a class cannot be mapped');
  const to = oneMember(reader);
  if (!('character' in from) || !('character' in to))
    throw new Error('a range of a class that does not end in characters');
  if ((from.character.codePointAt(0) as number) > (to.character.codePointAt(0) as number)) {
    throw new Error(`the range ${from.character}-${to.character} is empty`);
  }
  return `${literal(from.character)}-${literal(to.character)}`;
}

function spell(member: Member): string {
  return 'character' in member ? literal(member.character) : member.members;
}

function oneMember(reader: { readonly pattern: string; at: number }): Member {
  const { pattern } = reader;
  const posix = /^\[:(\^?)([a-z]+):\]/.exec(pattern.slice(reader.at, reader.at + 16));
  if (posix && POSIX.includes(posix[2] as string)) {
    reader.at += posix[0].length;
    return { members: posix[0] };
  }
  if (pattern[reader.at] === '[') throw new Error('a class inside a class cannot be mapped');
  if (pattern[reader.at] === '\\') {
    const pair = pattern.slice(reader.at, reader.at + 2);
    const members = classEscape(pair);
    if (members !== undefined) {
      if (members.startsWith('^') && pair !== '\\D' && pair !== '\\W')
        throw new Error(`${pair} inside a class cannot be mapped`);
      reader.at += 2;
      return { members: members.startsWith('^') ? pair : members };
    }
    if (pair === '\\b') {
      reader.at += 2;
      return { character: '\b' };
    }
    return { character: literalEscape(reader) };
  }
  const character = String.fromCodePoint(pattern.codePointAt(reader.at) as number);
  reader.at += character.length;
  return { character };
}
