/** Patterns of Ruby's against Debian's ruby: each means the same here, or is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { compileRubyPattern } from '../../platform/ruby/ruby-pattern.ts';
import { noRuby, ruby } from '../helpers/ruby.ts';

const skip = noRuby;

const TEXTS = [
  ...[
    '',
    'a',
    'b',
    'ab',
    'aab',
    'abc',
    'aXb',
    'A',
    'B',
    'ABC',
    'aB',
    'aa',
    'aaa',
    'aaaa',
    'x',
    'xa',
    'xA',
    'xB',
    'y',
    '-',
    'a-c',
    '_',
    '.',
    '0',
    '7',
    '42',
    'f',
  ],
  ...[
    'mk_hw_nic_count',
    'mk_nic_eth0_pci',
    'mk_nic_eth10_speed',
    'mk_hw_x_json_str',
    'ipaddress_lo',
    'ipaddress',
    'uptime_days',
    'kernelrelease',
    'Dell Inc.',
  ],
  ...[
    'a\nb',
    '\n',
    'b\na',
    'a\n\nb',
    '\tx',
    'a b',
    ' ',
    '\v',
    'a{',
    'a{,2}',
    'a&&b',
    '[a]',
    ']',
    '}',
    'a|b',
    '^',
    '$',
    '\\',
    '&',
    'é',
    '{x',
  ],
  ...['a\n', 'a\n\n', '\n\n', 'b\na\n', ' \n', 'a\nb\n', '\n\na'],
];

const FOREIGN = TEXTS.indexOf('é');

const PROGRAM = `
require 'timeout'
input = JSON.parse(STDIN.read)
out = input['patterns'].map do |source|
  begin
    pattern = Regexp.new(source)
    # ruby's engine backtracks: nested repeats can take it for ever
    Timeout.timeout(0.2) { input['texts'].map { |text| pattern.match?(text) ? 1 : 0 }.join }
  rescue RegexpError, SyntaxError, Timeout::Error
    nil
  end
end
print JSON.generate(out)`;

/** What ruby says of each pattern: a digit a text, null for one that it refuses or does not come to an end with. */
function rubys(patterns: readonly string[]): (string | null)[] {
  return ruby(PROGRAM, { patterns, texts: TEXTS });
}

function ours(pattern: string): string | undefined {
  try {
    const { test: matches } = compileRubyPattern(pattern);
    return TEXTS.map((text) => (matches(text) ? '1' : '0')).join('');
  } catch {
    return undefined;
  }
}

