import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../../platform/process/run.ts';
import { compress, unpack, type PackCompression } from '../../../../tinycore/image/initrd/compress.ts';
import { writeCpio } from '../../../../tinycore/image/initrd/cpio.ts';
import { directoryEntry, fileEntry, symlinkEntry } from '../../../../tinycore/image/initrd/entry.ts';
import { bytesInMemory } from '../../../../tinycore/image/initrd/stored-bytes.ts';
import { joinSegments, readInitrd, readTree, resolvePath, treeOf } from '../../../../tinycore/image/initrd/initrd.ts';

const base = writeCpio([
  directoryEntry('etc'),
  fileEntry('etc/a', 'of the base'),
  fileEntry('etc/b', 'stays'),
  symlinkEntry('link', 'etc'),
]);
const own = writeCpio([fileEntry('etc/a', 'of the image'), fileEntry('last', '')]);

async function haveXz(): Promise<boolean> {
  return (await run(['xz', '--version'])).status === 0;
}

for (const first of ['none', 'gzip', 'zstd', 'xz'] as const satisfies PackCompression[]) {
  for (const second of ['none', 'gzip', 'zstd', 'xz'] as const satisfies PackCompression[]) {
    test(`an initrd of ${first} and then ${second} is read as the kernel reads it: the later file wins`, async (t) => {
      if ([first, second].some((each) => each === 'xz') && !(await haveXz())) return t.skip('xz is not installed');
      const bytes = joinSegments([await compress(base, first), Buffer.alloc(512), await compress(own, second)]);
      const { tree, segments } = await readInitrd(bytes);
      assert.equal(readTree(tree, 'etc/a')?.toString(), 'of the image');
      assert.equal(readTree(tree, 'etc/b')?.toString(), 'stays');
      assert.equal(readTree(tree, 'link/b')?.toString(), 'stays');
      assert.equal(segments.at(-1)?.entries.at(-1)?.path, 'last');
    });
  }
}

test('each compression says how many bytes belong to it, whatever follows', async (t) => {
  for (const compression of ['gzip', 'zstd', 'xz'] as const) {
    if (compression === 'xz' && !(await haveXz())) {
      t.diagnostic('xz is not installed: left out');
      continue;
    }
    const packed = await compress(base, compression);
    const { data, used } = await unpack(
      bytesInMemory(Buffer.concat([packed, Buffer.alloc(4), Buffer.from('YZ and more')])),
      compression,
    );
    assert.equal(used, packed.length, compression);
    assert.deepEqual(data.at(0, data.length), base);
  }
});

test('xz streams carry the CRC32 that the kernel asks for', async (t) => {
  if (!(await haveXz())) return t.skip('xz is not installed');
  assert.equal((await compress(base, 'xz'))[7], 1);
});

test('packing the same bytes twice gives the same bytes', async () => {
  for (const compression of ['gzip', 'zstd'] as const)
    assert.deepEqual(await compress(base, compression), await compress(base, compression));
  assert.deepEqual((await compress(base, 'gzip')).subarray(4, 8), Buffer.alloc(4), 'no time in the gzip header');
});

test('a cut initrd is refused in words that name the compression', async (t) => {
  for (const compression of ['gzip', 'zstd', 'xz'] as const) {
    if (compression === 'xz' && !(await haveXz())) {
      t.diagnostic('xz is not installed: left out');
      continue;
    }
    const packed = await compress(base, compression);
    await assert.rejects(readInitrd(packed.subarray(0, packed.length - 9)), { code: 'RAZOR_MK_ARCHIVE' }, compression);
  }
  await assert.rejects(readInitrd(Buffer.from('no initrd at all')), {
    code: 'RAZOR_MK_ARCHIVE',
    message: /begins nothing/,
  });
  await assert.rejects(readInitrd(Buffer.alloc(0)), { code: 'RAZOR_MK_ARCHIVE', message: /empty/ });
});

test('links are followed inside the tree, also absolute ones and those that go up, and a ring of links ends', () => {
  const tree = treeOf([
    symlinkEntry('lib64', 'lib'),
    symlinkEntry('usr/lib', '/lib'),
    symlinkEntry('lib/up', '../etc'),
    symlinkEntry('ring', 'ring'),
    fileEntry('etc/x', 'x'),
  ]);
  assert.equal(resolvePath(tree, 'lib64/modules/5/x.ko'), 'lib/modules/5/x.ko');
  assert.equal(resolvePath(tree, 'usr/lib/up/x'), 'etc/x');
  assert.equal(resolvePath(tree, 'ring'), 'ring');
  assert.equal(resolvePath(tree, '../../etc/x'), 'etc/x');
});

test('what does not fit into memory is read from a file without a name, to the same entries', async () => {
  const big = Buffer.alloc(20 * 1024 * 1024, 'abcdefg');
  const archive = writeCpio([
    fileEntry('etc/a', 'first'),
    fileEntry('big', big),
    { ...fileEntry('same', ''), linkTo: 'big' },
    symlinkEntry('link', 'etc'),
  ]);
  for (const compression of ['gzip', 'zstd', 'xz'] as const) {
    if (compression === 'xz' && !(await haveXz())) continue;
    const packed = await compress(archive, compression, true);
    const { tree, segments } = await readInitrd(joinSegments([packed, await compress(own, 'gzip')]));
    const entry = tree.get('same');
    assert.equal(entry?.size, big.length, 'its content is not in memory');
    assert.ok(Buffer.from(entry.data).equals(big));
    assert.equal(tree.get('big')?.linkTo, 'same');
    assert.equal(readTree(tree, 'link/a')?.toString(), 'of the image');
    assert.equal(segments.at(-1)?.entries.at(-1)?.path, 'last');
    assert.throws(() => readTree(tree, 'big'), { code: 'RAZOR_MK_ARCHIVE', message: /big has 20971520 bytes/ });
    assert.equal(readTree(tree, 'big', 2 ** 25)?.length, big.length);
  }
});

test('an archive that unpacks to more than is allowed, or has too many entries or names, is refused', async () => {
  const packed = bytesInMemory(await compress(Buffer.alloc(3 * 1024 * 1024), 'gzip'));
  await assert.rejects(unpack(packed, 'gzip', 2 * 1024 * 1024), {
    code: 'RAZOR_MK_ARCHIVE',
    message: /more than 2 MiB/,
  });
  // one archive of the cpio kind after another: the count is that of the whole initrd
  const many = writeCpio(Array.from({ length: 15_000 }, (_, i) => fileEntry(`f${i}`, '')));
  await assert.rejects(readInitrd(await compress(Buffer.concat([many, many, many, many]), 'gzip')), {
    code: 'RAZOR_MK_ARCHIVE',
    message: /more than 50000 entries/,
  });
});
