import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeBundle } from '../../../tinycore/image/bundle.ts';
import { buildImage } from '../../../tinycore/image/build.ts';
import type { BuildOptions } from '../../../tinycore/image/build-options.ts';
import { fileEntry, symlinkEntry } from '../../../tinycore/image/initrd/entry.ts';
import { readInitrd, readTree } from '../../../tinycore/image/initrd/initrd.ts';
import { inspectImage } from '../../../tinycore/image/inspect.ts';
import { judgeMetadata } from '../../../tinycore/image/iso/iso-metadata.ts';
import { readConfigFile } from '../../../tinycore/image/config-file.ts';
import { baseEntries, fakeKernel, fakeTcz, KERNEL_VERSION, writeSmallBase } from '../../helpers/small-base.ts';
import { run } from '../../../platform/process/run.ts';
import { smallBuild } from '../../helpers/small-build.ts';
import { tinycoreEntries } from '../../helpers/tinycore-shapes.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const directory = temporaryDirectory();
const options = smallBuild(directory);

test('the image is the base with one archive behind it: check first, agent loaded at boot, sentinel last', async () => {
  const result = await buildImage(options());
  const bytes = readFileSync(join(directory, 'out/core.gz'));
  const base = readFileSync(join(directory, 'base/core.gz'));
  assert.deepEqual(bytes.subarray(0, base.length), base, 'the base stays as it is');
  const { tree, segments } = await readInitrd(bytes);
  const order = segments.flatMap((segment) => segment.entries.map((entry) => entry.path)).slice(baseEntries().length);
  assert.deepEqual(order.slice(0, 3), ['etc', 'etc/init.d', 'etc/init.d/razor-mk-check']);
  assert.equal(order.at(-1), 'etc/razor-mk/complete');
  assert.equal(readTree(tree, 'tmp/builtin/onboot.lst')?.toString(), 'razor-mk.tcz\n');
  assert.match(
    readTree(tree, 'etc/razor-mk/image')?.toString() ?? '',
    new RegExp(`RAZOR_MK_NEEDS_MIB='${result.needsMib}'`),
  );
  assert.deepEqual(result.missing.map((driver) => driver.module).includes('e1000'), false);
  assert.ok(result.missing.some((driver) => driver.module === 'tg3'));
});

test('two builds are the same bytes, in every format but the ISO, which has its own test', async (t) => {
  const formats = ['kernel', 'dir', 'tar'] as const;
  const [one, two] = [join(directory, 'one'), join(directory, 'two')];
  await buildImage(options({ out: one, formats }));
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 86_400_000 }); // a day later
  await buildImage(options({ out: two, formats }));
  for (const name of ['vmlinuz', 'core.gz', 'microkernel.tar', 'image/iso-metadata.yaml', 'image/boot/core.gz']) {
    assert.ok(readFileSync(join(one, name)).equals(readFileSync(join(two, name))), name);
  }
  const metadata = readFileSync(join(one, 'image/iso-metadata.yaml'), 'utf8');
  const judgement = await judgeMetadata(metadata, (path, algorithm) =>
    createHash(algorithm)
      .update(readFileSync(join(one, 'image', path)))
      .digest('hex'),
  );
  assert.deepEqual([judgement.accepted, judgement.problems], [true, []]);
});

test('paths below a link of the base go where the link leads, so that the link stays', async () => {
  writeFileSync(join(directory, 'lib.so'), 'library');
  await buildImage(options({ out: join(directory, 'links'), files: [`${directory}/lib.so:/lib64/deep/lib.so`] }));
  const { tree } = await readInitrd(readFileSync(join(directory, 'links/core.gz')));
  assert.equal(tree.get('lib64')?.type, 'symlink');
  assert.equal(readTree(tree, 'lib/deep/lib.so')?.toString(), 'library');
});

