import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { writeBundle } from '../../../../tinycore/image/bundle.ts';
import { buildImage } from '../../../../tinycore/image/build.ts';
import { readConfigFile } from '../../../../tinycore/image/config-file.ts';
import { fileEntry } from '../../../../tinycore/image/initrd/entry.ts';
import { readInitrd, readTree } from '../../../../tinycore/image/initrd/initrd.ts';
import { planFirmware } from '../../../../tinycore/image/plan-image.ts';
import { fakeModule } from '../../../helpers/fake-module.ts';
import { baseEntries, KERNEL_VERSION, writeSmallBase } from '../../../helpers/small-base.ts';
import { smallBuild } from '../../../helpers/small-build.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

/** A base whose drivers name firmware, and a tree of firmware as an unpacked package of Debian 13 has it. */
function site(t: TestContext): { directory: string; firmware: string; options: ReturnType<typeof smallBuild> } {
  const directory = temporaryDirectory(t);
  const options = smallBuild(directory);
  const place = `lib/modules/${KERNEL_VERSION}`;
  const module = (...names: string[]): Buffer =>
    fakeModule(['license=GPL', ...names.map((name) => `firmware=${name}`)]);
  writeSmallBase(join(directory, 'base'), [
    ...baseEntries(),
    fileEntry(`${place}/kernel/bnx2.ko.gz`, gzipSync(module('bnx2/one.fw', 'bnx2/two.fw', 'bnx2/gone.fw'))),
    fileEntry(`${place}/kernel/brcm.ko`, module('brcm/*-sdio.bin', 'bnx2/one.fw')),
    fileEntry(`${place}/kernel/qla2xxx.ko`, module('ql2400_fw.bin')),
    fileEntry(`${place}/kernel/plain.ko`, module()),
    fileEntry(`${place}/modules.builtin.modinfo`, 'r8169.license=GPL\0r8169.firmware=rtl_nic/a.fw\0'),
  ]);
  const firmware = join(directory, 'fw');
  const root = join(firmware, 'usr/lib/firmware');
  for (const name of ['bnx2', 'brcm', 'rtl_nic']) mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'bnx2/one.fw'), 'one');
  symlinkSync('one.fw', join(root, 'bnx2/two.fw'));
  writeFileSync(join(root, 'bnx2/other.fw'), 'not named by anybody');
  writeFileSync(join(root, 'brcm/b-sdio.bin'), 'b');
  writeFileSync(join(root, 'brcm/b-pcie.bin'), 'b');
  writeFileSync(join(root, 'rtl_nic/a.fw.zst'), zstdCompressSync(Buffer.from('rtl')));
  return { directory, firmware, options };
}

test('what the drivers name goes in, built-in ones included, patterns and links followed, unpacked; nothing else', async (t) => {
  const { directory, firmware, options } = site(t);
  const { firmware: told } = await buildImage(options({ firmwareFrom: [firmware] }));
  const { tree } = await readInitrd(readFileSync(join(directory, 'out/core.gz')));
  const found = [...tree.values()].filter(({ path, type }) => path.startsWith('lib/firmware/') && type === 'file');
  assert.deepEqual(
    found.map(({ path }) => [path.slice(13), readTree(tree, path)?.toString()]),
    [
      ['bnx2/one.fw', 'one'],
      ['bnx2/two.fw', 'one'],
      ['brcm/b-sdio.bin', 'b'],
      ['rtl_nic/a.fw', 'rtl'],
    ],
  );
  assert.deepEqual(told, [
    { driver: 'bnx2', files: 2, bytes: 6, absent: ['bnx2/gone.fw'] },
    { driver: 'brcm', files: 2, bytes: 4, absent: [] },
    { driver: 'r8169', files: 1, bytes: 3, absent: [] },
    { driver: 'qla2xxx', files: 0, bytes: 0, absent: ['ql2400_fw.bin'] },
  ]);
});

test('the sizes are told before anything is packed, and a directory that helps no driver is refused', async (t) => {
  const { directory, firmware, options } = site(t);
  const { bytes, drivers } = await planFirmware(options({ firmwareFrom: [firmware] }));
  assert.deepEqual([bytes, drivers.length], [3 + 3 + 1 + 3, 4], 'each file counts once');
  mkdirSync(join(directory, 'empty'));
  await assert.rejects(planFirmware(options({ firmwareFrom: [join(directory, 'empty')] })), /named by a driver/);
  await assert.rejects(planFirmware(options({ firmwareFrom: [join(directory, 'nowhere')] })), /not a directory/);
  await assert.rejects(planFirmware(options()), /no directory of firmware was named/);
});

test('a bundle takes along what the drivers name and no more, and its image is the same', async (t) => {
  const { directory, firmware, options } = site(t);
  await buildImage(options({ firmwareFrom: [firmware] }));
  await writeBundle(join(directory, 'bundle.tar'), options({ firmwareFrom: [firmware] }));
  mkdirSync(join(directory, 'b'));
  execFileSync('tar', ['xf', join(directory, 'bundle.tar'), '-C', join(directory, 'b')]);
  const config = readConfigFile(join(directory, 'b/image.yaml'));
  const out = join(directory, 'elsewhere');
  const base = join(directory, 'b/base');
  await buildImage(options({ base, out, firmware: config['firmware'] as string[] }));
  assert.ok(readFileSync(join(directory, 'out/core.gz')).equals(readFileSync(join(out, 'core.gz'))));
  assert.deepEqual(config['firmware'], [join(directory, 'b/driver-firmware')]);
});
