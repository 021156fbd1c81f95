import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { highestVersion, readElf } from '../../../packaging/executable/elf.ts';

test('of this Node’s binary the machine, the libraries and the versions of their symbols are read', () => {
  const elf = readElf(readFileSync(process.execPath));
  assert.equal(elf.machine, process.arch === 'x64' ? 62 : 183);
  assert.ok(elf.needed.includes('libstdc++.so.6') && elf.needed.includes('libc.so.6'));
  assert.match(highestVersion(elf, 'GLIBC') ?? '', /^2\.\d+$/);
  assert.ok((elf.versions.get('libc.so.6') ?? []).every((version) => /^GLIBC_/.test(version)));
});

test('versions are compared as numbers: GLIBC 2.9 is older than 2.28', () => {
  const versions = new Map([
    ['libm.so.6', ['GLIBC_2.29', 'GLIBC_2.9']],
    ['libc.so.6', ['GLIBC_2.2.5', 'GLIBC_2.34', 'GLIBC_2.4', 'GLIBC_PRIVATE', 'GLIBCXX_3.4.30']],
  ]);
  const elf = { machine: 62, needed: [], versions };
  assert.equal(highestVersion(elf, 'GLIBC'), '2.34');
  assert.equal(highestVersion({ ...elf, versions: new Map([['a', ['GLIBC_2.28', 'GLIBC_2.9']]]) }, 'GLIBC'), '2.28');
  assert.equal(highestVersion(elf, 'GLIBCXX'), '3.4.30');
  assert.equal(highestVersion(elf, 'NOBODY'), undefined);
});

test('what is not a 64-bit little-endian ELF file, or is cut off, is refused as such', () => {
  assert.throws(() => readElf(Buffer.from('#!/bin/sh\n')), /not an ELF file/);
  assert.throws(() => readElf(Buffer.alloc(100)), /not an ELF file/);
  const head = readFileSync(process.execPath).subarray(0, 64);
  for (const at of [4, 5]) {
    const other = Buffer.from(head);
    other[at] = 3 - (other[at] ?? 0);
    assert.throws(() => readElf(other), /not a 64-bit little-endian ELF file/);
  }
  assert.throws(() => readElf(head), /outside the file/);
});
