import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeConsole } from '../../../agent/node/console.ts';

test('a line reaches the console, and a console that is not there is no error', () => {
  const dir = mkdtempSync(join(tmpdir(), 'razor-mk-console-'));
  const path = join(dir, 'console');
  writeFileSync(path, '');
  writeConsole('MK Loaded: v1', path);
  assert.equal(readFileSync(path, 'latin1'), 'MK Loaded: v1\r\n');
  writeConsole('lost', join(dir, 'absent'));
  rmSync(dir, { recursive: true });
});
