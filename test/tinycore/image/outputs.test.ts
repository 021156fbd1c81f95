import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownMark } from '../../../platform/leftovers.ts';
import { run } from '../../../platform/process/run.ts';
import { openOutputs } from '../../../tinycore/image/outputs.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

test('nothing has its final name before all of it is written', async (t) => {
  const out = temporaryDirectory(t);
  writeFileSync(join(out, 'vmlinuz'), 'old kernel');
  writeFileSync(join(out, 'core.gz'), 'old initrd');
  const outputs = openOutputs();
  outputs.file(join(out, 'vmlinuz'), 'new kernel');
  outputs.file(join(out, 'core.gz'), 'new initrd');
  assert.equal(readFileSync(join(out, 'vmlinuz'), 'utf8'), 'old kernel');
  const failed = outputs.written(join(out, 'image.iso'), (beside) => {
    writeFileSync(beside, 'half');
    return Promise.reject(new Error('disk full'));
  });
  await assert.rejects(failed, /disk full/);
  outputs.discard();
  assert.deepEqual(readdirSync(out).sort(), ['core.gz', 'vmlinuz']);
  assert.equal(readFileSync(join(out, 'vmlinuz'), 'utf8'), 'old kernel');
});

test('commit puts files and directories in place of the old ones and says how large they are', (t) => {
  const out = temporaryDirectory(t);
  mkdirSync(join(out, 'image/boot'), { recursive: true });
  writeFileSync(join(out, 'image/boot/left-over'), 'x');
  const outputs = openOutputs();
  outputs.file(join(out, 'vmlinuz'), 'kernel');
  outputs.directory(join(out, 'image'), { 'boot/core.gz': 'initrd' });
  assert.deepEqual(outputs.commit(), [
    { path: join(out, 'vmlinuz'), bytes: 6 },
    { path: join(out, 'image'), bytes: 6 },
  ]);
  outputs.discard();
  assert.deepEqual(readdirSync(out).sort(), ['image', 'vmlinuz']);
  assert.deepEqual(readdirSync(join(out, 'image/boot')), ['core.gz']);
});

test('a file that cannot be written is named', (t) => {
  const out = temporaryDirectory(t);
  writeFileSync(join(out, 'file'), '');
  const outputs = openOutputs();
  assert.throws(() => outputs.file(join(out, 'file/core.gz'), 'x'), {
    code: 'RAZOR_MK_FILE_UNWRITABLE',
    message: /file\/core\.gz/,
  });
});

test('what a killed build left is removed by the next one, and nothing of a build that runs', async (t) => {
  const out = temporaryDirectory(t);
  const world = ownMark().split('-')[1] ?? '';
  // the id of a process that is gone
  const dead = (await run(['sh', '-c', 'echo $$'])).stdout.toString().trim();
  const put = (name: string): void => writeFileSync(join(out, name), name);
  const gone = [
    `.core.gz.${dead}-${world}.part`,
    `core.gz.${dead}-${world}.0a1b2c3d.tmp`,
    `.prod.${dead}-${world}.iso.part`,
  ];
  const kept = [`.core.gz.${process.ppid}-${world}.part`, `.x.${dead}-00000000.part`, 'core.gz.12-34.part', 'vmlinuz'];
  for (const name of [...gone, ...kept, `.y.${dead}-00000000.part`]) put(name);
  utimesSync(join(out, `.y.${dead}-00000000.part`), 0, 0); // of another machine, long ago
  mkdirSync(join(out, `.image.${dead}-${world}.part`));
  mkdirSync(join(out, `.image.${dead}-${world}.part.old`)); // it was killed between two renames
  const outputs = openOutputs();
  outputs.file(join(out, 'core.gz'), 'new');
  outputs.commit();
  assert.deepEqual(readdirSync(out).sort(), [...kept, 'core.gz', 'image'].sort());
});
