import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../packaging/project-paths.ts';
import { run } from '../../../platform/process/run.ts';

const scripts = ['overlay', 'extension', 'base'].flatMap((room) => {
  const root = join(PROJECT, 'tinycore', room);
  try {
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => readFileSync(path, 'utf8').startsWith('#!/bin/sh'));
  } catch {
    return [];
  }
});
const installed = (await run(['shellcheck', '--version'])).status === 0;

test(
  'every shell script of the image is clean under shellcheck',
  { skip: installed ? false : 'shellcheck is not installed' },
  async () => {
    assert.ok(scripts.length >= 15, `${scripts.length} scripts found`);
    const result = await run(['shellcheck', '-x', '-P', 'SCRIPTDIR', '-s', 'dash', ...scripts]);
    assert.equal(result.stdout.toString('utf8'), '');
    assert.equal(result.status, 0);
  },
);

test('every shell script of the image is understood by a POSIX shell', async () => {
  for (const script of scripts) {
    const result = await run(['sh', '-n', script]);
    assert.equal(result.stderr.toString('utf8'), '', script);
    assert.equal(result.status, 0, script);
  }
});
