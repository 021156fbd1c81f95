import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isExtensionName, parseExtensionList, parseModuleList } from '../../../tinycore/node/lists.ts';

const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

test('an extension that is listed twice has the checksum of either entry; two checksums are a contradiction, which installs neither', () => {
  for (const [list, entries, warnings] of [
    [['x', 'x.tcz'], [['x.tcz', undefined]], []],
    [['x', { name: 'x.tcz', sha256: A }], [['x.tcz', A]], []],
    [[{ name: 'x.tcz', sha256: A }, 'x'], [['x.tcz', A]], []],
    [
      [
        { name: 'x', sha256: A },
        { name: 'x.tcz', sha256: A.toUpperCase() },
      ],
      [['x.tcz', A]],
      [],
    ],
    [
      [{ name: 'x', sha256: A }, 'y', { name: 'x', sha256: B }, { name: 'x', sha256: A }],
      [['y.tcz', undefined]],
      ['x.tcz is listed with two checksums'],
    ],
  ] as const) {
    const parsed = parseExtensionList(bytes(list));
    const found = parsed.entries.map(({ name, sha256 }) => [name, sha256]);
    assert.deepEqual([found, parsed.warnings], [entries, warnings], JSON.stringify(list));
  }
});

test('names of extensions are file names of at most 121 characters and never paths', () => {
  for (const name of ['a', 'A-b_c.d+e', '7z.tcz', 'net-sched-6.1-tinycore64.tcz', 'x'.repeat(121)])
    assert.equal(isExtensionName(name), true, name);
  for (const name of ['', '.a', '-a', '+a', 'a/b', 'a..b', 'a b', 'a\n', 'ä', 'a%2e', 'x'.repeat(122)])
    assert.equal(isExtensionName(name), false, JSON.stringify(name));
});

test('names of modules are at most nine words with slashes between', () => {
  const deep = (parts: number): string => Array.from({ length: parts }, () => 'd').join('/');
  const names = ['a', 'a', 'drivers/net/e1000.ko', deep(9), deep(10), 'a//b', 'a/', '/a', 'a/.b', 'x'.repeat(65), 5];
  const { entries, warnings } = parseModuleList(bytes(names));
  assert.deepEqual(entries, ['a', 'drivers/net/e1000.ko', deep(9)]);
  assert.deepEqual(warnings, [
    ...[deep(10), 'a//b', 'a/', '/a', 'a/.b', 'x'.repeat(65)].map((name) => `"${name}" is not a kernel module`),
    '5 is not a kernel module',
  ]);
});

test('a list has at most 500 entries, also within kmod_list', () => {
  const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `m${at}`);
  assert.equal(parseExtensionList(bytes(names(500))).entries.length, 500);
  assert.equal(parseModuleList(bytes({ kmod_list: names(500) })).entries.length, 500);
  const tooMany = /^Error: it is not a list of at most 500 /;
  assert.throws(() => parseExtensionList(bytes(names(501))), tooMany);
  assert.throws(() => parseModuleList(bytes(names(501))), tooMany);
  assert.throws(() => parseModuleList(bytes({ kmod_list: names(501) })), tooMany);
  assert.throws(() => parseModuleList(Buffer.from('[')), /^Error: it is not JSON$/);
});
