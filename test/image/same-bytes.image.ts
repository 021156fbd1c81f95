/** `image build` as a whole under different umasks: the same bytes, from caches of their own, whatever goes in. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { PROJECT } from '../../packaging/project-paths.ts';
import { run } from '../../platform/process/run.ts';
import { readInitrd } from '../../tinycore/image/initrd/initrd.ts';
import { writeSmallBase } from '../helpers/small-base.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const MAIN = join(PROJECT, 'agent/main.ts');

async function must(argv: readonly [string, ...string[]], umask = 0o022): Promise<void> {
  const result = await run(argv, { umask, timeoutMs: 120_000 });
  assert.equal(result.status, 0, `${argv.join(' ')}: ${result.stderr.toString()}`);
}

/** Things to build from: a small base, an agent that is a real squashfs, a Debian package, files, facts, firmware and a step. */
async function inputs(directory: string): Promise<string[]> {
  const at = (path: string, text: string, mode = 0o644): string => {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), text, { mode });
    return join(directory, path);
  };
  writeSmallBase(join(directory, 'base'));
  at('agent/usr/local/bin/razor-mk', '#!/bin/sh\n', 0o755);
  at('agent/usr/local/etc/init.d/razor-mk', '#!/bin/sh\n', 0o755);
  const agent = join(directory, 'razor-mk.tcz');
  await must(['mksquashfs', join(directory, 'agent'), agent, '-all-root', '-noappend', '-quiet', '-no-progress']);
  at(
    'deb/DEBIAN/control',
    'Package: small\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: x\n',
  );
  at('deb/usr/bin/small', '#!/bin/sh\n', 0o755);
  await must(['dpkg-deb', '--root-owner-group', '--build', join(directory, 'deb'), join(directory, 'small_1_all.deb')]);
  return [
    ...['--base', join(directory, 'base'), '--agent', agent, '--version', '1.2.3'],
    ...['--extension', join(directory, 'small_1_all.deb')],
    ...['--file', `${at('files/a', 'a')}:/opt/a`, '--facts-d', join(at('facts/site.txt', 'site=x\n'), '..')],
    ...['--firmware', join(at('fw/x/y.bin', 'y'), '../..'), '--command', at('blink', '#!/bin/sh\n', 0o755)],
    ...['--build-step', at('step', '#!/bin/sh -e\nmkdir -p opt/new\necho x >opt/new/x\n', 0o755)],
  ];
}

/** Paths and digests of all files below a directory. */
function digests(directory: string): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(directory, name)).isFile());
  return Object.fromEntries(
    files.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(directory, name)))
        .digest('hex'),
    ]),
  );
}

async function builds(t: TestContext, form: string): Promise<void> {
  const directory = temporaryDirectory(t);
  const words = await inputs(directory);
  const made: Record<string, string>[] = [];
  for (const umask of [0o022, 0o077, 0o002]) {
    const name = `umask-${umask.toString(8)}`;
    const [home, out] = [join(directory, name, 'home'), join(directory, name, 'out')];
    mkdirSync(home, { recursive: true });
    const argv = [MAIN, 'image', 'build', ...words, '--out', out, '--form', form];
    const result = await run([process.execPath, ...argv, '--format', 'kernel', 'iso', 'dir', 'tar'], {
      umask,
      env: { HOME: home, SOURCE_DATE_EPOCH: '1700000000' },
      timeoutMs: 300_000,
    });
    assert.equal(result.status, 0, result.stderr.toString());
    made.push(digests(out));
    if (umask === 0o077) await everybodyMayRead(join(out, 'core.gz'));
  }
  const [usual, strict, open] = made;
  assert.ok(Object.keys(usual ?? {}).length >= 7, JSON.stringify(usual));
  assert.deepEqual(strict, usual, 'umask 077');
  assert.deepEqual(open, usual, 'umask 002');
}

/** What M4 of a strict umask looks like on the node: files that only root may read, or run. */
async function everybodyMayRead(initrd: string): Promise<void> {
  const { tree } = await readInitrd(readFileSync(initrd));
  const closed = [...tree.values()].filter(
    ({ type, mode, path }) => type === 'file' && (mode & 0o044) !== 0o044 && path !== 'etc/shadow',
  );
  assert.deepEqual(
    closed.map(({ path }) => path).filter((path) => path !== 'tmp/mk_conf.yaml'),
    [],
  );
}

for (const form of ['tcz-gzip', 'tcz-zstd', 'initrd-gzip']) {
  test(`image build gives the same bytes under umask 022, 077 and 002: ${form}`, async (t) => {
    for (const program of ['mksquashfs', 'unsquashfs', 'dpkg-deb', 'xorriso', 'mcopy', 'grub-mkimage']) {
      if ((await run([program, '--version'])).failure === 'not-found') return t.skip(`${program} is not installed`);
    }
    if (!existsSync('/usr/lib/grub/x86_64-efi')) return t.skip('grub-efi-amd64-bin is not installed');
    await builds(t, form);
  });
}
