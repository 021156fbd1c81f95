import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromJsonb, toJsonb, toText } from '../../../../../lab/store/postgres/sql/json-column.ts';

test('what jsonb refuses travels as text in a string, and comes back to the letter', () => {
  for (const value of [
    { a: 'plain' },
    { a: 'x\0y' },
    { a: '\ud800' },
    { 'k\udfff': 1 },
    { a: '\\u0000 \\ud800' },
    { a: '😀' },
  ]) {
    const sent = toJsonb(JSON.stringify(value));
    assert.doesNotMatch(sent.replaceAll('\\\\', ''), /\\u0000|\\ud[89a-f]/i, sent);
    assert.deepEqual(JSON.parse(fromJsonb(sent)), value);
  }
  assert.equal(toJsonb('{"a":1}'), '{"a":1}', 'everything else as it is');
  assert.equal(toText('a\0b\ud800'), 'a\ufffdb\ufffd');
});
