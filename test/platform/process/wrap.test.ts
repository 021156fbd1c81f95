import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wrapWords } from '../../../platform/process/wrap.ts';

test('words go on in further lines, indented, and none is cut', () => {
  assert.equal(wrapWords('one two three', 12, 4), 'one two\n    three');
  assert.equal(wrapWords('a reallylongwordindeed b', 10, 2), 'a\n  reallylongwordindeed\n  b');
  assert.equal(wrapWords('', 10, 2), '');
  assert.equal(wrapWords('in [default:\u00a0x y]', 14, 0), 'in [default:\u00a0x\ny]');
});
