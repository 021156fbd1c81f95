import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  copyWithin,
  hasEntryWithin,
  listWithin,
  readWithin,
  removeWithin,
  within,
  withinSync,
} from '../../platform/within.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

test('a path inside a tree is found through its own links, and no link or .. leads out of it', async (t) => {
  const base = realpathSync(temporaryDirectory(t));
  const tree = join(base, 'tree');
  mkdirSync(join(tree, 'boot'), { recursive: true });
  mkdirSync(join(base, 'tree-beside'));
  writeFileSync(join(tree, 'boot', 'kernel'), 'k');
  writeFileSync(join(base, 'secret'), 's');
  writeFileSync(join(base, 'tree-beside', 'file'), 's');
  symlinkSync('boot', join(tree, 'inner'));
  symlinkSync(join(base, 'secret'), join(tree, 'absolute'));
  symlinkSync('../../secret', join(tree, 'boot', 'relative'));
  symlinkSync(base, join(tree, 'up'));
  symlinkSync('../tree-beside', join(tree, 'beside'));
  symlinkSync('loop', join(tree, 'loop'));
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['boot/kernel', 'boot/kernel'],
    ['inner/kernel', 'boot/kernel'],
    ['.', ''],
    ['/boot/kernel', 'boot/kernel'],
    ['absolute', undefined],
    ['boot/relative', undefined],
    ['up/secret', undefined],
    ['beside/file', undefined],
    ['../secret', undefined],
    ['loop', undefined],
    ['missing', undefined],
    ['boot/kernel/x', undefined],
  ];
  for (const [path, expected] of cases) {
    const real = expected === undefined ? undefined : join(tree, expected);
    assert.equal(await within(tree, path), real, path);
    assert.equal(withinSync(tree, path), real, path);
  }
  symlinkSync(tree, join(base, 'link-to-tree'));
  assert.equal(await within(join(base, 'link-to-tree'), 'boot/kernel'), join(tree, 'boot/kernel'));
});

test('reading, listing, removing and copying go by the links of a tree, and stop where one leads out', (t) => {
  const base = realpathSync(temporaryDirectory(t));
  const [tree, outside, target] = ['tree', 'outside', 'target'].map((name) => join(base, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [join(tree, 'usr/share/doc'), join(outside, 'share/man'), target])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(tree, 'usr/share/doc/copyright'), 'text');
  writeFileSync(join(outside, 'share/man/page'), 'kept');
  symlinkSync(outside, join(tree, 'out'));
  symlinkSync('usr', join(tree, 'inner'));
  execFileSync('mkfifo', [join(tree, 'pipe')]);

  assert.equal(readWithin(tree, 'inner/share/doc/copyright')?.toString(), 'text');
  for (const path of ['out/share/man/page', 'usr', 'missing', 'pipe'])
    assert.equal(readWithin(tree, path), undefined, path);
  assert.deepEqual(
    listWithin(tree, 'inner/share').map(({ name }) => name),
    ['doc'],
  );
  assert.deepEqual([listWithin(tree, 'out'), listWithin(tree, 'pipe'), listWithin(tree, 'missing')], [[], [], []]);
  assert.deepEqual([hasEntryWithin(tree, 'out'), hasEntryWithin(tree, 'out/share')], [true, false]);

  for (const path of ['out/share/man', '../outside/share/man', 'out/..', '..', '.']) removeWithin(tree, path);
  assert.equal(readFileSync(join(outside, 'share/man/page'), 'utf8'), 'kept');
  removeWithin(tree, 'inner/share');
  assert.ok(!existsSync(join(tree, 'usr/share')));
  removeWithin(tree, 'out');
  assert.ok(lstatSync(join(tree, 'out'), { throwIfNoEntry: false }) === undefined && existsSync(outside));

  symlinkSync(outside, join(tree, 'out'));
  writeFileSync(join(tree, 'file'), 'x', { mode: 0o755 });
  symlinkSync(outside, join(target, 'lib'));
  assert.deepEqual(
    ['file', 'out', 'usr', 'out/share/man/page', 'pipe', 'missing'].map((path) => copyWithin(tree, path, target)),
    [true, true, true, false, false, false],
  );
  assert.ok(lstatSync(join(target, 'out')).isSymbolicLink(), 'a link is copied as a link');
  mkdirSync(join(tree, 'lib'));
  writeFileSync(join(tree, 'lib/x.so'), 'x');
  assert.equal(copyWithin(tree, 'lib/x.so', target), false, 'a link of the target is not written through');
  assert.deepEqual(readdirSync(outside), ['share']);
});

