import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
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
