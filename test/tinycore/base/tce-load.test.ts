/** The base's own tce-load, which people and a base without ours call: what a mirror's files may make of it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../../packaging/project-paths.ts';
import { run } from '../../../platform/process/run.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const SCRIPT = readFileSync(join(PROJECT, 'tinycore/base/usr/bin/tce-load'), 'utf8');
/** Its functions that are asked here; the rest works on fixed places of a real machine. */
const FUNCTIONS = ['plain', 'names', 'check'].map((name) => {
  const text = new RegExp(`^${name}\\(\\) \\{\\n[^]*?^\\}`, 'm').exec(SCRIPT)?.[0];
  return text ?? assert.fail(`tce-load has no function ${name}`);
});

test('a mirror’s .dep gives names and never paths, options or patterns', async (t) => {
  const dir = temporaryDirectory(t);
  const bad = [
    '../../../etc/x.tcz',
    '/etc/x.tcz',
    'a/b.tcz',
    '-rf.tcz',
    '*.tcz',
    '$(id).tcz',
    '..tcz',
    'a..b.tcz',
    'x.txt',
    'a b.tcz',
  ];
  writeFileSync(join(dir, 'a.tcz.dep'), ['good.tcz  ', '', ...bad, 'fs-KERNEL.tcz'].join('\n') + '\n');
  for (const shell of [['dash'], ['busybox', 'sh']] as const) {
    const program = [...FUNCTIONS, 'uname() { echo 6.1.0; }', `names '${dir}/a.tcz.dep'`].join('\n');
    const { stdout, stderr } = await run([...shell, '-c', program], { timeoutMs: 10_000 });
    assert.equal(stdout.toString(), 'good.tcz\nfs-6.1.0.tcz\n', shell[0]);
    assert.equal(stderr.toString().split('\n').length - 1, bad.length);
  }
});

test('a file without a checksum, or with another one, does not pass', async (t) => {
  const file = join(temporaryDirectory(t), 'a.tcz');
  writeFileSync(file, 'A');
  const passes = async (): Promise<boolean> =>
    (await run(['sh', '-c', [...FUNCTIONS, `check '${file}'`].join('\n')], { timeoutMs: 10_000 })).status === 0;
  assert.equal(await passes(), false);
  writeFileSync(`${file}.md5.txt`, `${'0'.repeat(32)}  a.tcz\n`);
  assert.equal(await passes(), false);
  writeFileSync(`${file}.md5.txt`, '7fc56270e7a70fa81a5935b72eacbe29  a.tcz\n');
  assert.equal(await passes(), true);
});
