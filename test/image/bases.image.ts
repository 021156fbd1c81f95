/**
 * The bases that people have, each through builder and `image inspect` with its verdict: Tiny Core 4.4, 8.2, 10.1 and 11.0 in 32 and
 * 64 bit by the names of their programs, Debian 12 and 13 by their packages; and a userland of 32 bit under a kernel of 64, booted.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { PROJECT } from '../../packaging/project-paths.ts';
import { run } from '../../platform/process/run.ts';
import { aptSuite } from '../../tinycore/image/base/apt-suite.ts';
import { makeDebianBase } from '../../tinycore/image/base/base.ts';
import { buildImage } from '../../tinycore/image/build.ts';
import { writeCpio } from '../../tinycore/image/initrd/cpio.ts';
import { fileEntry } from '../../tinycore/image/initrd/entry.ts';
import { readInitrd, readTree } from '../../tinycore/image/initrd/initrd.ts';
import { inspectImage } from '../../tinycore/image/inspect.ts';
import { bootVm, VIRTIO_NET } from '../helpers/image-vm.ts';
import { scriptedServer } from '../helpers/scripted-server.ts';
import { smallBuild } from '../helpers/small-build.ts';
import { writeSmallBase } from '../helpers/small-base.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { tinycoreEntries, type Release } from '../helpers/tinycore-shapes.ts';

const AGENT = join(PROJECT, 'build/razor-mk.tcz');
const CACHE = join(PROJECT, 'build/cache/debian');
const PATIENCE = 420_000;
const IP = 'the base has no ip: that of a static busybox is in the image';
const BS = 'the base’s tce-load mounted with bs=4096, which kernels of today refuse: the image’s does not';

const offline = (error: unknown): string => {
  if ((error as { code?: string }).code !== 'RAZOR_MK_DOWNLOAD') throw error;
  return (error as Error).message;
};

/** Each release with a kernel that has all: what is mended. With one of them away: what is refused, before anything is packed. */
const SHAPES: readonly (readonly [Release, { readonly clock: string; readonly notes: readonly string[] }])[] = [
  ['4.4', { clock: 'rtc', notes: [BS, IP] }],
  ['8.2', { clock: 'rtc0', notes: [BS, IP] }],
  ['10.1', { clock: 'rtc0', notes: [BS, IP] }],
  ['11.0', { clock: 'rtc0', notes: [IP] }],
  ['11.0-x86', { clock: 'rtc0', notes: [IP] }],
];
const MODULES = ['squashfs', 'loop', 'zram', 'rtc_cmos', 'e1000'];

for (const [release, { clock, notes }] of SHAPES) {
  test(`Tiny Core ${release}: mended where it can be, and refused in words where a machine would wait for ever`, async (t) => {
    const directory = temporaryDirectory(t);
    const small = smallBuild(directory);
    const base = (name: string, modules?: readonly string[]): string =>
      writeSmallBase(join(directory, name), tinycoreEntries(release, modules));
    const options = { base: base('whole', MODULES), packageCache: CACHE };
    const built = await buildImage(small(options)).catch((error: unknown) => {
      if (!/none could be fetched/.test((error as Error).message)) throw error;
      return (error as Error).message;
    });
    if (typeof built === 'string') return t.skip(built);
    assert.deepEqual(built.warnings, notes);
    const { problems, initrd } = await inspectImage(join(directory, 'out/core.gz'));
    assert.deepEqual(problems, []);
    assert.deepEqual(initrd?.openAccounts, [], 'tc is locked, whose password is empty in the base');
    const { tree } = await readInitrd(readFileSync(join(directory, 'out/core.gz')));
    assert.doesNotMatch(readTree(tree, 'usr/bin/tce-load')?.toString() ?? '', /bs=4096/);
    assert.equal(tree.get('sbin/ip')?.mode, 0o755);

    const refused = async (
      name: string,
      modules: readonly string[] | undefined,
      words: readonly string[] = [],
    ): Promise<string> => {
      const iso = { ...small().iso, kernelArgs: words };
      const error = await buildImage(small({ ...options, base: base(name, modules), iso })).then(
        () => undefined,
        (failure: Error) => failure,
      );
      return error?.message ?? 'built';
    };
    const without = (module: string): string[] => MODULES.filter((name) => name !== module);
    assert.match(await refused('no-modules', undefined), /no modules|no lib\/modules|squashfs/);
    assert.match(await refused('no-zram', without('zram')), /waits for \/dev\/zram0 without end/);
    assert.equal(await refused('nozswap', without('zram'), ['nozswap']), 'built');
    assert.match(await refused('no-clock', without('rtc_cmos')), new RegExp(`waits for /dev/${clock} without end`));
    assert.match(await refused('no-squashfs', without('squashfs')), /squashfs/);
  });
}

