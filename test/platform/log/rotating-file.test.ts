import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRotatingFile } from '../../../platform/log/rotating-file.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const dir = temporaryDirectory();

const MODULE = new URL('../../../platform/log/rotating-file.ts', import.meta.url).href;

test('a file is rotated before it grows beyond its size, and never more files than asked for are kept', (t) => {
  const path = join(dir, 'a.log');
  const file = openRotatingFile(path, { maxBytes: 1000, files: 4 });
  t.after(() => file.close());
  for (let i = 0; i < 500; i++) file.write(`${String(i).padStart(19, '0')}\n`);
  assert.deepEqual(readdirSync(dir).sort(), ['a.log', 'a.log.0', 'a.log.1', 'a.log.2']);
  const text = ['a.log.2', 'a.log.1', 'a.log.0', 'a.log'].map((name) => readFileSync(join(dir, name), 'utf8'));
  for (const part of text.slice(0, 3)) assert.equal(part.length, 1000, 'full to the last byte');
  const numbers = text.join('').trim().split('\n').map(Number);
  assert.equal(numbers.at(-1), 499);
  assert.ok(
    numbers.every((n, i) => i === 0 || n === (numbers[i - 1] ?? 0) + 1),
    'no line is lost or doubled',
  );
  assert.equal(file.lost, 0);
});

test('a file that was there is continued, and a torn last line is ended first', (t) => {
  const path = join(dir, 'b.log');
  writeFileSync(path, '{"whole":1}\n{"torn":');
  const file = openRotatingFile(path);
  t.after(() => file.close());
  file.write('{"next":1}\n');
  assert.deepEqual(readFileSync(path, 'utf8').split('\n'), ['{"whole":1}', '{"torn":', '{"next":1}', '']);
});

test('a directory that cannot be made costs lines, not the agent, and is tried again', (t) => {
  const blocker = join(dir, 'blocker');
  writeFileSync(blocker, '');
  let now = 0;
  const file = openRotatingFile(join(blocker, 'x.log'), { now: () => now });
  t.after(() => file.close());
  file.write('lost 1\n');
  file.write('lost 2\n');
  assert.equal(file.lost, 2);
  assert.ok(file.trouble);
  rmSync(blocker);
  now = 999;
  file.write('lost 3\n');
  assert.equal(file.lost, 3, 'not before a second has passed');
  now = 1000;
  file.write('written\n');
  assert.equal(file.trouble, undefined);
  file.close();
  file.write('after the end\n');
  const lines = readFileSync(join(blocker, 'x.log'), 'utf8').trim().split('\n');
  assert.equal((JSON.parse(lines[0] ?? '') as { lost: number }).lost, 3);
  assert.deepEqual(lines.slice(1), ['written']);
});

test('a file that cannot be rotated does not grow for ever either', (t) => {
  const path = join(dir, 'stuck.log');
  mkdirSync(`${path}.0/in/the/way`, { recursive: true });
  const file = openRotatingFile(path, { maxBytes: 1000, files: 2, now: () => 0 });
  t.after(() => file.close());
  const line = `${'x'.repeat(99)}\n`;
  for (let i = 0; i < 50; i++) file.write(line);
  const { size } = statSync(path);
  assert.ok(size > 1000 && size <= 2 * 1000 + line.length, `${size} bytes`);
  assert.equal(file.lost, 50 - size / line.length);
  assert.notEqual(file.trouble, undefined);
  rmSync(`${path}.0`, { recursive: true });
  file.write('back\n');
  assert.equal(file.trouble, undefined);
  assert.match(readFileSync(path, 'utf8'), new RegExp(`^\\{.*"lost":${file.lost}\\}\nback\n$`));
});

test('a file is rotated when it is asked for, unless it is empty; with one file there is no other', (t) => {
  const [kept, alone] = [join(dir, 'asked.log'), join(dir, 'alone.log')];
  const file = openRotatingFile(kept, { files: 3 });
  t.after(() => file.close());
  file.rotate();
  assert.ok(!existsSync(`${kept}.0`), 'nothing was in it');
  file.write('one\n');
  file.rotate();
  file.write('two\n');
  assert.deepEqual([readFileSync(`${kept}.0`, 'utf8'), readFileSync(kept, 'utf8')], ['one\n', 'two\n']);
  const single = openRotatingFile(alone, { files: 1, maxBytes: 10 });
  t.after(() => single.close());
  for (const text of ['12345\n', '67890\n']) single.write(text);
  assert.equal(readFileSync(alone, 'utf8'), '67890\n');
  assert.deepEqual(
    readdirSync(dir).filter((name) => name.startsWith('alone')),
    ['alone.log'],
  );
});

