import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { logLines, readLogTail } from '../../../agent/status/log-tail.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

test('lines of the log as people read them', () => {
  const time = '2026-11-30T12:34:56.789Z';
  const rows: readonly [entry: unknown, line: string][] = [
    [{ time, level: 30, part: 'loop', msg: 'hello' }, '12:34:56 loop: hello'],
    [{ time, level: 40, msg: 'a' }, '12:34:56 warn: a'],
    [{ level: 50, part: 'x', msg: 'a' }, 'error: x: a'],
    [{ level: 60, msg: 'a' }, 'fatal: a'],
    [{ level: 20, msg: 'a' }, 'debug: a'],
    [{ time: 5, level: '40', part: 5, msg: 'a' }, 'a'],
  ];
  for (const [entry, line] of rows) assert.deepEqual(logLines(JSON.stringify(entry)), [line]);
  assert.deepEqual(logLines('":"cut"}\n{"msg":"a"}\nnull\n5\n{"msg":5}\n\n{"msg":"b"}\n'), ['a', 'b']);
});

test('the last 64 KiB of the file are read', async (t) => {
  const path = join(temporaryDirectory(t), 'log');
  const line = (text: string): string => `${JSON.stringify({ msg: text })}\n`;
  const filler = 'x'.repeat(1000 - line('').length);
  writeFileSync(path, line('first') + line(filler).repeat(66) + line('last'));
  const lines = await readLogTail(path);
  assert.deepEqual([lines.length, lines.at(-1)], [66, 'last']);
  writeFileSync(path, line('first') + line('last'));
  assert.deepEqual(await readLogTail(path), ['first', 'last']);
  assert.deepEqual(await readLogTail(undefined), []);
  assert.deepEqual(await readLogTail(`${path}.none`), []);
});
