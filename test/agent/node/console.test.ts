import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openConsole } from '../../../agent/node/console.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

test('a line reaches the console and, where it should, the output; a console that is not there is not an error', () => {
  const dir = temporaryDirectory();
  const path = join(dir, 'console');
  writeFileSync(path, '');
  const output: string[] = [];
  const { console, both } = openConsole((line) => output.push(line), true, path);
  console('the machine restarts');
  assert.deepEqual([readFileSync(path, 'latin1'), output], ['the machine restarts\r\n', []]);
  writeFileSync(path, '');
  both('MK Loaded: v1');
  assert.deepEqual([readFileSync(path, 'latin1'), output], ['MK Loaded: v1\r\n', ['MK Loaded: v1']]);
  openConsole(() => undefined, true, join(dir, 'absent')).console('lost');
});

test('an output that is the console itself gets its lines once', () => {
  const path = join(temporaryDirectory(), 'console');
  writeFileSync(path, '');
  const output: string[] = [];
  const { console, both } = openConsole((line) => output.push(line), false, path);
  console('a warning, which the log has already');
  both('MK Loaded: v1');
  assert.deepEqual([readFileSync(path, 'latin1'), output], ['', ['MK Loaded: v1']]);
});

test('neither secrets nor what moves the cursor gets through, to the console and to the output', () => {
  const path = join(temporaryDirectory(), 'console');
  writeFileSync(path, '');
  const output: string[] = [];
  openConsole((line) => output.push(line), true, path).both('token=hunter2 \u001b[2J\u009b1m\nforged: line');
  assert.deepEqual(output, ['token=[redacted] ?[2J?1m?forged: line']);
  assert.equal(readFileSync(path, 'latin1'), `${output[0]}\r\n`);
});
