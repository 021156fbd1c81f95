import assert from 'node:assert/strict';
import { test } from 'node:test';
import { must, requirePrograms, withTemporary } from '../../../tinycore/image/programs.ts';

test('all programs that are missing are named at once, with their packages', () => {
  requirePrograms(['sh', 'cat']);
  assert.throws(() => requirePrograms(['sh', 'isolinux.bin', 'ldlinux.c32', 'no-such-program', 'isohdpfx.bin']), {
    code: 'RAZOR_MK_IMAGE_PROGRAM',
    message: 'isolinux.bin, ldlinux.c32, no-such-program, isohdpfx.bin are not installed',
    remedy: 'Install what is missing: apt-get install isolinux syslinux-common no-such-program.',
  });
});

test('a full disk is said to be one, with the place, whether a program or the builder met it', async () => {
  await assert.rejects(must(['sh', '-c', 'echo "write failed: No space left on device" >&2; exit 1']), {
    code: 'RAZOR_MK_FILE_UNWRITABLE',
    message: /^sh: no space left/,
  });
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  await assert.rejects(
    withTemporary(() => Promise.reject(full)),
    { code: 'RAZOR_MK_FILE_UNWRITABLE', message: /no space left for .*razor-mk-image-/ },
  );
});
