import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { run } from '../../../../platform/process/run.ts';
import { inspectImage } from '../../../../tinycore/image/inspect.ts';
import { joinSegments } from '../../../../tinycore/image/initrd/initrd.ts';
import { changeLine, editIso } from '../../../../tinycore/image/iso/edit-iso.ts';
import { openIso } from '../../../../tinycore/image/iso/iso-reader.ts';
import type { ImageParts } from '../../../../tinycore/image/outputs.ts';
import { writeIso } from '../../../../tinycore/image/iso/iso.ts';
import { metadataText, sha256 } from '../../../../tinycore/image/iso/iso-metadata.ts';
import { readBase } from '../../../../tinycore/image/base/base-source.ts';
import { fakeKernel, writeSmallBase } from '../../../helpers/small-base.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

let directory = '';
let image: ImageParts;
const options = {
  arch: 'x64' as const,
  kernelArgs: ['razor.ip=192.0.2.1'],
  serial: 'ttyS1,57600',
  timeout: 3,
  volumeId: 'RAZOR_MK',
  uefi: true,
  epoch: 1_700_000_000,
  version: '1.2.3',
  flavour: 'prod' as const,
};

before(() => {
  directory = temporaryDirectory();
  const initrd = readFileSync(join(writeSmallBase(join(directory, 'base')), 'core.gz'));
  const kernel = fakeKernel();
  const metadata = metadataText({
    version: '1.2.3',
    kernel: 'boot/vmlinuz',
    initrd: 'boot/core.gz',
    kernelHash: sha256(kernel),
    initrdHash: sha256(initrd),
    buildTime: options.epoch,
  });
  image = { kernel, initrd, metadata };
});

/** The first part of the ISO tools that is not there, or undefined. */
async function lacking(): Promise<string | undefined> {
  for (const program of ['xorriso', 'grub-mkimage', 'mformat']) {
    if ((await run([program, '--version'])).failure === 'not-found') return program;
  }
  return ['/usr/lib/ISOLINUX/isolinux.bin', '/usr/lib/grub/x86_64-efi'].find((path) => !existsSync(path));
}

test('the ISO has boot entries for BIOS and UEFI, as CD and as disk, and a server takes its metadata', async (t) => {
  const lacks = await lacking();
  if (lacks !== undefined) return t.skip(`${lacks} is not installed`);
  const path = join(directory, 'rz_mk_prod-image.1.2.3.iso');
  await writeIso(path, image, options);
  const iso = openIso(path);
  t.after(() => iso.close());
  assert.deepEqual(
    iso.boot.filter((entry) => entry.bootable).map((entry) => entry.platform),
    ['bios', 'efi'],
  );
  assert.deepEqual(iso.disk, { mbr: true, gpt: true, efiPartition: true });
  assert.equal(iso.id, 'RAZOR_MK');
  assert.match(iso.application, /1\.2\.3/i);
  assert.ok(iso.read('boot/core.gz').equals(image.initrd));
  assert.ok(iso.files.has('licences/razor-mk.txt'));
  const config = iso.read('boot/isolinux/isolinux.cfg').toString();
  assert.match(config, /^serial 1 57600$/m);
  assert.match(config, /append loglevel=3 console=tty0 console=ttyS1,57600 razor\.ip=192\.0\.2\.1$/m);
  assert.match(iso.read('boot/grub/grub.cfg').toString(), /linux \/boot\/vmlinuz .*razor\.ip=192\.0\.2\.1$/m);
  const found = await inspectImage(path);
  assert.equal(found.metadata?.accepted, true);
  // what others say of it
  const listed = await run(['xorriso', '-indev', path, '-find', '/', '-type', 'f']);
  for (const name of ['boot/vmlinuz', 'boot/core.gz', 'iso-metadata.yaml', 'boot/efi.img']) {
    assert.match(listed.stdout.toString(), new RegExp(`/${name}'`), name);
  }
  const isoinfo = await run(['isoinfo', '-d', '-i', path]);
  if (isoinfo.failure === undefined)
    assert.match(isoinfo.stdout.toString(), /Volume id: RAZOR_MK[\s\S]*El Torito[\s\S]*Joliet[\s\S]*Rock Ridge/);
});