test('extensions, the mirror, firmware, facts and commands lie where the node looks for them', async () => {
  const place = (name: string): string => join(directory, name);
  mkdirSync(place('tcz'), { recursive: true });
  mkdirSync(place('facts'), { recursive: true });
  mkdirSync(place('fw/bnx2'), { recursive: true });
  writeFileSync(place('tcz/extra.tcz'), fakeTcz('extra'));
  writeFileSync(place('tcz/other.tcz'), fakeTcz('other'));
  writeFileSync(place('facts/site.txt'), 'site=lab\n');
  writeFileSync(place('fw/bnx2/a.fw'), 'fw');
  writeFileSync(place('blink'), '#!/bin/sh\n', { mode: 0o755 });
  await buildImage(
    options({
      out: place('full'),
      extensions: ['extra'],
      mirrorExtensions: ['other'],
      extensionDirs: [place('tcz')],
      firmware: [place('fw')],
      factsDirs: [place('facts')],
      commands: [place('blink')],
    }),
  );
  const { tree } = await readInitrd(readFileSync(place('full/core.gz')));
  assert.equal(readTree(tree, 'tmp/builtin/onboot.lst')?.toString(), 'extra.tcz\nrazor-mk.tcz\n');
  assert.ok(
    tree.has('tmp/tinycorelinux/14.x/x86_64/tcz/other.tcz'),
    'the mirror fits the version and word size of the base',
  );
  assert.equal(readTree(tree, 'lib/firmware/bnx2/a.fw')?.toString(), 'fw');
  assert.equal(readTree(tree, 'etc/razor-mk/facts.d/site.txt')?.toString(), 'site=lab\n');
  assert.equal(tree.get('usr/lib/razor/blink')?.mode, 0o755);
});

test('a base whose tc needs no password gives an image that nobody can log in to, in every flavour', async () => {
  const open = baseEntries().map((entry) =>
    entry.path === 'etc/shadow' ? fileEntry(entry.path, 'root:*:0:0:99999:7:::\ntc::0:0:99999:7:::\n', 0o600) : entry,
  );
  const base = writeSmallBase(join(directory, 'open-base'), open);
  for (const flavour of ['prod', 'dev', 'debug'] as const) {
    const out = join(directory, `open-${flavour}`);
    await buildImage(options({ base, out, flavour }));
    const { initrd, problems } = await inspectImage(join(out, 'core.gz'));
    assert.deepEqual([initrd?.openAccounts, problems], [[], []], flavour);
  }
  const inspection = await inspectImage(join(base, 'core.gz'));
  assert.ok(inspection.problems.some((text) => text.includes('without a password anybody can log in as tc')));
});

test('a real Tiny Core without modules, and one whose init would wait for ever, are refused; a finished image is judged alike', async () => {
  const base = (name: string, modules?: readonly string[]): string =>
    writeSmallBase(join(directory, name), tinycoreEntries('11.0', modules));
  const ip = join(directory, 'ip');
  writeFileSync(ip, '', { mode: 0o755 });
  const files = [`${ip}:/sbin/ip`]; // no package is fetched by a test
  const bare = base('tc-bare');
  await assert.rejects(buildImage(options({ base: bare, files })), {
    code: 'RAZOR_MK_IMAGE_BASE',
    message: /no modules/,
  });
  const waiting = base('tc-waits', ['squashfs', 'loop', 'rtc_cmos']);
  await assert.rejects(buildImage(options({ base: waiting, files })), {
    code: 'RAZOR_MK_IMAGE_BASE',
    message: /waits for \/dev\/zram0 without end/,
  });
  const out = join(directory, 'tc-out');
  const iso = { ...options().iso, kernelArgs: ['nozswap'] };
  await buildImage(options({ base: waiting, files, out, iso }));
  const { problems } = await inspectImage(join(out, 'core.gz'));
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? '', /zram0 without end/);
});