/** A generator of numbers from a seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const ATOMS =
  String.raw`a b c x B A . \d \w \h \s \S \H \D \W _ - \. \n \t \x41 \u0061 \e \v \- ^ $ \A \z \Z \b \B (?i) (?m) (?-i) (?#note) json eth mk_ ] } { {,2} é \{ && |`.split(
    ' ',
  );
const CLASSES =
  String.raw`a b a-c A-C 0-9 \d \w \h \s _ - ^ & \] \- [:alpha:] [:^digit:] [:space:] [b] && \b . $ ]`.split(' ');
const REPEATS = [
  '',
  '',
  '',
  '',
  ...String.raw`* + ? {2} {,2} {1,} {1,2} *? +? ?? {2}? {1,2}? ++ *+ {2}+ ** {0} {,} {2,1}`.split(' '),
];
const GROUPS = String.raw`( ( (?: (?: (?i: (?m: (?-i: (?<n> (?> (?= (?!`.split(' ');

function madeUp(next: (below: number) => number, depth = 0): string {
  let text = '';
  for (let i = next(4) + 1; i > 0; i -= 1) {
    const kind = next(12);
    if (kind === 0 && depth < 3) text += `${GROUPS[next(GROUPS.length)] as string}${madeUp(next, depth + 1)})`;
    else if (kind === 1) {
      const members = Array.from({ length: next(3) + 1 }, () => CLASSES[next(CLASSES.length)] as string).join('');
      text += `[${next(3) === 0 ? '^' : ''}${members}]`;
    } else text += ATOMS[next(ATOMS.length)] as string;
    text += REPEATS[next(REPEATS.length)] as string;
    if (next(6) === 0) text += '|';
  }
  return text;
}

function differences(patterns: readonly string[]): { silent: string[]; same: number; refused: number } {
  const theirs = rubys(patterns);
  const silent: string[] = [];
  let same = 0;
  let refused = 0;
  for (const [i, pattern] of patterns.entries()) {
    const mine = ours(pattern);
    // of letters beyond ASCII, word boundaries and POSIX classes know nothing here (platform/ruby/ruby-pattern.ts)
    const ascii = /\\b|\\B|\[:/.test(pattern);
    const texts = (bits: string | null | undefined): string | null | undefined =>
      ascii ? bits?.slice(0, FOREIGN) + (bits?.slice(FOREIGN + 1) ?? '') : bits;
    if (mine === undefined) refused += 1;
    else if (texts(mine) === texts(theirs[i])) same += 1;
    // what ruby refuses no operator could have meant otherwise
    else if (theirs[i] !== null) silent.push(pattern);
  }
  return { silent, same, refused };
}

test('2,000 made-up patterns mean what they mean to ruby, or are refused', { skip }, () => {
  const next = random(77);
  const { silent, same } = differences(Array.from({ length: 2000 }, () => madeUp(next)));
  assert.deepEqual(silent.slice(0, 20), []);
  assert.ok(same > 700, `${same} patterns are understood`);
});

/** Where lines and texts begin and end, and what may take nothing beside it. */
const EDGES = String.raw`^ $ \A \z \Z \b \n a b a* b? \s* [^a] . .* (?:^|b) (a|^) (?:a|$) (?:^a?)* (?:\n^)? (^b?){0,1} ^{0} (a)? | (\Z|b) (?m:.)*?`;

const WHOLE = `
print JSON.generate(JSON.parse(STDIN.read).then do |input|
  input['patterns'].map do |source|
    pattern = Regexp.new(source)
    input['texts'].map { |text| pattern.match(text)&.to_a }
  rescue RegexpError
    nil
  end
end)`;

test('lines begin and end where ruby’s do, behind the last line break too, and the match is ruby’s', { skip }, () => {
  const next = random(5);
  const pieces = EDGES.split(' ');
  const some = (): string => Array.from({ length: next(5) + 1 }, () => pieces[next(pieces.length)]).join('');
  const patterns = Array.from({ length: 2000 }, some);
  const theirs = ruby<((string | null)[] | null)[][]>(WHOLE, { patterns, texts: TEXTS });
  const different: string[] = [];
  let same = 0;
  for (const [i, pattern] of patterns.entries()) {
    if (ours(pattern) === undefined) continue;
    const { exec } = compileRubyPattern(pattern);
    const mine = TEXTS.map((text) => exec(text)?.map((part) => part ?? null) ?? null);
    const odd = TEXTS.find((_, j) => j !== FOREIGN && !isDeepStrictEqual(mine[j], theirs[i]?.[j]));
    if (odd === undefined) same += 1;
    else different.push(`${pattern} on ${JSON.stringify(odd)}`);
  }
  assert.deepEqual(different.slice(0, 20), []);
  assert.ok(same > 700, `${same} patterns are understood`);
});

test('the patterns that were silently different are ruby’s now, or are refused', { skip }, () => {
  const patterns = String.raw`a{,3}b ^a{,3}$ ^(a|b){,2}$ ^mk_nic_eth\d{,2}_pci$ [a&&b] ^[a-z&&[^aeiou]]$ ^mk_nic_[a-z&&[^l]] ^[a[bc]]$ eth[0-9[a-z]] [^[a]]
    \Q.\E a(?i)b|c ^a(?i)b|c x(?i)A|B \pL \p{L} [\h] [\H] [^\h] [\Z] [\b] ^a$ a$\nb a\Z (a\Z)\n (?m)a.b a{3}+ ^a{2}+$
    ^a{2}?$ [\d-z] [a-\d] [a-c-e] [--a] []a] [[:foo:]] \s [\s] (?x)a (?P<n>a) \R \X \K \G (?~a) \0 \101 \cA`;
  const { silent } = differences(patterns.split(/\s+/));
  assert.deepEqual(silent, []);
});