test('two ISOs of the same parts are the same bytes, and no time in them is that of the build', async (t) => {
  const lacks = await lacking();
  if (lacks !== undefined) return t.skip(`${lacks} is not installed`);
  const [one, two] = [join(directory, 'one.iso'), join(directory, 'two.iso')];
  await writeIso(one, image, options);
  await writeIso(two, image, options);
  assert.ok(readFileSync(one).equals(readFileSync(two)));
  // both may have been written in one of the steps of two seconds in which FAT keeps times
  const iso = openIso(one);
  t.after(() => iso.close());
  const esp = join(directory, 'esp.img');
  writeFileSync(esp, iso.read('boot/efi.img'));
  const listed = (await run(['mdir', '-/', '-b', '-i', esp])).stdout.toString().trim().split('\n');
  assert.ok(listed.length > 0 && listed[0] !== '', 'the partition of UEFI has files');
  const long = (await run(['mdir', '-/', '-i', esp])).stdout.toString();
  const years = new Set([...long.matchAll(/\b(\d{4})-\d\d-\d\d\b/g)].map(([, year]) => year));
  const epochYear = String(new Date(options.epoch * 1000).getUTCFullYear());
  assert.deepEqual(
    [...years].filter((year) => year !== epochYear && year !== '1980'),
    [],
  );
});

test('a base is read from an ISO, and a truncated ISO is refused with both sizes', async (t) => {
  const lacks = await lacking();
  if (lacks !== undefined) return t.skip(`${lacks} is not installed`);
  const path = join(directory, 'base.iso');
  await writeIso(path, image, { ...options, uefi: false });
  // whatever may come behind begins at a multiple of four bytes
  assert.ok((await readBase({ base: path })).initrd.equals(joinSegments([image.initrd])));
  const bytes = readFileSync(path);
  for (const size of [40_000, 200_000, bytes.length - 2048 * 160]) {
    writeFileSync(join(directory, 'cut.iso'), bytes.subarray(0, size));
    await assert.rejects(
      readBase({ base: join(directory, 'cut.iso') }),
      { code: 'RAZOR_MK_ISO', message: /cut off|no ISO/ },
      `${size}`,
    );
  }
});

test('an ISO without core.gz is refused as a base', async (t) => {
  if ((await run(['xorriso', '--version'])).failure === 'not-found') return t.skip('xorriso is not installed');
  const path = join(directory, 'other.iso');
  const tree = join(directory, 'base');
  const made = await run([
    'xorriso',
    '-as',
    'mkisofs',
    '-quiet',
    '-R',
    '-o',
    path,
    '-graft-points',
    `boot/vmlinuz=${tree}/vmlinuz`,
  ]);
  assert.equal(made.status, 0, made.stderr.toString());
  await assert.rejects(readBase({ base: path }), { code: 'RAZOR_MK_IMAGE_BASE', message: /no core\.gz/ });
});

test('a build that fails leaves no half-written ISO', async () => {
  const bad = { ...options, volumeId: 'lower case' };
  await assert.rejects(writeIso(join(directory, 'bad.iso'), image, bad), { code: 'RAZOR_MK_USAGE' });
  const stopped = AbortSignal.abort();
  await assert.rejects(writeIso(join(directory, 'bad.iso'), image, options, stopped), {
    code: 'RAZOR_MK_IMAGE_PROGRAM',
  });
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.includes('bad') || name.includes('part')),
    [],
  );
});