test('after kill -9 in the middle of writing every line but the last is whole, and writing goes on', async (t) => {
  const path = join(dir, 'killed.log');
  const code = `const { openRotatingFile } = await import(${JSON.stringify(MODULE)});
    const f = openRotatingFile(${JSON.stringify(path)}, { maxBytes: 20000, files: 3 });
    for (let i = 0; ; i++) { f.write(JSON.stringify({ i, pad: 'x'.repeat(i % 300) }) + '\\n'); if (i === 200) process.stdout.write('go'); }`;
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const file = openRotatingFile(path, { maxBytes: 20_000, files: 3 });
    t.after(() => file.close());
    file.write('{"after":"kill"}\n');
    file.close();
    const text = readFileSync(path, 'utf8');
    assert.ok(text.endsWith('{"after":"kill"}\n'));
    const bad = text.split('\n').filter((line) => line !== '' && !isJson(line));
    assert.ok(bad.length <= round + 1, `at most one torn line a kill: ${bad.length}`);
    assert.ok(statSync(path).size <= 20_000);
  }
});

test('a full disk: old files give way, then lines are counted as lost, and their number is told when there is room', (t) => {
  const probe = spawnSync('unshare', ['-m', 'true']);
  if (process.getuid?.() !== 0 || probe.status !== 0) {
    return t.skip('needs root and mount namespaces (unshare -m) for a small tmpfs');
  }
  const mount = temporaryDirectory(t);
  const code = `const { openRotatingFile } = await import(${JSON.stringify(MODULE)});
    const { appendFileSync, rmSync, readFileSync, readdirSync } = await import('node:fs');
    const at = ${JSON.stringify(mount)};
    const f = openRotatingFile(at + '/x.log', { maxBytes: 20000, files: 4 });
    const line = 'x'.repeat(99) + '\\n';
    for (let i = 0; i < 500; i++) f.write(line);
    const before = readdirSync(at);
    const hog = () => { try { appendFileSync(at + '/hog', Buffer.alloc(1 << 20)); } catch {} };
    for (let i = 0; i < 1000; i++) { hog(); f.write(line); }
    const during = { lost: f.lost, trouble: f.trouble, files: readdirSync(at) };
    rmSync(at + '/hog');
    f.write('back\\n');
    const text = readFileSync(at + '/x.log', 'utf8');
    console.log(JSON.stringify({ before, during, text, tail: text.trim().split('\\n').slice(-2), trouble: f.trouble ?? null }));`;
  const argv = ['-m', 'sh', '-c', 'mount -t tmpfs -o size=128k none "$1" && exec "$2" --input-type=module -e "$3"'];
  const result = spawnSync('unshare', [...argv, 'sh', mount, process.execPath, code], { encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  const seen = JSON.parse(result.stdout) as {
    before: string[];
    during: { lost: number; trouble: string; files: string[] };
    text: string;
    tail: string[];
    trouble: string | null;
  };
  assert.ok(seen.before.includes('x.log.0'));
  assert.ok(seen.during.lost > 0);
  assert.equal(seen.during.trouble, 'ENOSPC');
  assert.ok(!seen.during.files.includes('x.log.0'), 'the old files gave way first');
  assert.match(seen.tail[0] ?? '', new RegExp(`${seen.during.lost} log lines could not be written: ENOSPC`));
  assert.equal(seen.tail[1], 'back');
  assert.equal(seen.trouble, null);
  const glued = seen.text.split('\n').filter((line) => !/^(x*|\{.*\}|back)$/.test(line));
  assert.deepEqual(glued, [], 'a line that was torn by the full disk is ended before the next one');
  assert.ok(
    seen.text.split('\n').some((line) => /^x{1,98}$/.test(line)),
    'one was torn',
  );
  assert.ok(!existsSync(join(mount, 'x.log')), 'nothing is left outside the namespace');
});

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