for (const suite of ['bookworm', 'trixie'] as const) {
  test(`Debian ${suite}: nothing to mend, nothing found wrong`, async (t) => {
    const directory = temporaryDirectory(t);
    const base = join(directory, 'debian');
    const made = await makeDebianBase({ kernel: 'cloud', suite, out: base, cache: CACHE, epoch: 1_700_000_000 }).catch(
      offline,
    );
    if (typeof made === 'string') return t.skip(made);
    assert.ok(made.moduleCount > 50, `${made.moduleCount} modules`);
    const built = await buildImage(smallBuild(directory)({ base, packageCache: CACHE }));
    assert.deepEqual(built.warnings, []);
    const { problems, initrd } = await inspectImage(join(directory, 'out/core.gz'));
    assert.deepEqual([problems, initrd?.openAccounts], [[], []]);
    assert.match(built.kernelVersion, suite === 'bookworm' ? /^6\.1\./ : /^6\.12\./);
  });
}

test('a userland of 32 bit under a kernel of 64 boots to a check-in', async (t) => {
  if (!existsSync(AGENT)) return t.skip('build/razor-mk.tcz is not there: npm run package makes it');
  for (const program of ['apt-get', 'qemu-system-x86_64', 'dpkg-deb'])
    if ((await run([program, '--version'])).failure === 'not-found') return t.skip(`${program} is not installed`);
  const directory = temporaryDirectory(t);
  const base = join(directory, 'debian');
  const narrow = await makeDebianBase({ kernel: 'cloud', out: base, cache: CACHE, epoch: 1_700_000_000 })
    .then(() => narrowBusybox(directory))
    .catch(offline);
  if (typeof narrow === 'string') return t.skip(narrow);
  assert.equal(narrow[4], 1, 'ELF of 32 bit');
  const userland = join(directory, 'userland.gz');
  writeFileSync(userland, gzipSync(writeCpio([fileEntry('bin/busybox', narrow, 0o755)])));
  const out = join(directory, 'out');
  const initrd = [join(base, 'core.gz'), userland];
  await buildImage({
    ...smallBuild(directory)({ kernel: join(base, 'vmlinuz'), initrd, agent: AGENT, packageCache: CACHE, out }),
    base: undefined,
    form: 'auto',
  });
  assert.deepEqual((await inspectImage(join(out, 'core.gz'))).problems, []);
  await checksIn(t, out);
});

/** busybox of Debian's i386, the bytes. Throws RAZOR_MK_DOWNLOAD. */
async function narrowBusybox(directory: string): Promise<Buffer> {
  const options = { timeoutMs: 300_000, cwd: directory };
  const apt = await aptSuite({ suite: 'bookworm', foreign: 'i386', cache: CACHE, run: options });
  const fetched = await run(['apt-get', ...apt, 'download', 'busybox-static'], options);
  assert.equal(fetched.status, 0, fetched.stderr.toString());
  const unpacked = await run(['sh', '-c', 'dpkg-deb -x busybox-static_*.deb i386'], options);
  assert.equal(unpacked.status, 0, unpacked.stderr.toString());
  const place = ['bin/busybox', 'usr/bin/busybox'].map((path) => join(directory, 'i386', path)).find(existsSync);
  return readFileSync(place ?? '');
}

async function checksIn(t: TestContext, out: string): Promise<void> {
  const server = await scriptedServer();
  t.after(() => server.close());
  const line = `console=ttyS0 quiet razor.ip=10.0.2.2:${server.port}`;
  const files = ['-kernel', join(out, 'vmlinuz'), '-initrd', join(out, 'core.gz')];
  const vm = await bootVm(384, [...files, '-append', line, ...VIRTIO_NET]);
  t.after(() => vm.stop());
  const checkedIn = await vm.until(() => server.asked.some((one) => one.path.endsWith('/node/checkin')), PATIENCE);
  assert.ok(checkedIn, `no check-in; the console said:\n${vm.console.slice(-30).join('\n')}`);
}
