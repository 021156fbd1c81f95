import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { directoryEntry, fileEntry, type Entry } from '../../../../tinycore/image/initrd/entry.ts';
import {
  kernelVersionOf,
  moduleNamesOf,
  parseModulesDep,
  parseSoftdep,
  plainModule,
  plainPath,
  readModuleIndex,
  selectModules,
} from '../../../../tinycore/image/modules/modules.ts';

const tree = (...entries: readonly Entry[]): Map<string, Entry> => new Map(entries.map((entry) => [entry.path, entry]));

test('modules.dep and modules.softdep are read line by line; what is no line of them is left out', () => {
  const dep = parseModulesDep('kernel/a.ko: kernel/b.ko kernel/c.ko\nkernel/b.ko:\n\n:x\nnonsense\n');
  assert.deepEqual(
    [...dep],
    [
      ['kernel/a.ko', ['kernel/b.ko', 'kernel/c.ko']],
      ['kernel/b.ko', []],
    ],
  );
  const text = '# softdep x pre: y\nsoftdep a-b pre: c-d e post: f\n  softdep a_b post: g\nalias a b\nsoftdep\n';
  assert.deepEqual(
    [...parseSoftdep(text)],
    [
      ['a_b', ['c_d', 'e', 'f', 'g']],
      ['', []],
    ],
  );
});

const INDEX = readModuleIndex(
  (name) =>
    ({
      'modules.dep': [
        'kernel/drivers/nvme-core.ko.xz:',
        'kernel/drivers/nvme.ko.xz: kernel/drivers/nvme-core.ko.xz',
        'kernel/net/round.ko: kernel/net/trip.ko',
        'kernel/net/trip.ko: kernel/net/round.ko',
        'kernel/net/tg3.ko: kernel/net/libphy.ko',
        'kernel/net/libphy.ko:',
        'kernel/net/broadcom.ko: kernel/net/trip.ko',
      ].join('\n'),
      'modules.softdep': 'softdep tg3 pre: broadcom ext4 gone\n',
      'modules.builtin': 'kernel/fs/ext4/ext4.ko\nkernel/lib/crc-t10dif.ko\n',
    })[name],
);

test('what names need is taken once, by hard and soft dependencies, in circles as well', () => {
  for (const [names, paths, builtin, missing] of [
    [['nvme'], ['kernel/drivers/nvme-core.ko.xz', 'kernel/drivers/nvme.ko.xz'], [], []],
    [['nvme_core', 'nvme-core'], ['kernel/drivers/nvme-core.ko.xz'], [], []],
    [['round'], ['kernel/net/round.ko', 'kernel/net/trip.ko'], [], []],
    [['tg3'], ['broadcom', 'libphy', 'round', 'tg3', 'trip'].map((name) => `kernel/net/${name}.ko`), [], []],
    [['ext4', 'crc-t10dif', 'nothing'], [], ['ext4', 'crc-t10dif'], ['nothing']],
    [[], [], [], []],
  ] as const)
    assert.deepEqual(selectModules(INDEX, names), { paths, builtin, missing }, names.join(' '));
  const empty = readModuleIndex(() => undefined);
  assert.deepEqual([empty.dep.size, empty.softdep.size, empty.builtin.size], [0, 0, 0]);
});

test('a tree’s kernel version is that of its modules, the kernel’s own where there are several', () => {
  const of = (paths: readonly string[], kernel?: string): string | undefined =>
    kernelVersionOf(tree(...paths.map((path) => directoryEntry(path))), kernel);
  assert.equal(of(['lib/modules/6.1/kernel', 'lib/modules/6.2/kernel']), '6.2');
  assert.equal(of(['lib/modules/6.1/kernel', 'lib/modules/6.2/kernel'], '6.1'), '6.1');
  assert.equal(of(['lib/modules/6.1'], '6.3'), '6.1');
  assert.equal(of(['lib/modules/6.10/kernel', 'lib/modules/6.9/kernel']), '6.10');
  assert.equal(of(['lib/modules/6.1.0-9-amd64/a', 'lib/modules/6.1.0-10-amd64/a']), '6.1.0-10-amd64');
  assert.equal(of(['usr/lib/modules/6.1/a']), '6.1');
  for (const path of ['lib/modules', 'x/lib/modules/6.1', 'usr/local/lib/modules/6.1', 'lib/modulesx/6.1'])
    assert.equal(of([path], '6.1'), undefined, path);
});

test('the modules of a tree are its files, compressed or not, and the built-in ones of that version', () => {
  const names = moduleNamesOf(
    tree(
      directoryEntry('lib/modules'),
      fileEntry('lib/modules/6.1/modules.builtin', 'kernel/fs/ext4.ko\n'),
      fileEntry('lib/modules/6.1/kernel/net/a-b.ko.gz', ''),
      fileEntry('lib/modules/6.1/kernel/net/c.ko', ''),
      fileEntry('lib/modules/6.1/kernel/net/d.ko.txt', ''),
      fileEntry('lib/modules/6.2/kernel/net/e.ko', ''),
    ),
    '6.1',
  );
  assert.deepEqual([...names].sort(), ['a_b', 'c', 'ext4']);
});

test('a module is unpacked by the ending of its name, and a damaged one is named', async () => {
  const module = Buffer.from('\x7fELF module');
  for (const [path, data] of [
    ['a.ko', module],
    ['a.ko.gz', gzipSync(module)],
    ['a.ko.zst', zstdCompressSync(module)],
  ] as const) {
    assert.deepEqual(Buffer.from(await plainModule(path, data)), module, path);
    assert.equal(plainPath(path), 'a.ko');
  }
  for (const path of ['kernel/a.ko.gz', 'kernel/a.ko.zst', 'kernel/a.ko.xz'])
    await assert.rejects(plainModule(path, module), {
      code: 'RAZOR_MK_ARCHIVE',
      message: new RegExp(`^the module ${path} cannot be unpacked: `),
    });
  assert.equal(plainPath('a.ko.bz2'), 'a.ko.bz2');
});
