/**
 * The whole way with real parts: a base of Debian packages, the agent's extension, an ISO, and machines that boot it. Needs
 * apt with package lists, QEMU and the ISO tools; `npm run package` first. Emulated machines are slow: minutes.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { before, test, type TestContext } from 'node:test';
import { PROJECT } from '../../packaging/project-paths.ts';
import { run } from '../../platform/process/run.ts';
import { makeDebianBase } from '../../tinycore/image/base/base.ts';
import { buildImage } from '../../tinycore/image/build.ts';
import type { BuildOptions } from '../../tinycore/image/build-options.ts';
import { inspectImage } from '../../tinycore/image/inspect.ts';
import { packSquashfs } from '../../tinycore/image/extensions/squashfs.ts';
import { bootVm, VIRTIO_NET } from '../helpers/image-vm.ts';
import { scriptedServer } from '../helpers/scripted-server.ts';
import { USUAL_BUILD } from '../helpers/small-build.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const AGENT = join(PROJECT, 'build/razor-mk.tcz');
const CACHE = join(PROJECT, 'build/cache/debian');
const EPOCH = 1_700_000_000;
const PATIENCE = 420_000;
let directory = '';
let lacks: string | undefined;

before(async () => {
  directory = temporaryDirectory();
  for (const program of ['apt-get', 'qemu-system-x86_64', 'xorriso', 'mksquashfs', 'depmod']) {
    if ((await run([program, '--version'])).failure === 'not-found') lacks = `${program} is not installed`;
  }
  if (!existsSync(AGENT)) lacks = 'build/razor-mk.tcz is not there: npm run package makes it';
  if (lacks !== undefined) return;
  await makeDebianBase({ kernel: 'cloud', out: join(directory, 'base'), cache: CACHE, epoch: EPOCH }).catch(
    (error: unknown) => {
      if ((error as { code?: string }).code !== 'RAZOR_MK_DOWNLOAD') throw error;
      lacks = `packages cannot be fetched: ${(error as Error).message}`;
    },
  );
});

function options(change: Partial<BuildOptions> = {}): BuildOptions {
  return {
    ...USUAL_BUILD,
    base: join(directory, 'base'),
    out: join(directory, 'out'),
    agent: AGENT,
    packageCache: CACHE,
    epoch: EPOCH,
    ...change,
  };
}

const kernelOf = (out: string, line: string): string[] => [
  ...['-kernel', join(directory, out, 'vmlinuz'), '-initrd', join(directory, out, 'core.gz'), '-append'],
  `console=ttyS0 quiet ${line}`,
];

/** Boots kernel and initrd of a directory and waits for the first check-in. */
async function checksIn(t: TestContext, out: string): Promise<void> {
  const server = await scriptedServer();
  t.after(() => server.close());
  const line = `razor.ip=10.0.2.2:${server.port}`;
  const vm = await bootVm(384, [...kernelOf(out, line), ...VIRTIO_NET]);
  t.after(() => vm.stop());
  const checkedIn = await vm.until(() => server.asked.some((one) => one.path.endsWith('/node/checkin')), PATIENCE);
  assert.ok(checkedIn, `no check-in; the console said:\n${vm.console.slice(-30).join('\n')}`);
}

test('a base of Debian packages is the same bytes twice, and the time of base and ISO is told', async (t) => {
  if (lacks !== undefined) return t.skip(lacks);
  const started = performance.now();
  await makeDebianBase({ kernel: 'metal', out: join(directory, 'again'), cache: CACHE, epoch: EPOCH });
  const first = performance.now();
  await makeDebianBase({ kernel: 'metal', out: join(directory, 'twice'), cache: CACHE, epoch: EPOCH });
  const second = performance.now();
  const built = await buildImage(
    options({ base: join(directory, 'twice'), out: join(directory, 'iso'), formats: ['iso'] }),
  );
  const seconds = (performance.now() - first) / 1000;
  t.diagnostic(
    `first base ${((first - started) / 1000).toFixed(1)} s, second ${((second - first) / 1000).toFixed(1)} s; second base and ISO ${seconds.toFixed(1)} s`,
  );
  for (const name of ['vmlinuz', 'core.gz']) {
    assert.ok(readFileSync(join(directory, 'again', name)).equals(readFileSync(join(directory, 'twice', name))), name);
  }
  const iso = built.written[0]?.path ?? '';
  const found = await inspectImage(iso);
  assert.deepEqual(found.problems, []);
  assert.equal(found.metadata?.accepted, true);
  const load = loadavg()[0] ?? 0;
  t.diagnostic(`base and ISO in ${seconds.toFixed(1)} s at load ${load.toFixed(1)}`);
});

