import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HOME, layOutExtension } from '../../../packaging/extension/extension-package.ts';
import { ARCHES } from '../../../packaging/project-paths.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

test('the extension’s tree: executable, libraries, licences and inventory, with fixed modes and times', (t) => {
  const from = temporaryDirectory(t);
  const to = join(temporaryDirectory(t), 'tree');
  mkdirSync(to, 0o700);
  const file = (name: string): string => {
    writeFileSync(join(from, name), name, { mode: 0o600 });
    return join(from, name);
  };
  const { loader } = ARCHES.x64;
  layOutExtension(to, {
    arch: 'x64',
    executable: file('program'),
    libraries: [
      { name: 'libc.so.6', path: file('libc') },
      { name: loader, path: file('loader') },
    ] as unknown as Parameters<typeof layOutExtension>[1]['libraries'],
    licences: file('licences'),
    sbom: file('sbom'),
    epoch: 1_000_000,
  });
  const mode = (path: string): string => (statSync(join(to, path)).mode & 0o7777).toString(8);
  assert.equal(readFileSync(join(to, HOME, 'razor-mk'), 'utf8'), 'program');
  assert.equal(readFileSync(join(to, HOME, 'libc.so.6'), 'utf8'), 'libc');
  assert.equal(readFileSync(join(to, 'usr/local/share/doc/razor-mk/LICENCES.txt'), 'utf8'), 'licences');
  assert.equal(readFileSync(join(to, 'usr/local/share/doc/razor-mk/sbom.cdx.json'), 'utf8'), 'sbom');
  assert.deepEqual(
    [
      '.',
      HOME,
      `${HOME}/razor-mk`,
      `${HOME}/${loader}`,
      `${HOME}/libc.so.6`,
      'usr/local/share/doc/razor-mk/LICENCES.txt',
    ].map(mode),
    ['755', '755', '755', '755', '644', '644'],
  );
  for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory()) assert.equal(statSync(path).mtimeMs, 1_000_000_000, path);
  }
});