test('logins come only from what is given, and never into prod', async () => {
  const key = join(directory, 'id.pub');
  writeFileSync(key, 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI somebody\n');
  const hash = '$6$salt$abcdefghijklmnopqrstuvwxyz./0123456789';
  const logins = { sshKeys: [key], passwordHash: hash };
  await assert.rejects(buildImage(options({ logins })), {
    code: 'RAZOR_MK_USAGE',
    message: /prod image has no logins/,
  });
  await buildImage(options({ logins, flavour: 'dev', out: join(directory, 'dev') }));
  const { tree } = await readInitrd(readFileSync(join(directory, 'dev/core.gz')));
  assert.equal(tree.get('home/tc/.ssh/authorized_keys')?.mode, 0o600);
  assert.equal(readTree(tree, 'etc/shadow')?.toString(), `root:*:0:0:99999:7:::\ntc:${hash}:0:0:99999:7:::\n`);
  await assert.rejects(buildImage(options({ flavour: 'dev', logins: { sshKeys: [], passwordHash: 'secret' } })), {
    code: 'RAZOR_MK_USAGE',
    message: /invalid crypt/,
  });
});

test('bases and names that cannot work are refused with what to do, and nothing is left under the final name', async () => {
  const base = (name: string, ...args: [entries?: ReturnType<typeof baseEntries>, kernel?: Buffer]): string =>
    writeSmallBase(join(directory, name), ...args);
  const plain = [fileEntry('init', ''), fileEntry('usr/bin/tce-load', '')];
  const moduleDir = (version: string) => fileEntry(`lib/modules/${version}/modules.order`, '');
  const cut = base('cut');
  writeFileSync(join(cut, 'core.gz'), readFileSync(join(cut, 'core.gz')).subarray(0, 200));
  const short = fakeKernel();
  short.writeUInt32LE(1_000_000 / 16, 0x1f4);
  const cutKernel = base('cut-kernel', baseEntries(), short);
  writeFileSync(join(directory, 'text.iso'), 'no iso');
  mkdirSync(join(directory, 'empty'), { recursive: true });
  const cases: readonly (readonly [Partial<BuildOptions>, string, RegExp])[] = [
    [{ base: cutKernel }, 'RAZOR_MK_IMAGE_BASE', /cut off: it should have 1002560 bytes and has 4096/],
    [{ base: base('itself'), out: join(directory, 'itself') }, 'RAZOR_MK_USAGE', /made from/],
    [{ base: join(directory, 'nowhere') }, 'RAZOR_MK_FILE_UNREADABLE', /not there/],
    [{ base: join(directory, 'empty') }, 'RAZOR_MK_IMAGE_BASE', /has no kernel/],
    [{ base: join(directory, 'text.iso') }, 'RAZOR_MK_ISO', /not an ISO image/],
    [{ base: cut }, 'RAZOR_MK_ARCHIVE', /gzip/],
    [{ base: base('old', baseEntries(['loop'])) }, 'RAZOR_MK_IMAGE_BASE', /no squashfs/],
    [
      { base: base('mixed', baseEntries(), fakeKernel('6.6.8-tinycore64')) },
      'RAZOR_MK_IMAGE_BASE',
      /none of them would load/,
    ],
    [
      { base: base('script', baseEntries(), Buffer.alloc(4096)) },
      'RAZOR_MK_IMAGE_BASE',
      /neither a bzImage nor an Image of arm64/,
    ],
    [
      { base: base('ancient', [...plain, moduleDir('3.0.21-tinycore')], fakeKernel('3.0.21-tinycore')) },
      'RAZOR_MK_IMAGE_BASE',
      /needs 4\.18/,
    ],
    [{ base: base('narrow', baseEntries(), fakeKernel(KERNEL_VERSION, false)) }, 'RAZOR_MK_IMAGE_BASE', /32-bit/],
    [{ base: base('bare', [fileEntry('x', 'x')]) }, 'RAZOR_MK_IMAGE_BASE', /no \/init/],
    [{ agent: join(directory, 'none.tcz') }, 'RAZOR_MK_TCZ', /none\.tcz/],
    [{ files: [`${directory}/razor-mk.tcz:/etc/../../x`] }, 'RAZOR_MK_IMAGE_NAME', /\.\./],
    [{ files: [`${directory}/none:/x`] }, 'RAZOR_MK_FILE_UNREADABLE', /not there/],
    [{ modules: ['nosuch'] }, 'RAZOR_MK_FILE_UNREADABLE', /nosuch/],
    [{ formats: ['iso'], iso: { ...options().iso, kernelArgs: ['a b'] } }, 'RAZOR_MK_USAGE', /invalid kernel argument/],
  ];
  for (const [change, code, message] of cases) {
    const out = join(directory, 'refused');
    await assert.rejects(buildImage(options({ out, ...change })), { code, message }, `${code} ${String(message)}`);
    assert.deepEqual(existsSync(out) ? readdirSync(out) : [], [], `${code}: nothing is left`);
  }
});

test('a module of another kernel is refused, one of the same kernel is added and the tables are made anew', async (t) => {
  if ((await run(['depmod', '--version'])).failure === 'not-found') return t.skip('depmod (kmod) is not installed');
  const file = join(directory, 'odd.ko');
  writeFileSync(file, 'vermagic=6.6.6 SMP\0');
  await assert.rejects(buildImage(options({ modules: [file] })), {
    code: 'RAZOR_MK_IMAGE_BASE',
    message: /for Linux 6\.6\.6/,
  });
  writeFileSync(file, `vermagic=${KERNEL_VERSION} SMP\0`);
  await buildImage(options({ modules: [file], out: join(directory, 'modules') }));
  const { tree } = await readInitrd(readFileSync(join(directory, 'modules/core.gz')));
  assert.ok(tree.has(`lib/modules/${KERNEL_VERSION}/updates/odd.ko`));
  assert.ok(tree.has(`lib/modules/${KERNEL_VERSION}/modules.dep`), 'made by depmod');
});

test('a bundle holds all that the build needs: built elsewhere, the image is the same', async () => {
  writeFileSync(join(directory, 'note'), 'mine');
  const wanted = options({ files: [`${directory}/note:/etc/note`], out: join(directory, 'here') });
  await buildImage(wanted);
  await writeBundle(join(directory, 'bundle.tar'), wanted);
  const there = join(directory, 'there');
  mkdirSync(there);
  assert.equal((await run(['tar', '-xf', join(directory, 'bundle.tar')], { cwd: there })).status, 0);
  const config = readConfigFile(join(there, 'image.yaml'));
  await buildImage(
    options({
      base: config['base'] as string,
      agent: config['agent'] as string,
      files: config['file'] as string[],
      out: join(directory, 'elsewhere'),
    }),
  );
  const read = (name: string): Buffer => readFileSync(join(directory, name, 'core.gz'));
  assert.ok(read('elsewhere').equals(read('here')));
});

test('an initrd that was cut behind the base is told by its missing sentinel', async () => {
  await buildImage(options());
  const whole = readFileSync(join(directory, 'out/core.gz'));
  assert.deepEqual((await inspectImage(join(directory, 'out/core.gz'))).problems, []);
  const half = join(directory, 'half.gz');
  writeFileSync(half, whole.subarray(0, whole.length - 300));
  await assert.rejects(inspectImage(half), { code: 'RAZOR_MK_ARCHIVE' });
  const plain = join(directory, 'base/core.gz');
  assert.match((await inspectImage(plain)).problems.join(), /not made by razor-mk/);
});

test('the base’s own list of extensions stays in front', async () => {
  const entries = [...baseEntries(), symlinkEntry('x', 'y'), fileEntry('tmp/builtin/onboot.lst', 'own.tcz\n')];
  const base = writeSmallBase(join(directory, 'listed'), entries);
  await buildImage(options({ base, out: join(directory, 'listed-out') }));
  const { tree } = await readInitrd(readFileSync(join(directory, 'listed-out/core.gz')));
  assert.equal(readTree(tree, 'tmp/builtin/onboot.lst')?.toString(), 'own.tcz\nrazor-mk.tcz\n');
});

test('what came by plain http with an MD5 from the same place is said, with what to give instead', async () => {
  const unproven = ['http://mirror.example/base.iso', 'http://mirror.example/tcz'];
  const { warnings } = await buildImage(options({ out: join(directory, 'unproven'), mirror: unproven[1], unproven }));
  const found = warnings.filter((text) => /plain http/.test(text));
  assert.equal(found.length, 2);
  assert.match(found[0] ?? '', /^http:\/\/mirror\.example\/base\.iso: .*--base-sha256 HEX$/);
  assert.match(found[1] ?? '', /^http:\/\/mirror\.example\/tcz: .*--extension-dir$/);
});
