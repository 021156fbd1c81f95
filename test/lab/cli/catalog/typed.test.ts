import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonOf, pairs, parseMatcher, tagWords } from '../../../../lab/cli/catalog/typed.ts';

const USAGE = { code: 'RAZOR_MK_USAGE' };

describe('what people type', () => {
  it('as NAME=VALUE is split at the first sign', () => {
    assert.deepEqual(pairs(undefined), {});
    assert.deepEqual(pairs(['a=1', 'b=x=y', 'c=', 'a=2']), { a: '2', b: 'x=y', c: '' });
    for (const word of ['a', '=1', '']) {
      assert.throws(() => pairs([word]), { ...USAGE, message: `${word} is not NAME=VALUE` });
    }
  });

  it('as JSON is read, and the option is named where it is none', () => {
    assert.deepEqual(jsonOf('{"a":[1]}', '--tag'), { a: [1] });
    assert.throws(() => jsonOf('{a', '--tag'), { ...USAGE, message: /^--tag is not valid JSON: \S/ });
  });

  it('as a matcher is a fact, a comparison and a value, which may hold signs and line breaks', () => {
    const of = (word: string): unknown[] => Object.values(parseMatcher(word));
    assert.deepEqual(parseMatcher('cpu=4'), { key: 'cpu', compare: 'equal', value: '4', inverse: false });
    assert.deepEqual(of('cpu!=4'), ['cpu', 'equal', '4', true]);
    assert.deepEqual(of('name~^a=b'), ['name', 'like', '^a=b', false]);
    assert.deepEqual(of('name!~a\nb'), ['name', 'like', 'a\nb', true]);
    assert.deepEqual(of('serial='), ['serial', 'equal', '', false]);
    for (const word of ['cpu', '=4', '!=4', 'cpu!4', '!cpu=4', '']) {
      assert.throws(() => parseMatcher(word), { ...USAGE, message: /is not FACT=VALUE, FACT!=VALUE/ }, word);
    }
  });

  it('as tags is cut at commas and blanks', () => {
    assert.equal(tagWords(undefined), undefined);
    assert.deepEqual(tagWords(['a,b c', ' d ,', '']), ['a', 'b', 'c', 'd']);
    assert.deepEqual(tagWords([]), []);
  });
});
