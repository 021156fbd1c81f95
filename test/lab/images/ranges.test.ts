import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFaithfulRange, parseRange } from '../../../lab/images/ranges.ts';

describe('byte ranges', () => {
  it('are those of RFC 9110', () => {
    assert.deepEqual(parseRange('bytes=0-3', 10), { first: 0, last: 3 });
    assert.deepEqual(parseRange('bytes=4-', 10), { first: 4, last: 9 });
    assert.deepEqual(parseRange('bytes=-3', 10), { first: 7, last: 9 });
    assert.deepEqual(parseRange('bytes=8-99', 10), { first: 8, last: 9 });
    for (const none of [undefined, 'bytes=5-2', 'lines=1-2', 'bytes=-', 'bytes=0-1,3-4', 'bytes=a-b']) {
      assert.equal(parseRange(none, 10), 'whole', none);
    }
    for (const beyond of ['bytes=10-', 'bytes=-0']) assert.equal(parseRange(beyond, 10), 'unsatisfiable', beyond);
    assert.equal(parseRange('bytes=-5', 0), 'unsatisfiable');
    assert.deepEqual(parseRange('bytes=9-', 10), { first: 9, last: 9 });
    assert.deepEqual(parseRange('bytes=0-0', 10), { first: 0, last: 0 });
    assert.deepEqual(parseRange('bytes=3-9', 10), { first: 3, last: 9 });
    assert.deepEqual(parseRange('bytes=3-10', 10), { first: 3, last: 9 });
    assert.deepEqual(parseRange('bytes=-10', 10), { first: 0, last: 9 });
    assert.deepEqual(parseRange('bytes=-99', 10), { first: 0, last: 9 });
    assert.deepEqual(parseRange('Bytes= 1-2 ', 10), { first: 1, last: 2 });
    assert.equal(parseRange('bytes=12-11', 10), 'whole', 'broken, wherever it lies');
    assert.equal(parseRange('kilobytes=1-2', 10), 'whole');
    assert.equal(parseRange(`bytes=${'1'.repeat(16)}-`, 10), 'whole');
  });
  it('of a faithful lab are the first of a list', () => {
    assert.deepEqual(parseFaithfulRange('bytes=0-1,3-4', 10), { first: 0, last: 1 });
    assert.equal(parseFaithfulRange('bytes=10-', 10), 'whole');
    assert.deepEqual(parseFaithfulRange('bytes=-3', 10), { first: 7, last: 9 });
    assert.equal(parseFaithfulRange(undefined, 10), 'whole');
  });
});