test('a machine that boots the image checks in and registers; its agent is packed with zstd, once', async (t) => {
  if (lacks !== undefined) return t.skip(lacks);
  const steps: string[] = [];
  const auto = options({ form: 'auto', step: (text) => void steps.push(text) });
  const built = await buildImage(auto);
  assert.equal(built.form, 'tcz-zstd');
  const first = readFileSync(join(directory, 'out/core.gz'));
  steps.length = 0;
  await buildImage(auto);
  assert.ok(first.equals(readFileSync(join(directory, 'out/core.gz'))), 'the same bytes from what was kept');
  assert.ok(!steps.some((step) => step.startsWith('packing the agent')), steps.join(', '));
  await checksIn(t, 'out');
});

test('an image on a base of Debian 13 checks in, whatever release this machine has', async (t) => {
  if (lacks !== undefined) return t.skip(lacks);
  const trixie = {
    kernel: 'cloud',
    suite: 'trixie',
    out: join(directory, 'trixie'),
    cache: CACHE,
    epoch: EPOCH,
  } as const;
  const base = await makeDebianBase(trixie).catch((error: unknown) => {
    if ((error as { code?: string }).code !== 'RAZOR_MK_DOWNLOAD') throw error;
    return (error as Error).message;
  });
  if (typeof base === 'string') return t.skip(base);
  assert.match(base.kernelVersion, /^6\.12\./);
  assert.ok(base.moduleCount > 50, `${base.moduleCount} modules`);
  await buildImage(options({ base: trixie.out, out: join(directory, 'trixie-image'), form: 'auto' }));
  await checksIn(t, 'trixie-image');
});

/** Tiny Core itself: an ISO, or a directory with its vmlinuz64 and corepure64.gz, or with rootfs64.gz and modules64.gz. */
const TINYCORE = process.env['RAZOR_MK_TINYCORE'];

test('an image on a real Tiny Core checks in', async (t) => {
  if (lacks !== undefined) return t.skip(lacks);
  if (TINYCORE === undefined) return t.skip('RAZOR_MK_TINYCORE names no ISO or directory of Tiny Core');
  const modulesFrom = process.env['RAZOR_MK_TINYCORE_MODULES'];
  await buildImage(options({ base: TINYCORE, modulesFrom, out: join(directory, 'tinycore'), form: 'auto' }));
  const { problems } = await inspectImage(join(directory, 'tinycore/core.gz'));
  assert.deepEqual(problems, []);
  await checksIn(t, 'tinycore');
});

test('the ISO boots as a CD under BIOS, to a check-in', async (t) => {
  if (lacks !== undefined) return t.skip(lacks);
  const server = await scriptedServer();
  t.after(() => server.close());
  const iso = { ...options().iso, kernelArgs: [`razor.ip=10.0.2.2:${server.port}`] };
  const built = await buildImage(options({ out: join(directory, 'cd'), formats: ['iso'], iso }));
  const vm = await bootVm(512, ['-cdrom', built.written[0]?.path ?? '', '-boot', 'd', ...VIRTIO_NET]);
  t.after(() => vm.stop());
  const checkedIn = await vm.until(() => server.asked.some((one) => one.path.endsWith('/node/checkin')), PATIENCE);
  assert.ok(checkedIn, `no check-in; the console said:\n${vm.console.slice(-30).join('\n')}`);
});

