import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reasonOf } from '../../../agent/servers/reply-reason.ts';

test('the server’s reason is decoded, cut, and cannot move a cursor', () => {
  const reason = (text: string): string | undefined => reasonOf({ headers: { 'razor-mk-reason': text } });
  assert.equal(reason('no%20policy%20fits%3A%20gr%C3%BC%C3%9Fe'), 'no policy fits: grüße');
  assert.equal(reason('50 %'), '50 %', 'not encoded: as it came');
  assert.equal(reason('a%1B%5B2Jb'), 'a [2Jb');
  assert.equal(reason('x'.repeat(1000))?.length, 301);
  assert.deepEqual([reason(''), reasonOf({ headers: {} })], [undefined, undefined]);
});
