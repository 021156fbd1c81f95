import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLibraries } from '../../../packaging/bundle/libraries.ts';
import { ARCHES, type Arch } from '../../../packaging/project-paths.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const own = process.arch as Arch;

test('the loader and all libraries of a program, those of its libraries too, sorted by name', () => {
  const found = findLibraries(own, '/bin/true');
  const names = found.map(({ name }) => name);
  assert.ok(names.includes(ARCHES[own].loader) && names.includes('libc.so.6'), names.join(' '));
  assert.deepEqual(names, [...new Set(names)].sort());
  assert.ok(found.every(({ path }) => path.startsWith('/')));
});

test('a library that is not there, or of another architecture only, is named with what to install', (t) => {
  const other: Arch = own === 'x64' ? 'arm64' : 'x64';
  const empty = temporaryDirectory(t);
  try {
    findLibraries(other, '/bin/true', [empty]);
  } catch (error) {
    assert.ok(error instanceof RazorMkError && error.code === 'RAZOR_MK_PACKAGE');
    assert.match(error.message, new RegExp(` for ${ARCHES[other].machine} is not on this machine$`));
    assert.match(error.remedy, new RegExp(`libstdc\\+\\+6-${other}-cross.*Looked in ${empty}, `));
    return;
  }
  t.skip(`this machine has libraries for ${other}`);
});
