import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffPushed, examinePushed, isFault, pushedText, shownChanges } from '../../../agent/config/pushed.ts';

const HTTP = 'http://razor:8026';

test('keys that are good are taken over; one that is refused keeps what it was', () => {
  const { accepted, refused } = examinePushed(
    {
      mk_checkin_interval: 60,
      mk_checkin_skew: 'x',
      mk_log_level: 'Logger::ERROR',
      mk_gemlist_uri: {},
      mk_own: 'y',
      Other: 1,
    },
    { mk_checkin_skew: 5, mk_old: 1 },
    HTTP,
  );
  assert.deepEqual(accepted, {
    mk_checkin_interval: 60,
    mk_checkin_skew: 5,
    mk_log_level: 'Logger::ERROR',
    mk_gemlist_uri: {},
    mk_own: 'y',
  });
  assert.deepEqual(refused, [
    { key: 'mk_checkin_skew', value: '"x"', reason: 'is not a number' },
    { key: 'Other', value: '1', reason: 'is not a key of a configuration' },
  ]);
});

test('what is no key or no plain value is refused', () => {
  const reason = (key: string, value: unknown): string | undefined =>
    examinePushed({ [key]: value }, {}, HTTP).refused[0]?.reason;
  for (const key of ['mk_', 'mk_A', 'xmk_a', 'mk_a-b', `mk_${'a'.repeat(61)}`, 'mk_a\n'])
    assert.equal(reason(key, 1), 'is not a key of a configuration', key);
  for (const value of [{}, [], null, 'x'.repeat(4097)]) assert.equal(reason('mk_own', value), 'is not a plain value');
  for (const value of [1, true, 'x'.repeat(4096)]) assert.equal(reason('mk_own', value), undefined);
  assert.equal(reason(`mk_${'a'.repeat(60)}`, 1), undefined);
});

test('a URI without a number behind its colon is refused, and no fault', () => {
  for (const uri of ['http://localhost:', 'HTTP://localhost:/tinycore', 'https://h:?x', 'http://h:#x']) {
    const [refusal] = examinePushed({ mk_tce_mirror_uri: uri }, {}, HTTP).refused;
    assert.equal(refusal?.reason, 'has an empty port', uri);
    assert.equal(refusal && isFault(refusal), false);
  }
  const [other] = examinePushed({ mk_checkin_interval: 'x' }, {}, HTTP).refused;
  assert.equal(other && isFault(other), true);
  assert.deepEqual(examinePushed({ mk_tce_mirror_uri: 'http://h:80/x:/y' }, {}, HTTP).refused, []);
});

test('a push never moves a node from https to http', () => {
  const moves = (server: string, uri: string): boolean =>
    examinePushed({ mk_uri: uri }, {}, server).refused.length === 0;
  assert.equal(moves('https://razor', 'http://razor'), false);
  assert.equal(moves('https://razor', 'razor:8026'), false);
  assert.equal(moves('HTTPS://razor', 'https://other'), true);
  assert.equal(moves(HTTP, 'http://other'), true);
  assert.equal(moves(HTTP, 'https://other'), true);
});

test('two hundred keys are looked at, and refusals are short', () => {
  const keys = Array.from({ length: 201 }, (_, index) => [`mk_own_${index}`, index]);
  assert.equal(Object.keys(examinePushed(Object.fromEntries(keys), {}, HTTP).accepted).length, 200);
  const [refusal] = examinePushed({ ['X'.repeat(150)]: 'y'.repeat(150) }, {}, HTTP).refused;
  assert.deepEqual([refusal?.key, refusal?.value], ['X'.repeat(100), `"${'y'.repeat(99)}`]);
});

test('secrets are shown nowhere', () => {
  assert.doesNotMatch(examinePushed({ mk_password: {} }, {}, HTTP).refused[0]?.value ?? '', /\{/);
  assert.equal(pushedText('mk_own', undefined), 'unset');
  assert.equal(pushedText('mk_own', { a: 1 }), '{"a":1}');
  assert.equal(pushedText('mk_token', 'hunter2').includes('hunter2'), false);
  assert.equal(pushedText('mk_own', 'http://u:hunter2@h').includes('hunter2'), false);
  const [token, url, gone, number] = shownChanges([
    { key: 'mk_token', from: 'hunter2', to: undefined },
    { key: 'mk_url', from: undefined, to: 'http://u:hunter2@h' },
    { key: 'mk_own', from: 'a', to: undefined },
    { key: 'mk_own', from: 1, to: 2 },
  ]);
  assert.equal(JSON.stringify([token, url]).includes('hunter2'), false);
  assert.deepEqual(
    [token?.to, url?.from, gone, number],
    [undefined, undefined, { key: 'mk_own', from: 'a', to: undefined }, { key: 'mk_own', from: 1, to: 2 }],
  );
});

test('what changes, by key and sorted', () => {
  assert.deepEqual(diffPushed({ b: 1, a: 1, same: { x: 1 } }, { c: 2, a: '1', same: { x: 1 } }), [
    { key: 'a', from: 1, to: '1' },
    { key: 'b', from: 1, to: undefined },
    { key: 'c', from: undefined, to: 2 },
  ]);
});
