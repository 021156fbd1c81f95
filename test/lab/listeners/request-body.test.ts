import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formField, hasControl, isRecord, own, parseFields, parseJson } from '../../../lab/listeners/request-body.ts';

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

test('JSON is read where it is whole, at most 32 deep and made of at most 100,000 values', () => {
  for (const [text, value] of [
    ['{"a":[1,null]}', { a: [1, null] }],
    ['null', null],
    ['0', 0],
    [nested(33), JSON.parse(nested(33))],
  ] as const)
    assert.deepEqual(parseJson(text), value, text);
  for (const text of ['', '{', 'NaN', '{"a":1,}', nested(34), nested(200_000), `{"a":${nested(33)}}`])
    assert.equal(parseJson(text), undefined, text.slice(0, 40));
  const list = (count: number): string => JSON.stringify(Array.from({ length: count }, () => 0));
  assert.equal((parseJson(list(99_999)) as number[]).length, 99_999);
  assert.equal(parseJson(list(100_000)), undefined);
});

test('a key of JSON is its own, whatever it is called', () => {
  const value = parseJson('{"__proto__":{"a":1},"constructor":2,"a":null}') as Record<string, unknown>;
  assert.deepEqual(own(value, '__proto__'), { a: 1 });
  assert.deepEqual([own(value, 'constructor'), own(value, 'a'), own({}, 'constructor')], [2, null, undefined]);
  for (const [other, is] of [
    [{}, true],
    [[], false],
    [null, false],
    ['x', false],
  ] as const)
    assert.equal(isRecord(other), is);
});

test('of a doubled field the last one counts, name[] makes a list, and a thousand fields are read', () => {
  for (const [text, fields] of [
    ['', {}],
    ['a=1&b=2&a=3', { a: '3', b: '2' }],
    ['a[]=1&a[]=2', { a: ['1', '2'] }],
    ['a=1&a[]=2&a[]=3', { a: ['2', '3'] }],
    ['a[]=1&a=2', { a: '2' }],
    ['a=x+y%20z&b', { a: 'x y z', b: '' }],
    ['a=%ff&%C3%A4=%zz', { a: '\ufffd', ä: '%zz' }],
    ['[]=1', { '': ['1'] }],
  ] as const)
    assert.deepEqual(Object.fromEntries(parseFields(text)), fields, text);
  const many = Array.from({ length: 1001 }, (_, at) => `f${at}=1`).join('&');
  const read = parseFields(many);
  assert.deepEqual([read.size, read.has('f999'), read.has('f1000')], [1000, true, false]);
});

test('one field is read the short way as the long one reads it', () => {
  for (const [text, value] of [
    ['json_hash=%7B%22a%22%3A1%7D', '{"a":1}'],
    ['json_hash=a+b%2Bc', 'a b+c'],
    ['json_hash=', ''],
    ['json_hash=a=b', 'a=b'],
    ['json_hash=%', '%'],
    ['json_hash=%ff', '\ufffd'],
    ['json_hash=1&json_hash=2', '2'],
    ['x=1&json_hash=2', '2'],
    ['json_hashes=2', undefined],
    ['x=json_hash=2', undefined],
    ['', undefined],
  ] as const) {
    assert.equal(formField(text, 'json_hash'), value, text);
    assert.equal(parseFields(text).get('json_hash'), value, text);
  }
});

test('control characters are found, text of any language is none', () => {
  for (const text of ['a\0', '\n', '\x1b[2J', '\x7f', '\t']) assert.equal(hasControl(text), true, JSON.stringify(text));
  for (const text of ['', ' ', 'äöü', '漢字', '\u0080']) assert.equal(hasControl(text), false, JSON.stringify(text));
});
