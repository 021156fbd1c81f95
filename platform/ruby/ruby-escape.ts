/** What a backslash means in Ruby's regular expressions, in RE2's spelling. Pure. */

/** Classes of characters, as members of a bracket. Ruby's \s has the vertical tab, RE2's has not; \h is RE2's unknown. */
const MEMBERS: Readonly<Record<string, string>> = {
  '\\d': '0-9',
  '\\w': '0-9A-Za-z_',
  '\\s': '\\t-\\r ',
  '\\h': '0-9A-Fa-f',
  '\\D': '^0-9',
  '\\W': '^0-9A-Za-z_',
  '\\S': '^\\t-\\r ',
  '\\H': '^0-9A-Fa-f',
};

const CHARACTERS: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  f: '\f',
  v: '\v',
  a: '\u0007',
  e: '\u001b',
};

/** The members of `\d` and its kind, with ^ before those of `\D`; undefined for any other escape. */
export function classEscape(pair: string): string | undefined {
  return MEMBERS[pair];
}

/** The character that an escape stands for; moves the reader behind it. Throws for an escape that cannot be mapped. */
export function literalEscape(reader: { readonly pattern: string; at: number }): string {
  const rest = reader.pattern.slice(reader.at, reader.at + 12);
  const code =
    /^\\x([0-9A-Fa-f]{1,2})/.exec(rest) ?? /^\\u([0-9A-Fa-f]{4})/.exec(rest) ?? /^\\u\{([0-9A-Fa-f]{1,6})\}/.exec(rest);
  if (code) {
    const point = parseInt(code[1] as string, 16);
    if ((rest[1] === 'x' && point > 0x7f) || point > 0x10ffff) throw new Error(`${code[0]} cannot be mapped`);
    reader.at += code[0].length;
    return String.fromCodePoint(point);
  }
  const next = [...rest.slice(1)][0];
  if (next === undefined) throw new Error('it ends in a backslash');
  const character = CHARACTERS[next];
  // other letters and digits are back-references, properties, calls, or mean nothing and may mean something one day
  if (character === undefined && /[A-Za-z0-9]/.test(next)) throw new Error(`\\${next} cannot be mapped`);
  reader.at += 1 + next.length;
  return character ?? next;
}

/** A character as it is, for RE2. */
export function literal(character: string): string {
  const code = character.codePointAt(0) as number;
  if (/^[A-Za-z0-9_]$/.test(character) || code > 0x7f) return character;
  return code < 0x20 || code === 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : `\\${character}`;
}
