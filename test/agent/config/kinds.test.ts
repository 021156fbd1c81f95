import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  address,
  httpUrl,
  integer,
  list,
  logLevel,
  oneOf,
  onOff,
  plainText,
  seconds,
  strictNumber,
  urlPath,
  type Kind,
} from '../../../agent/config/kinds.ts';

/** Each written value with what becomes of it: the value, or a text in angle brackets that says what is wrong. */
function check(kind: Kind, rows: readonly (readonly [written: unknown, expected: unknown])[]): void {
  for (const [written, expected] of rows) {
    const found = kind(written);
    assert.deepEqual('wrong' in found ? `<${found.wrong}>` : found.value, expected, JSON.stringify(written));
  }
}

test('whole numbers, as text of a command line and as JSON', () => {
  check(integer(1, 10), [
    ['5', 5],
    ['+5', 5],
    [5, 5],
    [1, 1],
    [10, 10],
    ['0', '<is not between 1 and 10>'],
    ['-5', '<is not between 1 and 10>'],
    [11, '<is not between 1 and 10>'],
    ['5.0', '<is not a number>'],
    [5.5, '<is not a whole number>'],
    ['', '<is not a number>'],
    ['x5', '<is not a number>'],
    ['5x', '<is not a number>'],
    ['5'.repeat(16), '<is not a number>'],
    [null, '<is not a number>'],
    [Infinity, '<is not a number>'],
    [NaN, '<is not a number>'],
  ]);
});

test('seconds may have fractions', () => {
  check(seconds(0.5, 60), [
    ['0.5', 0.5],
    ['2', 2],
    [1.25, 1.25],
    ['60.1', '<is not between 0.5 and 60>'],
    ['1.', '<is not a number>'],
    ['.5', '<is not a number>'],
    ['x1', '<is not a number>'],
    ['1s', '<is not a number>'],
  ]);
});

test('what a server sends must be a number', () => {
  check(strictNumber(0, 5, true), [
    ['5', '<is not a number>'],
    [5, 5],
    [2.5, '<is not a whole number>'],
  ]);
  check(strictNumber(0, 5, false), [[2.5, 2.5]]);
});

test('plain text has no control characters, and an end', () => {
  check(plainText(5), [
    ['abcde', 'abcde'],
    ['', ''],
    ['abcdef', '<is longer than 5 characters>'],
    ['a\nb', '<has control characters>'],
    ['a\x7f', '<has control characters>'],
    ['a\u001f', '<has control characters>'],
    [5, '<is not text>'],
  ]);
  check(plainText(), [['x'.repeat(4096), 'x'.repeat(4096)]]);
});

test('words, switches and lists', () => {
  check(oneOf(['a', 'b']), [
    ['a', 'a'],
    ['A', '<must be one of a, b>'],
    [undefined, '<must be one of a, b>'],
  ]);
  check(onOff, [
    ['on', true],
    [false, false],
    ['no', false],
    ['maybe', '<is neither on nor off>'],
  ]);
  check(list(integer(1, 9)), [
    ['1,2,,3', [1, 2, 3]],
    ['', []],
    [
      [1, '2'],
      [1, 2],
    ],
    [5, [5]],
    ['1,x', '<is not a number>'],
  ]);
});

test('addresses', () => {
  check(address, [
    ['razor', 'razor'],
    ['http://razor/x', 'http://razor/x'],
    ['http://u:p@razor', '<is not a valid address: it must not have a user, a password, ? or #>'],
    ['http://razor?x', '<is not a valid address: it must not have a user, a password, ? or #>'],
    ['http://razor#x', '<is not a valid address: it must not have a user, a password, ? or #>'],
    ['xhttp://razor?x', '<is not a valid address>'],
    ['10.0.0.300', '<is not a valid address>'],
    [5, '<is not a valid address>'],
  ]);
});

test('paths of URLs', () => {
  check(urlPath, [
    ['/', '/'],
    ['/razor/api/x?y=%20', '/razor/api/x?y=%20'],
    [`/${'x'.repeat(500)}`, `/${'x'.repeat(500)}`],
    [`/${'x'.repeat(501)}`, '<is not a valid path>'],
    ['//host/x', '<is not a valid path>'],
    ['x/y', '<is not a valid path>'],
    ['/a b', '<is not a valid path>'],
    ['/a/../b', '<has .. in it>'],
    ['/a..b', '/a..b'],
    ['/a#b', '<is not a valid path>'],
    [5, '<is not a valid path>'],
  ]);
});

test('URLs', () => {
  check(httpUrl, [
    ['http://razor/x', 'http://razor/x'],
    ['HTTPS://razor', 'HTTPS://razor'],
    ['ftp://razor', '<is neither http nor https>'],
    ['xhttp://razor', '<is neither http nor https>'],
    ['http://[', '<is not a valid URL>'],
    [
      'http://2001:db8::1:8026',
      '<is not a valid URL: an IPv6 address with a port or in a URL stands in brackets, [ADDRESS]:PORT>',
    ],
    [`http://razor/${'x'.repeat(1987)}`, `http://razor/${'x'.repeat(1987)}`],
    [`http://razor/${'x'.repeat(1988)}`, '<is not a valid URL>'],
    [5, '<is not a valid URL>'],
  ]);
});

test('log levels, and those of the original', () => {
  check(logLevel, [
    ['debug', 'debug'],
    ['WARN', 'warn'],
    ['warning', 'warn'],
    ['Logger::ERROR', 'error'],
    ['fatal', 'fatal'],
    ['info', 'info'],
    ['xLogger::ERROR', '<is not a log level>'],
    ['constructor', '<is not a log level>'],
    ['', '<is not a log level>'],
    [5, '<is not a log level>'],
  ]);
});
