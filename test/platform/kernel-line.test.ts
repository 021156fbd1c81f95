import assert from 'node:assert/strict';
import { test } from 'node:test';
import { macOfBootif, parseCommandLine, splitKernelWords } from '../../platform/kernel-line.ts';

test('words, quotes and the last of doubled parameters are the kernel’s (kernel-parameters.rst)', () => {
  const line = parseCommandLine('a="1 2" "b=3 4" c d= e=f=g a=last x="y"z=1 "q" =w dyndbg="file ec.c +p"');
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e', 'q', 'absent', 'dyndbg'].map((name) => line.value(name)),
    ['last', '3 4', '', '', 'f=g', '', undefined, 'file ec.c +p'],
  );
  assert.deepEqual(line.all('a'), ['1 2', 'last']);
  assert.equal(line.value('=w'), '', 'a word that begins with = has no name before it');
  assert.equal(line.value('x'), 'y"z=1', 'only a quote at the very end is taken off');
});

test('a dash and an underscore are the same in names, as in the kernel; case and values are left as they are', () => {
  const line = parseCommandLine('razor.allow-deploy=a_b log_buf_len=1M ipa-api-url=http://a-b BOOTIF=x');
  assert.equal(line.value('razor.allow_deploy'), 'a_b');
  assert.equal(line.value('log-buf-len'), '1M');
  assert.equal(line.value('ipa_api_url'), 'http://a-b');
  assert.equal(line.value('bootif'), undefined);
  assert.deepEqual(parseCommandLine('a-b=1 a_b=2').all('a-b'), ['1', '2']);
  assert.deepEqual(parseCommandLine('a-b=1 a_b=2').keys, ['a-b', 'a_b']);
});

test('a quote that is never closed ends with the line, and blanks of every kind part words', () => {
  assert.deepEqual(
    splitKernelWords('a\tb\nc\0d="e f').map(({ name, value }) => [name, value]),
    [
      ['a', ''],
      ['b', ''],
      ['c', ''],
      ['d', 'e f'],
    ],
  );
});

test('texts of programs without quotes keep them', () => {
  assert.deepEqual(splitKernelWords('a="1 2" b', { quotes: false }), [
    { name: 'a', value: '"1' },
    { name: '2"', value: '' },
    { name: 'b', value: '' },
  ]);
});

test('BOOTIF of PXELINUX, of iPXE and in capitals; anything else is no address', () => {
  for (const text of ['01-52-54-00-12-34-56', '52:54:00:12:34:56', '52-54-00-12-34-56', '01:52:54:00:12:34:56']) {
    assert.equal(macOfBootif(text), '52:54:00:12:34:56', text);
    assert.equal(macOfBootif(text.toUpperCase()), '52:54:00:12:34:56', text);
  }
  assert.equal(macOfBootif('20-52-54-00-12-34-56'), '52:54:00:12:34:56', 'InfiniBand’s hardware type');
  for (const text of [undefined, '', 'eth0', '52-54-00-12-34', '01-52-54-00-12-34-56-78', '01-52-54-00-12-34-5g'])
    assert.equal(macOfBootif(text), undefined, text);
});
