/** What an image for another processor than the PC's is made of, and what of two processors is refused before anything is written. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { run } from '../../../platform/process/run.ts';
import { IMAGE_ARCHES } from '../../../tinycore/image/architectures.ts';
import { buildImage } from '../../../tinycore/image/build.ts';
import type { BuildOptions } from '../../../tinycore/image/build-options.ts';
import { writeBundle } from '../../../tinycore/image/bundle.ts';
import { packagedAgent } from '../../../tinycore/image/extensions/agent-form.ts';
import { debToTcz } from '../../../tinycore/image/extensions/deb2tcz.ts';
import { fileEntry } from '../../../tinycore/image/initrd/entry.ts';
import { inspectImage } from '../../../tinycore/image/inspect.ts';
import { writeIso } from '../../../tinycore/image/iso/iso.ts';
import { openIso } from '../../../tinycore/image/iso/iso-reader.ts';
import { commandLine } from '../../helpers/command-line.ts';
import { baseEntries, fakeArm64Kernel, fakeProgram, fakeTcz, writeSmallBase } from '../../helpers/small-base.ts';
import { USUAL_BUILD } from '../../helpers/small-build.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

let directory = '';
const HOME = 'usr/local/lib/razor-mk';

before(() => {
  directory = temporaryDirectory();
  const shell = fileEntry('bin/busybox', fakeProgram(IMAGE_ARCHES.arm64.elfMachine), 0o755);
  const entries = baseEntries().map((entry) => (entry.path === shell.path ? shell : entry));
  writeSmallBase(join(directory, 'arm64'), entries, fakeArm64Kernel());
  for (const [name, loader] of [
    ['arm64', 'ld-linux-aarch64.so.1'],
    ['x64', 'ld-linux-x86-64.so.2'],
  ] as const) {
    const file = join(directory, `${name}.tcz`);
    writeFileSync(file, fakeTcz(`the agent of ${name}`));
    writeFileSync(`${file}.list`, `${HOME}/${loader}\n${HOME}/razor-mk\n`);
  }
});

function options(change: Partial<BuildOptions> = {}): BuildOptions {
  return {
    ...USUAL_BUILD,
    base: join(directory, 'arm64'),
    out: join(directory, 'out'),
    agent: join(directory, 'arm64.tcz'),
    packageCache: directory,
    ...change,
  };
}

test('kernel, userland and agent of one processor become an image, which says which one it is for', async () => {
  const built = await buildImage(options());
  assert.equal(built.arch, 'arm64');
  const found = await inspectImage(join(directory, 'out/core.gz'));
  assert.deepEqual([found.initrd?.arch, found.problems], ['arm64', []]);
});

test('an agent of another processor is refused before anything is written, in an image and in a bundle', async () => {
  const out = join(directory, 'refused');
  const wrong = options({ agent: join(directory, 'x64.tcz'), out });
  const refusal = {
    code: 'RAZOR_MK_TCZ',
    message: `the agent of ${directory}/x64.tcz is for x86_64, the base for aarch64`,
  };
  await assert.rejects(buildImage(wrong), refusal);
  assert.deepEqual(existsSync(out) ? readdirSync(out) : [], []);
  await assert.rejects(writeBundle(join(directory, 'bundle.tar'), wrong), refusal);
  assert.ok(!existsSync(join(directory, 'bundle.tar')));
});

test('an extension tells its processor by itself, whatever a list beside it says', async (t) => {
  if ((await run(['mksquashfs', '-version'])).failure === 'not-found')
    return t.skip('squashfs-tools are not installed');
  const tree = join(directory, 'tree', HOME);
  mkdirSync(tree, { recursive: true });
  writeFileSync(join(tree, 'ld-linux-x86-64.so.2'), '');
  const agent = join(directory, 'real.tcz');
  execFileSync('mksquashfs', [join(directory, 'tree'), agent, '-noappend', '-quiet', '-no-progress']);
  writeFileSync(`${agent}.list`, `${HOME}/ld-linux-aarch64.so.1\n`);
  await assert.rejects(buildImage(options({ agent })), /is for x86_64, the base for aarch64/);
});

test('the agent that is taken where none is named is the one that was packaged for the base’s processor', () => {
  const other = process.arch === 'arm64' ? 'x64' : 'arm64';
  assert.match(packagedAgent(other), new RegExp(`/build/${other}/razor-mk\\.tcz$`));
  assert.match(packagedAgent(process.arch as 'x64'), /[^/]\/build\/razor-mk\.tcz$/);
});

test('boot files for a server name the serial port of the processor, where nobody chose one', async () => {
  const out = join(directory, 'foreman');
  await buildImage(options({ server: 'foreman', out }));
  const script = readFileSync(join(out, 'foreman/boot.ipxe'), 'utf8');
  assert.match(script, / console=tty0 console=ttyAMA0,115200 /);
});

test('an ISO without UEFI, which no arm64 machine would boot, is refused', async () => {
  const iso = { ...options().iso, uefi: false };
  await assert.rejects(buildImage(options({ formats: ['iso'], iso })), {
    code: 'RAZOR_MK_USAGE',
    message: `${directory}/arm64 is for aarch64, which has no BIOS`,
  });
});

test('a Debian package of another processor is refused', async (t) => {
  if ((await run(['dpkg-deb', '--version'])).failure === 'not-found') return t.skip('dpkg is not installed');
  const [tree, deb] = [join(directory, 'deb'), join(directory, 'x_1_amd64.deb')];
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
  const control = 'Package: x\nVersion: 1\nArchitecture: amd64\nMaintainer: A <a@example.org>\nDescription: x\n';
  writeFileSync(join(tree, 'DEBIAN/control'), control);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-b', tree, deb], { stdio: 'ignore' });
  await assert.rejects(debToTcz(deb, 0, 'arm64'), {
    code: 'RAZOR_MK_TCZ',
    message: `${deb} is for amd64, the base for arm64`,
  });
});

test('the ISO for arm64 boots by UEFI alone, as CD and as disk, with shim and GRUB under their names', async (t) => {
  for (const program of ['xorriso', 'mformat', 'mdir']) {
    if ((await run([program, '--version'])).failure === 'not-found') return t.skip(`${program} is not installed`);
  }
  const path = join(directory, 'rz_mk_prod-image.1.2.3.iso');
  const image = { kernel: fakeArm64Kernel(), initrd: Buffer.from('initrd'), metadata: '' };
  const loaders = { shim: Buffer.from('shim'), grubCd: Buffer.from('grub') };
  const { iso, epoch } = options();
  const wanted = { ...iso, serial: IMAGE_ARCHES.arm64.serial, arch: 'arm64', epoch, version: '1.2.3' } as const;
  await writeIso(path, image, { ...wanted, flavour: 'prod', loaders });
  const first = readFileSync(path);
  await writeIso(path, image, { ...wanted, flavour: 'prod', loaders });
  assert.ok(first.equals(readFileSync(path)), 'the same bytes twice');
  const volume = openIso(path);
  t.after(() => volume.close());
  assert.deepEqual(
    volume.boot.map(({ platform, bootable }) => [platform, bootable]),
    [['efi', true]],
  );
  assert.ok(volume.disk.efiPartition && volume.disk.gpt);
  assert.ok(![...volume.files.keys()].some((name) => name.includes('isolinux')));
  assert.match(volume.read('boot/grub/grub.cfg').toString(), / console=tty0 console=ttyAMA0,115200\n/);
  writeFileSync(join(directory, 'efi.img'), volume.read('boot/efi.img'));
  const listed = await run(['mdir', '-b', '-i', join(directory, 'efi.img'), '::/EFI/BOOT']);
  assert.deepEqual(listed.stdout.toString().trim().split(/\s+/), [
    '::/EFI/BOOT/BOOTAA64.EFI',
    '::/EFI/BOOT/grubaa64.efi',
  ]);
});

test('a kernel of one processor is no base of the other: refused before apt is asked', async () => {
  const words = [
    'image',
    'base',
    '--from-debian',
    '--arch',
    'arm64',
    '--kernel',
    'amd64',
    '--out',
    join(directory, 'no'),
  ];
  const { status, err } = await commandLine(words);
  assert.notEqual(status, 0);
  assert.match(err, /--kernel amd64 is none for --arch arm64\n.*RAZOR_MK_USAGE\n.*--kernel arm64 or cloud/);
  assert.ok(!existsSync(join(directory, 'no')));
});
