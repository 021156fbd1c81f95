import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classEscape, literal, literalEscape } from '../../../platform/ruby/ruby-escape.ts';

test('an escape stands for a character, and the reader is behind it afterwards', () => {
  const rows: Readonly<Record<string, readonly [character: string, rest: string]>> = {
    '\\nx': ['\n', 'x'],
    '\\t': ['\t', ''],
    '\\r': ['\r', ''],
    '\\f': ['\f', ''],
    '\\v': ['\v', ''],
    '\\a': ['\u0007', ''],
    '\\e': ['\u001b', ''],
    '\\.x': ['.', 'x'],
    '\\\\': ['\\', ''],
    '\\_': ['_', ''],
    '\\😀x': ['😀', 'x'],
    '\\x41x': ['A', 'x'],
    '\\x9x': ['\t', 'x'],
    '\\x7f': ['\x7f', ''],
    '\\u00e4x': ['ä', 'x'],
    '\\u{1F600}x': ['😀', 'x'],
    '\\u{10ffff}': ['\u{10ffff}', ''],
  };
  for (const [pattern, [character, rest]] of Object.entries(rows)) {
    const reader = { pattern, at: 0 };
    assert.equal(literalEscape(reader), character, pattern);
    assert.equal(pattern.slice(reader.at), rest, pattern);
  }
  assert.equal(literalEscape({ pattern: 'a\\.', at: 1 }), '.');
});

test('an escape that means something else, or may one day, is refused', () => {
  const rows: Readonly<Record<string, string>> = {
    '\\': 'it ends in a backslash',
    '\\1': '\\1 cannot be mapped',
    '\\k': '\\k cannot be mapped',
    '\\p': '\\p cannot be mapped',
    '\\Z': '\\Z cannot be mapped',
    '\\x': '\\x cannot be mapped',
    '\\xg': '\\x cannot be mapped',
    '\\x80': '\\x80 cannot be mapped', // a byte, not a character
    '\\u{110000}': '\\u{110000} cannot be mapped',
    '\\u12': '\\u cannot be mapped',
  };
  for (const [pattern, message] of Object.entries(rows))
    assert.throws(() => literalEscape({ pattern, at: 0 }), { message }, pattern);
});

test('classes by their letter', () => {
  const letters = ['\\d', '\\w', '\\s', '\\h', '\\D', '\\W', '\\S', '\\H', '\\b', 'd'];
  assert.deepEqual(letters.map(classEscape), [
    ...['0-9', '0-9A-Za-z_', '\\t-\\r ', '0-9A-Fa-f'],
    ...['^0-9', '^0-9A-Za-z_', '^\\t-\\r ', '^0-9A-Fa-f', undefined, undefined],
  ]);
});

test('a character as RE2 takes it for itself', () => {
  assert.deepEqual(['a', 'Z', '0', '_', 'ä', '😀'].map(literal), ['a', 'Z', '0', '_', 'ä', '😀']);
  assert.deepEqual(['.', ' ', '~', '-', '/'].map(literal), ['\\.', '\\ ', '\\~', '\\-', '\\/']);
  assert.deepEqual(['\0', '\n', '\x1f', '\x7f', '\x80'].map(literal), ['\\x00', '\\x0a', '\\x1f', '\\x7f', '\x80']);
});
