import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openRotatingFile } from '../../../platform/log/rotating-file.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const dir = temporaryDirectory();

const MODULE = new URL('../../../platform/log/rotating-file.ts', import.meta.url).href;

test('a file is rotated before it grows beyond its size, and never more files than asked for are kept', () => {
  const path = join(dir, 'a.log');
  const file = openRotatingFile(path, { maxBytes: 1000, files: 4 });
  for (let i = 0; i < 500; i++) file.write(`${String(i).padStart(19, '0')}\n`);
  file.close();
  assert.deepEqual(readdirSync(dir).sort(), ['a.log', 'a.log.0', 'a.log.1', 'a.log.2']);
  const text = ['a.log.2', 'a.log.1', 'a.log.0', 'a.log'].map((name) => readFileSync(join(dir, name), 'utf8'));
  for (const part of text) assert.ok(part.length <= 1000);
  const numbers = text.join('').trim().split('\n').map(Number);
  assert.equal(numbers.at(-1), 499);
  assert.ok(
    numbers.every((n, i) => i === 0 || n === (numbers[i - 1] ?? 0) + 1),
    'no line is lost or doubled',
  );
  assert.equal(file.lost, 0);
});

test('a file that was there is continued, and a torn last line is ended first', () => {
  const path = join(dir, 'b.log');
  writeFileSync(path, '{"whole":1}\n{"torn":');
  const file = openRotatingFile(path);
  file.write('{"next":1}\n');
  file.close();
  assert.deepEqual(readFileSync(path, 'utf8').split('\n'), ['{"whole":1}', '{"torn":', '{"next":1}', '']);
});

test('a directory that cannot be made costs lines, not the agent, and is tried again', () => {
  const blocker = join(dir, 'blocker');
  writeFileSync(blocker, '');
  let now = 0;
  const file = openRotatingFile(join(blocker, 'x.log'), { now: () => now });
  file.write('lost 1\n');
  file.write('lost 2\n');
  assert.equal(file.lost, 2);
  assert.ok(file.trouble);
  rmSync(blocker);
  now = 5000;
  file.write('written\n');
  file.close();
  const lines = readFileSync(join(blocker, 'x.log'), 'utf8').trim().split('\n');
  assert.equal((JSON.parse(lines[0] ?? '') as { lost: number }).lost, 2);
  assert.equal(lines[1], 'written');
});

test('after kill -9 in the middle of writing every line but the last is whole, and writing goes on', async () => {
  const path = join(dir, 'killed.log');
  const code = `const { openRotatingFile } = await import(${JSON.stringify(MODULE)});
    const f = openRotatingFile(${JSON.stringify(path)}, { maxBytes: 20000, files: 3 });
    for (let i = 0; ; i++) { f.write(JSON.stringify({ i, pad: 'x'.repeat(i % 300) }) + '\\n'); if (i === 200) process.stdout.write('go'); }`;
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const file = openRotatingFile(path, { maxBytes: 20_000, files: 3 });
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
    console.log(JSON.stringify({ before, during, tail: text.trim().split('\\n').slice(-2), trouble: f.trouble ?? null }));`;
  const argv = ['-m', 'sh', '-c', 'mount -t tmpfs -o size=128k none "$1" && exec "$2" --input-type=module -e "$3"'];
  const result = spawnSync('unshare', [...argv, 'sh', mount, process.execPath, code], { encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  const seen = JSON.parse(result.stdout) as {
    before: string[];
    during: { lost: number; trouble: string; files: string[] };
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
