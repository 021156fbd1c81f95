import assert from 'node:assert/strict';
import { test } from 'node:test';
import { madeUpSources } from '../../helpers/memory-origin.ts';

test('the first line without blanks around it; an empty one is none', () => {
  const sources = madeUpSources({
    files: { '/a': '  one \ntwo\n', '/b': 'alone', '/c': '\nlater\n', '/d': '' },
  });
  assert.deepEqual(
    ['/a', '/b', '/c', '/d', '/e'].map((path) => sources.line(path)),
    ['one', 'alone', undefined, undefined, undefined],
  );
});

test('a whole number is decimal or hexadecimal, of a size that is exact', () => {
  const texts = [
    '7',
    '-7',
    '0x1F',
    '-0x10',
    '123456789012345',
    '1234567890123456',
    '0xffffffffffff',
    '0xfffffffffffff',
    '7 kB',
    '1.5',
    'x7',
    '',
  ];
  const files = Object.fromEntries(texts.map((text, i) => [`/n${i}`, `${text}\n`]));
  const sources = madeUpSources({ files });
  assert.deepEqual(
    texts.map((_, i) => sources.int(`/n${i}`)),
    [
      7,
      -7,
      31,
      undefined,
      123_456_789_012_345,
      undefined,
      281_474_976_710_655,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ],
  );
  assert.equal(sources.int('/missing'), undefined);
});

test('a text that is no UTF-8 is Latin-1', () => {
  const sources = madeUpSources({ files: { '/utf8': Buffer.from('ä'), '/latin1': Buffer.from([0xe4]) } });
  assert.deepEqual([sources.text('/utf8'), sources.text('/latin1')], ['ä', 'ä']);
});

test('what cannot be read is noted: a refusal apart from a failure, and a file that is not there not at all', () => {
  const sources = madeUpSources({ files: {}, failing: { '/denied': 'EACCES', '/broken': 'EIO' } });
  for (const path of ['/denied', '/broken', '/missing']) assert.equal(sources.bytes(path), undefined);
  assert.deepEqual(sources.denied, ['/denied']);
  assert.deepEqual(sources.failures, [{ path: '/broken', code: 'EIO' }]);
});

test('what a link leads to, and the last part of that', () => {
  const sources = madeUpSources({
    files: { '/driver': '-> ../../bus/drivers/e1000', '/slash': '-> drivers/', '/file': 'x' },
  });
  assert.equal(sources.link('/driver'), '../../bus/drivers/e1000');
  assert.deepEqual(
    ['/driver', '/slash', '/file', '/missing'].map((path) => sources.linkName(path)),
    ['e1000', undefined, undefined, undefined],
  );
});

test('a file that was read exists, and so do directories; each program is run once', async () => {
  const sources = madeUpSources({ files: { '/d/a': 'x' }, programs: { 'uname -r': '6.1\n' } });
  assert.equal(sources.text('/d/a'), 'x');
  assert.deepEqual(
    ['/d/a', '/d', '/e'].map((path) => sources.exists(path)),
    [true, true, false],
  );
  assert.deepEqual(sources.list('/d'), ['a']);
  assert.deepEqual(sources.list('/e'), []);
  assert.equal(await sources.run(['uname', '-r']), await sources.run(['uname', '-r']));
  assert.notEqual(await sources.run(['uname', '-r']), await sources.fresh().run(['uname', '-r']));
});

test('slow files are read ahead, once', async () => {
  const sources = madeUpSources({ files: { '/slow': 'x' } });
  await sources.prefetch(['/slow', '/slow', '/missing']);
  assert.equal(sources.text('/slow'), 'x');
});
