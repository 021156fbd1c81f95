import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseClass } from '../../../platform/ruby/ruby-class.ts';

function parsed(pattern: string, at = 0): string {
  const reader = { pattern, at };
  const { kind, re2 } = parseClass(reader);
  assert.equal(kind, 'text');
  return `${re2} then ${pattern.slice(reader.at)}`;
}

test('classes in RE2’s spelling, and where they end', () => {
  const rows: Readonly<Record<string, string>> = {
    '[abc]x': '[abc] then x',
    '[^abc]': '[^abc] then ',
    '[]a]]': '[\\]a] then ]',
    '[^]a]': '[^\\]a] then ',
    '[a-z0-9_]': '[a-z0-9_] then ',
    '[-a]': '[\\-a] then ',
    '[a-]': '[a\\-] then ',
    '[^-a]': '[^\\-a] then ',
    '[\\d\\w\\s\\h]': '[0-90-9A-Za-z_\\t-\\r 0-9A-Fa-f] then ',
    '[\\D\\W]': '[\\D\\W] then ',
    '[\\b]': '[\\x08] then ',
    '[\\]\\-\\\\]': '[\\]\\-\\\\] then ',
    '[a\\-z]': '[a\\-z] then ',
    '[\\x41-\\x5a]': '[A-Z] then ',
    '[\\u{e4}]': '[ä] then ',
    '[[:alpha:][:^digit:]_]': '[[:alpha:][:^digit:]_] then ',
    '[é-ü😀]': '[é-ü😀] then ',
    '[.*^$]': '[\\.\\*\\^\\$] then ',
    '[a-a]': '[a-a] then ',
    '[!--]': '[\\!-\\-] then ',
    '[&a]': '[\\&a] then ',
  };
  for (const [pattern, re2] of Object.entries(rows)) assert.equal(parsed(pattern), re2, pattern);
  assert.equal(parsed('x[a]y', 1), '[a] then y');
});

test('what RE2 lacks, or Ruby reads in two ways, is refused in words', () => {
  const rows: Readonly<Record<string, RegExp>> = {
    '[a': /^a class is not closed$/,
    '[': /^a class is not closed$/,
    '[]': /^a class is not closed$/,
    '[a&&b]': /^&& inside a class cannot be mapped$/,
    '[a-&&b]': /^&& inside a class cannot be mapped$/,
    '[a[b]]': /^a class inside a class cannot be mapped$/,
    '[[:nonsense:]]': /^a class inside a class cannot be mapped$/,
    '[\\S]': /^\\S inside a class cannot be mapped$/,
    '[\\H]': /^\\H inside a class cannot be mapped$/,
    '[a-z-9]': /^a - in the middle of a class is read in two ways$/,
    '[\\d-z]': /^a range of a class that does not end in characters$/,
    '[a-\\d]': /^a range of a class that does not end in characters$/,
    '[z-a]': /^the range z-a is empty$/,
    '[\\1]': /^\\1 cannot be mapped$/,
    '[\\': /^it ends in a backslash$/,
  };
  for (const [pattern, message] of Object.entries(rows)) assert.throws(() => parsed(pattern), { message }, pattern);
});
