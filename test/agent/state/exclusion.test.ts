import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createExclusions, exclusionOf, exclusionPattern } from '../../../agent/state/exclusion.ts';
import { DEFAULT_EXCLUSION } from '../../../facts/facts.ts';

test('the setting counts, else the server’s own pattern, else the original’s', () => {
  assert.equal(exclusionPattern('^x', { turns: { exclusion: '^y' } }), '^x');
  assert.equal(exclusionPattern('', { turns: { exclusion: '^y' } }), '^y');
  assert.equal(exclusionPattern('', { turns: {} }), '');
  assert.equal(exclusionPattern('', {}), DEFAULT_EXCLUSION);
  assert.equal(exclusionOf('', { turns: {} }).excludes('anything'), false);
  assert.deepEqual(
    ['x1', 'y1'].map((name) => exclusionOf('^x', {}).excludes(name)),
    [true, false],
  );
  assert.throws(() => exclusionOf('(', {}), { code: 'RAZOR_MK_PATTERN' });
});

test('a pattern is compiled anew only when it changed', () => {
  const exclusions = createExclusions({ turns: { exclusion: '^y' } });
  const first = exclusions('^x');
  assert.equal(exclusions('^x'), first);
  const own = exclusions('');
  assert.notEqual(own, first);
  assert.equal(own.excludes('y1'), true);
  assert.equal(exclusions('^y'), own);
});
