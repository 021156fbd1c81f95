import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const MODULE = join(import.meta.dirname, '../../../platform/process/standard-output.ts');

/** A program that writes so many lines, then says on standard error that it came to its end. */
const WRITES = (lines: number): string[] => [
  '--input-type=module',
  '-e',
  `import { writerOf } from ${JSON.stringify(MODULE)};
   const write = writerOf(1, () => process.stdout, (code) => { process.stderr.write(String(code)); process.exit(7); });
   for (let line = 0; line < ${lines}; line++) write(\`\${line} ${'ä'.repeat(40)}\\n\`);
   process.stderr.write('end');`,
];

test('all of a long text goes through a non-blocking pipe to a slow reader, in its order', async () => {
  // Node makes the pipes of a child that it reads non-blocking sockets
  const child = spawn(process.execPath, WRITES(20_000), { stdio: ['ignore', 'pipe', 'pipe'] });
  const pieces: Buffer[] = [];
  child.stdout.pause();
  await new Promise((resolve) => setTimeout(resolve, 50));
  child.stdout.on('data', (piece: Buffer) => pieces.push(piece)).resume();
  child.stderr.resume();
  const status = await new Promise((resolve) => child.on('close', resolve));
  const lines = Buffer.concat(pieces).toString('utf8').split('\n');
  assert.equal(status, 0);
  assert.equal(lines.length, 20_001);
  assert.ok(lines.slice(0, -1).every((line, index) => line === `${index} ${'ä'.repeat(40)}`));
});

test('a reader that has gone away and a device without room are told by their codes', () => {
  const argv = (to: string): string[] => ['-c', `"$@" ${to}`, 'sh', process.execPath, ...WRITES(20_000)];
  const full = spawnSync('sh', argv('>/dev/full'));
  assert.equal(full.stderr.toString(), 'ENOSPC');
  assert.equal(full.status, 7);
  const gone = spawnSync('sh', argv('| true'));
  assert.equal(gone.stderr.toString(), 'EPIPE');
});
