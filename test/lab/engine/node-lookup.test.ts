import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acceptableHwIds, normaliseHwId, splitHwIds } from '../../../lab/engine/node-lookup.ts';

describe('hardware ids', () => {
  it('are upper case without separators, none empty, none twice', () => {
    assert.deepEqual(splitHwIds('52:54:00:12:34:56_5254.0012.3456__52-54-00-12-34-57_', false), [
      '525400123456',
      '525400123457',
    ]);
    assert.deepEqual(splitHwIds('abc', false), ['ABC'], 'whatever a node calls itself is kept');
  });
  it('of a faithful lab are what Ruby’s split makes of them', () => {
    assert.deepEqual(splitHwIds('_a__b__', true), ['', 'a', 'b']);
    assert.deepEqual(splitHwIds('', true), []);
    assert.deepEqual(splitHwIds(['52:54', '52:54', ''], true), ['52:54']);
  });
  it('may come as a list, and one that is as it should be stays', () => {
    assert.deepEqual(splitHwIds(['52:54:00:12:34:56', '525400123456', ' '], false), ['525400123456']);
    assert.deepEqual(splitHwIds('525400123456', false), ['525400123456']);
    assert.deepEqual(splitHwIds('525400123456', true), ['525400123456']);
    assert.deepEqual(splitHwIds('52540012345a', true), ['52540012345a']);
  });
  it('lose dots and dashes only where they are a MAC', () => {
    assert.equal(normaliseHwId(' 52.54.00-12-34:5a '), '52540012345A');
    assert.equal(normaliseHwId('a-b.c:d'), 'A-B.CD');
    assert.equal(normaliseHwId('52:54:00:12:34:56:78'), '52540012345678');
    assert.equal(normaliseHwId('52-54-00-12-34-56-78'), '52-54-00-12-34-56-78');
    assert.equal(normaliseHwId('x-52-54-00-12-34-56'), 'X-52-54-00-12-34-56');
    assert.deepEqual(splitHwIds('52540012345A_52540012345B', true), ['52540012345A', '52540012345B']);
  });
  it('are kept up to 64 of them, of 64 printable characters each', () => {
    assert.equal(acceptableHwIds(Array<string>(64).fill('x'.repeat(64))), true);
    assert.equal(acceptableHwIds(Array<string>(65).fill('x')), false);
    assert.equal(acceptableHwIds(['a', 'x'.repeat(65)]), false);
    assert.equal(acceptableHwIds(['a\nb']), false);
    assert.equal(acceptableHwIds([]), true);
  });
});
