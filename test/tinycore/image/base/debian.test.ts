import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, zstdCompressSync } from 'node:zlib';
import { packageFile } from '../../../../tinycore/image/base/debian.ts';
import { baseModules } from '../../../../tinycore/image/base/base-modules.ts';
import { plainModule, plainPath } from '../../../../tinycore/image/modules/modules.ts';
import { run } from '../../../../platform/process/run.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('a file of a package is found where Debian 12 keeps it, and where Debian 13 does', (t) => {
  const root = temporaryDirectory(t);
  const add = (path: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '');
  };
  add('12/bin/busybox');
  add('13/usr/bin/busybox');
  const inRelease = (release: string): string => join(root, release);
  const found = ['12', '13'].map((release) =>
    packageFile({ name: 'busybox-static', version: '1', root: inRelease(release) }, 'bin/busybox'),
  );
  assert.deepEqual(found, [join(root, '12/bin/busybox'), join(root, '13/usr/bin/busybox')]);
  assert.throws(() => packageFile({ name: 'busybox-static', version: '1', root: inRelease('12') }, 'bin/other'), {
    code: 'RAZOR_MK_IMAGE_BASE',
    message: 'busybox-static 1 has no bin/other',
  });
});

test('a link of a package that leads out of it is none of its files', async (t) => {
  const base = temporaryDirectory(t);
  const root = join(base, 'root');
  mkdirSync(join(root, 'boot'), { recursive: true });
  mkdirSync(join(base, 'host/6.12.0'), { recursive: true });
  writeFileSync(join(base, 'host/6.12.0/modules.dep'), 'x.ko:\n');
  symlinkSync(join(base, 'host/6.12.0/modules.dep'), join(root, 'boot/vmlinuz'));
  mkdirSync(join(root, 'lib'));
  symlinkSync(join(base, 'host'), join(root, 'lib/modules'));
  const kernel = { name: 'linux-image', version: '1', root };
  assert.throws(() => packageFile(kernel, 'boot/vmlinuz'), { code: 'RAZOR_MK_IMAGE_BASE' });
  await assert.rejects(baseModules(kernel, '6.12.0', []), { code: 'RAZOR_MK_IMAGE_BASE' });
});

test('modules are unpacked by the ending of their names, and an ending that lies is an error', async () => {
  assert.equal(plainPath('kernel/x.ko.xz'), 'kernel/x.ko');
  await assert.rejects(plainModule('kernel/x.ko.gz', Buffer.from('no gzip')), { code: 'RAZOR_MK_ARCHIVE' });
});

test('a kernel package in which depmod finds no module is refused, instead of an image without drivers', async (t) => {
  const root = temporaryDirectory(t);
  const modules = join(root, 'usr/lib/modules/6.12.0');
  mkdirSync(modules, { recursive: true });
  for (const name of ['modules.dep', 'modules.builtin', 'modules.order', 'modules.builtin.modinfo']) {
    writeFileSync(join(modules, name), '');
  }
  const kernel = { name: 'linux-image-6.12.0', version: '6.12.1-1', root };
  await assert.rejects(baseModules(kernel, '6.12.0', []), {
    code: 'RAZOR_MK_IMAGE_BASE',
    message: 'depmod found no module of linux-image-6.12.0 6.12.1-1',
  });
});

test('the modules of a package are packed with gzip, whatever they are packed with there', async (t) => {
  if ((await run(['depmod', '--version'])).failure === 'not-found') return t.skip('depmod is not installed');
  const root = temporaryDirectory(t);
  const modules = join(root, 'usr/lib/modules/6.12.0');
  mkdirSync(join(modules, 'kernel'), { recursive: true });
  writeFileSync(join(modules, 'kernel/virtio_net.ko.zst'), zstdCompressSync('the module'));
  writeFileSync(join(modules, 'modules.dep'), 'kernel/virtio_net.ko.zst:\n');
  for (const name of ['modules.builtin', 'modules.order', 'modules.builtin.modinfo']) {
    writeFileSync(join(modules, name), '');
  }
  const { entries, count } = await baseModules({ name: 'linux-image', version: '1', root }, '6.12.0', []);
  assert.equal(count, 1);
  const file = entries.find(({ path }) => path === 'lib/modules/6.12.0/kernel/virtio_net.ko.gz');
  assert.equal(gunzipSync(file?.data ?? '').toString(), 'the module');
  const dep = entries.find(({ path }) => path === 'lib/modules/6.12.0/modules.dep');
  assert.equal(Buffer.from(dep?.data ?? '').toString(), 'kernel/virtio_net.ko.gz:\n');
});