test('a word of a kernel line takes the place of those with its name, and others keep theirs', () => {
  const words = ['loglevel=3', 'console=tty0', 'console=ttyS0', 'quiet', 'razor.ip=192.0.2.1'];
  const change = { set: ['console=ttyS1', 'razor.server=a'], remove: ['quiet'], drop: ['razor.ip', 'razor.server'] };
  assert.deepEqual(changeLine(words, change), ['loglevel=3', 'console=ttyS1', 'razor.server=a']);
});

test('another kernel line in a finished ISO changes its two menus and no other byte', async (t) => {
  const lacks = await lacking();
  if (lacks !== undefined) return t.skip(`${lacks} is not installed`);
  const [path, out] = [join(directory, 'before.iso'), join(directory, 'after.iso')];
  await writeIso(path, image, options);
  const result = await editIso(path, { set: ['razor.ip=192.0.2.99', 'a;b'], remove: ['loglevel'] }, out);
  assert.deepEqual(result.before.at(-1), 'razor.ip=192.0.2.1');
  assert.deepEqual(result.after, ['console=tty0', 'console=ttyS1,57600', 'razor.ip=192.0.2.99', 'a;b']);
  const iso = openIso(out);
  t.after(() => iso.close());
  const menu = (name: string): string => iso.read(name).toString();
  assert.match(
    menu('boot/isolinux/isolinux.cfg'),
    /^ {2}append console=tty0 console=ttyS1,57600 razor\.ip=192\.0\.2\.99 a;b$/m,
  );
  assert.match(
    menu('boot/grub/grub.cfg'),
    /^ {2}linux \/boot\/vmlinuz console=tty0 .* razor\.ip=192\.0\.2\.99 'a;b'$/m,
  );
  assert.match(menu('boot/grub/grub.cfg'), /initrd \/boot\/core\.gz\n\}\n/);
  const [one, two] = [readFileSync(path), readFileSync(out)];
  assert.equal(one.length, two.length);
  const places = ['boot/isolinux/isolinux.cfg', 'boot/grub/grub.cfg'].map((name) => iso.files.get(name));
  for (const place of places) {
    assert.ok(place);
    for (const bytes of [one, two]) bytes.fill(0, place.offset, place.offset + place.size);
  }
  assert.ok(one.equals(two), 'nothing else');
  // and once more, back to where it was: quoted words are read as they were written
  const back = join(directory, 'back.iso');
  const again = await editIso(out, { set: ['loglevel=3'], remove: ['a;b', 'loglevel'].slice(0, 1) }, back);
  assert.deepEqual(again.before, result.after);
});

test('an ISO of somebody else, an unknown name and a line that is too long are refused, and nothing is written', async (t) => {
  const lacks = await lacking();
  if (lacks !== undefined) return t.skip(`${lacks} is not installed`);
  const [path, out] = [join(directory, 'mine.iso'), join(directory, 'none.iso')];
  await writeIso(path, image, options);
  const edit = (set: string[], remove: string[] = [], to = out) => editIso(path, { set, remove }, to);
  await assert.rejects(edit([], ['quiet']), {
    code: 'RAZOR_MK_USAGE',
    message: /quiet is not on the kernel line: loglevel=3/,
  });
  await assert.rejects(edit(['a b']), { code: 'RAZOR_MK_USAGE' });
  await assert.rejects(edit([`razor.x=${'y'.repeat(2048)}`]), /the kernel cuts it at 2047/);
  await assert.rejects(edit(['quiet'], [], path), /would be written over itself/);
  assert.ok(!existsSync(out));
  const bytes = readFileSync(path);
  const at = bytes.indexOf('  append loglevel=3');
  bytes.write('  append loglevel=7', at);
  writeFileSync(path, bytes);
  await assert.rejects(edit(['quiet']), {
    code: 'RAZOR_MK_ISO',
    message: /menus for BIOS and UEFI start the kernel differently/,
  });
  bytes.write('  APPEND', at);
  writeFileSync(path, bytes);
  await assert.rejects(edit(['quiet']), { code: 'RAZOR_MK_ISO', message: /has no line of the microkernel/ });
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.endsWith('.part')),
    [],
  );
});
