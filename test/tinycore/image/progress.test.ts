import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Host } from '../../../platform/process/verb.ts';
import { createProgress, megabytes } from '../../../tinycore/image/progress.ts';

function host(interactive: boolean, columns: number): { host: Host; said: string[] } {
  const said: string[] = [];
  return { said, host: { interactive, columns, err: (text: string) => void said.push(text) } as unknown as Host };
}

test('on a terminal a step overwrites the line of the one before, never wraps, and its seconds go on', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { said, host: terminal } = host(true, 20);
  const progress = createProgress(terminal);
  progress.step('reading a file with a long name');
  t.mock.timers.tick(1000);
  progress.done();
  const wipe = `\r${' '.repeat(19)}\r`;
  assert.match(said[0] ?? '', new RegExp(`^${wipe} {2}\\d\\.\\d s {2}reading a $`));
  assert.equal(said[1]?.slice(-7), 'ding a ');
  assert.equal(said[2], wipe);
});

test('in a pipe short work says nothing, and long work a line every five seconds', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { said, host: pipe } = host(false, 80);
  const progress = createProgress(pipe);
  progress.step('reading');
  t.mock.timers.tick(4999);
  assert.deepEqual(said, []);
  t.mock.timers.tick(1);
  assert.match(said.join(''), /^ {2}\d\.\d s {2}reading …\n$/);
  progress.done();
  t.mock.timers.tick(60_000);
  assert.equal(said.length, 1);
});

test('a terminal of no width is survived', () => {
  const { said, host: narrow } = host(true, 0);
  createProgress(narrow).done();
  assert.deepEqual(said, ['\r\r']);
});

test('sizes are in millions of bytes', () => {
  assert.deepEqual([0, 49_999, 50_000, 40_300_000].map(megabytes), ['0.0 MB', '0.0 MB', '0.1 MB', '40.3 MB']);
});
