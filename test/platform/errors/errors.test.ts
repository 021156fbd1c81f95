import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_TABLE } from '../../../platform/errors/error-table.ts';
import { errnoOf, explain, messageOf, RazorMkError } from '../../../platform/errors/errors.ts';

test('an error has the remedy and the exit status of its code, unless the place of the failure knows better', () => {
  const plain = new RazorMkError('RAZOR_MK_USAGE', 'what happened');
  assert.equal(plain.name, 'RazorMkError');
  assert.equal(plain.remedy, ERROR_TABLE.RAZOR_MK_USAGE.remedy);
  assert.equal(plain.exitCode, ERROR_TABLE.RAZOR_MK_USAGE.exit);
  assert.ok(!('cause' in plain));
  const cause = new Error('why');
  const known = new RazorMkError('RAZOR_MK_USAGE', 'what happened', { remedy: 'Do this.', cause });
  assert.deepEqual([known.remedy, known.cause], ['Do this.', cause]);
});

test('an error is explained in three lines, without secrets; anything else in one', () => {
  const error = new RazorMkError('RAZOR_MK_USAGE', 'refused: token=hunter2', { remedy: 'Do this.' });
  assert.equal(explain(error), 'razor-mk: refused: token=[redacted]\n  code:   RAZOR_MK_USAGE\n  remedy: Do this.');
  assert.equal(explain(new Error('password=hunter2 is wrong')), 'razor-mk: password=[redacted] is wrong');
});

test('whatever was thrown has a text on one line, bounded to 1,000 characters', () => {
  assert.equal(messageOf(new Error(' two\n\tlines ')), 'two lines');
  assert.equal(messageOf(new TypeError('')), 'TypeError');
  assert.equal(messageOf('a string'), 'a string');
  assert.equal(messageOf(undefined), 'undefined');
  assert.equal(messageOf('x'.repeat(2000)).length, 1000);
});

test('only a code that is a text is an errno', () => {
  assert.equal(errnoOf(Object.assign(new Error('x'), { code: 'ENOENT' })), 'ENOENT');
  for (const other of [undefined, null, 'ENOENT', 7, {}, { code: 7 }]) assert.equal(errnoOf(other), undefined);
});
