import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanText, errorText, parseBounded } from '../../../agent/http/bounded-json.ts';

test('JSON is read to a depth of 32, where brackets in strings do not count', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  assert.ok(Array.isArray(parseBounded(nested(32))));
  assert.deepEqual(parseBounded(nested(33)), new Error('JSON nested deeper than 32'));
  assert.deepEqual(parseBounded('{"a":'.repeat(33) + '1' + '}'.repeat(33)), new Error('JSON nested deeper than 32'));
  assert.deepEqual(parseBounded(`["${'['.repeat(40)}"]`), ['['.repeat(40)]);
  assert.deepEqual(parseBounded(`["\\"${'{'.repeat(40)}\\\\"]`), [`"${'{'.repeat(40)}\\`]);
  // brackets side by side are not nested, after a string either
  assert.equal((parseBounded(`[${Array.from({ length: 40 }, () => '{"a":[]}').join(',')}]`) as unknown[]).length, 40);
  const behind = `["x",${nested(32)}]`;
  assert.deepEqual(parseBounded(behind), new Error('JSON nested deeper than 32'));
  assert.deepEqual(parseBounded('['.repeat(1_000_000)), new Error('JSON nested deeper than 32'));
});

test('what is not JSON is an Error, and no exception', () => {
  for (const text of ['', '<html>', '{', '"']) assert.deepEqual(parseBounded(text), new Error('not JSON'));
});

test('the words of an error body are found where Razor, Hanlon and razor-server put them', () => {
  const rows: readonly [body: unknown, text: string | undefined][] = [
    ['{"result":"ProjectRazor::Error"}', 'ProjectRazor::Error'],
    [{ result: 'a', error: 'b' }, 'a'],
    [{ error: 'b' }, 'b'],
    [{ result: 1, error: 'b' }, 'b'],
    [{ response: { result: { type: 'Occam::Error', description: 'no such node' } } }, 'Occam::Error: no such node'],
    [{ response: { result: { type: 1, description: 'no such node' } } }, 'no such node'],
    [{ response: { result: 'text' } }, undefined],
    [{ response: { result: null } }, undefined],
    [{ response: null }, undefined],
    [{}, undefined],
    [null, undefined],
    [5, undefined],
    ['"text"', undefined],
    ['not JSON', undefined],
    [{ result: 'x'.repeat(301) }, `${'x'.repeat(300)}…`],
    [{ error: 'x'.repeat(301) }, `${'x'.repeat(300)}…`],
    [{ response: { result: { type: 'x'.repeat(301) } } }, `${'x'.repeat(300)}…`],
  ];
  for (const [body, text] of rows) assert.equal(errorText(body), text, JSON.stringify(body).slice(0, 80));
});

test('text of others becomes one bounded line without markup and control characters', () => {
  const rows: readonly [text: string, length: number, clean: string][] = [
    ['<h1>Internal\r\n\tError</h1>', 100, 'Internal Error'],
    ['a\u0000\u001b[31m\u009b\u2028b', 100, 'a [31m b'],
    ['a < b', 100, 'a < b'],
    ['12345', 5, '12345'],
    ['123456', 5, '12345…'],
    [`<${'x'.repeat(500)}>y`, 1000, 'y'],
    [`${' '.repeat(4096)}late`, 100, ''],
  ];
  for (const [text, length, clean] of rows) assert.equal(cleanText(text, length), clean);
});