test('a machine with too little memory says how much it needs, instead of going on with half an image', async (t) => {
  if (lacks !== undefined) return t.skip(lacks);
  const built = await buildImage(options());
  const vm = await bootVm(136, [...kernelOf('out', ''), ...VIRTIO_NET]);
  t.after(() => vm.stop());
  const said = (text: RegExp): boolean => vm.console.some((line) => text.test(line));
  const spoke = await vm.until(
    () => said(/PARTLY UNPACKED/) && said(new RegExp(`needs ${built.needsMib} MiB`)),
    PATIENCE,
  );
  assert.ok(spoke, `the console said:\n${vm.console.slice(-30).join('\n')}`);
});

/** Makes an extension of files in the directory of extensions. */
async function extension(name: string, files: Record<string, string>, dep = ''): Promise<void> {
  const tree = join(directory, `tree-${name}`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(tree, path, '..'), { recursive: true });
    writeFileSync(join(tree, path), text, { mode: 0o755 });
  }
  mkdirSync(join(directory, 'tcz'), { recursive: true });
  await packSquashfs(tree, join(directory, 'tcz', `${name}.tcz`), 'gzip', EPOCH);
  if (dep !== '') writeFileSync(join(directory, 'tcz', `${name}.tcz.dep`), `${dep}\n`);
}

test('tce-load of the base links extensions in order, keeps what is there, runs their scripts and refuses what is broken', async (t) => {
  if (lacks !== undefined) return t.skip(lacks);
  await loadingTest(t);
});

async function loadingTest(t: TestContext): Promise<void> {
  await extension('low', { 'usr/local/share/low': 'low', 'etc/hosts': 'not this one\n' });
  await extension(
    'top',
    { 'usr/local/tce.installed/top': '#!/bin/sh\ncat /usr/local/share/low >/tmp/order\n' },
    'low.tcz',
  );
  const script = join(directory, 'bootlocal.sh');
  writeFileSync(
    script,
    `#!/bin/sh
exec >/dev/ttyS0 2>&1
echo "TEST order=$(cat /tmp/order) hosts=$(head -n 1 /etc/hosts)"
tce-load -i nowhere; echo "TEST missing=$?"
echo broken >/tmp/broken.tcz; tce-load -i /tmp/broken.tcz; echo "TEST broken=$? marked=$(ls /usr/local/tce.installed | grep -c broken)"
mkdir -p /tmp/mirror && cp /tmp/builtin/optional/low.tcz /tmp/mirror/far.tcz && echo 00000000000000000000000000000000 >/tmp/mirror/far.tcz.md5.txt
httpd -p 127.0.0.1:8099 -h /tmp && echo http://127.0.0.1:8099/mirror/tcz/ >/opt/tcemirror && ln -s . /tmp/mirror/tcz
tce-load -wi far; echo "TEST checksum=$?"
md5sum /tmp/mirror/far.tcz >/tmp/mirror/far.tcz.md5.txt; tce-load -wi far; echo "TEST fetched=$?"
poweroff -f
`,
    { mode: 0o755 },
  );
  const out = join(directory, 'loading');
  await buildImage(
    options({
      out,
      extensions: ['top'],
      extensionDirs: [join(directory, 'tcz')],
      files: [`${script}:/opt/bootlocal.sh`],
    }),
  );
  const vm = await bootVm(384, [...kernelOf('loading', 'razor.ip=192.0.2.1'), ...VIRTIO_NET]);
  t.after(() => vm.stop());
  await vm.until(() => vm.console.some((line) => line.includes('TEST fetched')), PATIENCE);
  const said = vm.console.filter((line) => line.includes('TEST ')).map((line) => line.trim().replace(/^.*TEST /, ''));
  assert.deepEqual(said, [
    'order=low hosts=127.0.0.1\tlocalhost localhost.localdomain',
    'missing=1',
    'broken=1 marked=0',
    'checksum=1',
    'fetched=0',
  ]);
}