const OWN = 'what this program wrote, or what the person at the shell named';
const UNPACKED = 'makes and removes directories of its own; what is in them goes through within.ts';

/** Files of rooms that meet strangers' trees, and why they may open files themselves. */
const OPENS_FILES: Readonly<Record<string, string>> = {
  'lab/images/image-add.ts': 'removes the directory that was unpacked',
  'lab/images/image-directory.ts': OWN,
  'lab/images/image-service.ts': 'stat and stream of what within() has found',
  'lab/images/recognise/debian-media.ts': 'a stream of what within() has found',
  'lab/images/recognise/disk-file.ts': 'the one file that the person named; its first bytes',
  'lab/engine/write-order/write-order.ts': 'stat of the image of a disk that the person named',
  'lab/images/recognise/image-tree.ts': 'pieces of what within() has found',
  'lab/images/recognise/iso-volume.ts': 'the one file that the person named; nothing is unpacked',
  'lab/images/unpack-iso.ts': UNPACKED,
  'lab/images/images.ts': 'stat and hash of what within() has found',
  'lab/images/microkernels.ts': 'opens what within() has found',
  'lab/dialects/razor-server/razor-server-files.ts': 'task directories of the operator',
  'lab/dialects/razor-server/razor-server.ts': 'the microkernel extension that the operator named',
  'tinycore/image/base/apt-suite.ts': OWN,
  'tinycore/image/base/base-needs.ts': 'the list of needs of this repository',
  'tinycore/image/base/base-source.ts': '--kernel, --initrd and the like; a directory goes through within.ts',
  'tinycore/image/base/base-url.ts': OWN,
  'tinycore/image/base/base.ts': 'what packageFile() has found',
  'tinycore/image/base/debian.ts': UNPACKED,
  'tinycore/image/build.ts': OWN,
  'tinycore/image/bundle.ts': OWN,
  'tinycore/image/cli/base-verb.ts': OWN,
  'tinycore/image/cli/image-options.ts': OWN,
  'tinycore/image/cli/ipxe-verb.ts': OWN,
  'tinycore/image/config-file.ts': OWN,
  'tinycore/image/extensions/agent-form.ts': 'the cache of packed agents',
  'tinycore/image/extensions/extensions.ts': 'directories of extensions that the person named; only squashfs is taken',
  'tinycore/image/extensions/squashfs.ts': UNPACKED,
  'tinycore/image/initrd/build-steps.ts':
    'lays a tree out through within.ts, walks it by lstat and follows no link; programs that the person named',
  'tinycore/image/initrd/compose.ts': 'files that the person named',
  'tinycore/image/initrd/directory-entries.ts': 'walks by lstat and follows no link',
  'tinycore/image/initrd/flavour.ts': OWN,
  'tinycore/image/initrd/settings-file.ts': OWN,
  'tinycore/image/initrd/stored-bytes.ts': 'a temporary file without a name, and files that are open already',
  'tinycore/image/inspect.ts': 'the one file that the person named',
  'tinycore/image/iso/edit-iso.ts': 'the one file that the person named; nothing is unpacked',
  'tinycore/image/iso/iso-reader.ts': 'the one file that the person named; nothing is unpacked',
  'tinycore/image/iso/iso.ts': OWN,
  'tinycore/image/modules/drivers.ts': 'the list of drivers of this repository',
  'tinycore/image/modules/module-files.ts': '--module FILE; a directory goes through within.ts',
  'tinycore/image/modules/modules.ts': 'a temporary directory; names of an archive have no .. (cpio.ts)',
  'tinycore/image/netboot/ipxe-package.ts': 'what packageFile() has found',
  'tinycore/image/netboot/ipxe.ts': OWN,
  'tinycore/image/netboot/secure-boot.ts': 'what packageFile() has found',
  'tinycore/image/outputs.ts': OWN,
  'tinycore/image/plan-image.ts': 'what packageFile() has found, and what the person named',
  'tinycore/image/programs.ts': OWN,
};

test('in rooms that meet strangers’ trees, files are opened through within.ts, or it is said why not', () => {
  const root = join(import.meta.dirname, '../..');
  const rooms = ['tinycore/image', 'lab/images', 'lab/engine', 'lab/dialects', 'lab/installers'];
  const importing = rooms
    .flatMap((room) =>
      readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((file) => `${room}/${file}`),
    )
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => /from 'node:fs(\/promises)?'/.test(readFileSync(join(root, file), 'utf8')));
  assert.deepEqual(importing.sort(), Object.keys(OPENS_FILES).sort());
});
