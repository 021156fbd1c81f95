import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { buildImage } from '../../../../tinycore/image/build.ts';
import type { BuildOptions } from '../../../../tinycore/image/build-options.ts';
import { fileEntry, symlinkEntry, type Entry } from '../../../../tinycore/image/initrd/entry.ts';
import { readInitrd, readTree } from '../../../../tinycore/image/initrd/initrd.ts';
import { baseEntries, writeSmallBase } from '../../../helpers/small-base.ts';
import { smallBuild } from '../../../helpers/small-build.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

interface Builder {
  readonly directory: string;
  readonly options: (change?: Partial<BuildOptions>) => BuildOptions;
  /** Writes a step. */
  step(name: string, text: string, mode?: number): string;
  build(name: string, change: Partial<BuildOptions>): Promise<ReadonlyMap<string, Entry>>;
}

function builder(t: TestContext): Builder {
  const directory = temporaryDirectory(t);
  const options = smallBuild(directory);
  mkdirSync(join(directory, 'steps'));
  return {
    directory,
    options,
    step(name, text, mode = 0o755) {
      const path = join(directory, 'steps', name);
      writeFileSync(path, `#!/bin/sh -e\n${text}\n`, { mode });
      return path;
    },
    async build(name, change) {
      const out = join(directory, name);
      await buildImage(options({ out, ...change }));
      return (await readInitrd(readFileSync(join(out, 'core.gz')))).tree;
    },
  };
}

test('steps add, change and see files of the root tree, in the order of their names, with the environment that is documented', async (t) => {
  const { step, build, directory } = builder(t);
  step(
    '10-add',
    'mkdir -p opt/site && cp "$RAZOR_MK_STEP_DIR/data" opt/site/data && chmod 4750 opt/site/data && ln -s data opt/site/link',
  );
  step('20-change', 'test -e opt/site/data; echo "tc = admin" >>etc/sudoers; chmod 700 usr/bin; cat etc/inittab >seen');
  step(
    '30-tell',
    'printf "%s\\n" "$RAZOR_MK_FLAVOUR" "$RAZOR_MK_VERSION" "$RAZOR_MK_KERNEL_VERSION" "$SOURCE_DATE_EPOCH" "$http_proxy" >told; [ "$PWD" = "$RAZOR_MK_ROOT" ]',
  );
  step('data', 'not run', 0o644);
  const env = { http_proxy: 'http://proxy.example:3128', SECRET: 'x' };
  const tree = await build('out', { buildSteps: [join(directory, 'steps')], env });
  assert.match(readTree(tree, 'opt/site/data')?.toString() ?? '', /not run/);
  assert.deepEqual([tree.get('opt/site/data')?.mode, tree.get('opt/site/data')?.uid], [0o4750, 0]);
  assert.equal(tree.get('opt/site/link')?.type, 'symlink');
  assert.equal(readTree(tree, 'etc/sudoers')?.toString(), 'tc = admin\n');
  assert.match(readTree(tree, 'seen')?.toString() ?? '', /flavour prod/, 'the overlay is in the tree already');
  assert.equal(tree.get('usr/bin')?.mode, 0o700, 'the mode of a directory of the base');
  assert.equal(
    readTree(tree, 'told')?.toString(),
    'prod\n1.2.3\n5.10.3-tinycore64\n1700000000\nhttp://proxy.example:3128\n',
  );
});

test('a step that changes nothing leaves the image byte for byte as it is without steps, whatever the umask', async (t) => {
  const { step, build, directory } = builder(t);
  await build('without', {});
  const before = process.umask(0o077);
  try {
    await build('with', { buildSteps: [step('nothing', ':')] });
  } finally {
    process.umask(before);
  }
  const bytes = (name: string): Buffer => readFileSync(join(directory, name, 'core.gz'));
  assert.ok(bytes('without').equals(bytes('with')));
});

test('a step that fails ends the build, and nothing is written', async (t) => {
  const { step, options, directory } = builder(t);
  const out = join(directory, 'out');
  const attempt = (text: string): Promise<unknown> => {
    const path = step('bad', text);
    return assert.rejects(
      buildImage(options({ out, buildSteps: [path] })),
      (error: { code: string; message: string }) => {
        said = `${error.code} ${error.message}`;
        return true;
      },
    );
  };
  let said = '';
  await attempt('echo no such mirror >&2; exit 3');
  assert.match(said, /^RAZOR_MK_IMAGE_PROGRAM the build step .*\/steps\/bad ended with status 3: no such mirror$/);
  await attempt('rm bin/busybox');
  assert.match(said, /^RAZOR_MK_USAGE a build step removed bin\/busybox$/);
  await attempt('echo >etc/razor-mk/complete');
  assert.match(said, /^RAZOR_MK_USAGE a build step changed etc\/razor-mk\/complete$/);
  await attempt('mkfifo dev-fifo');
  assert.match(said, /^RAZOR_MK_USAGE a build step made dev-fifo/);
  await assert.rejects(
    buildImage(options({ out, buildSteps: [step('plain', '', 0o644)] })),
    /no program that can be run/,
  );
  assert.ok(!existsSync(join(out, 'core.gz')));
});

test('links of a base never lead a step’s tree out of its directory', async (t) => {
  const { step, build, directory } = builder(t);
  const outside = join(directory, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'kept'), 'kept');
  // an archive may hold a link and a file behind it
  const hostile = [symlinkEntry('evil', outside), fileEntry('evil/kept', 'written over'), fileEntry('evil/new', 'new')];
  writeSmallBase(join(directory, 'base'), [...baseEntries(), ...hostile]);
  const tree = await build('out', { buildSteps: [step('link', `ln -s ${outside} away`)] });
  assert.equal(tree.get('away')?.type, 'symlink');
  assert.equal(tree.get('away/kept'), undefined, 'what a link leads to is not walked');
  assert.deepEqual(readdirSync(outside), ['kept']);
  assert.equal(readFileSync(join(outside, 'kept'), 'utf8'), 'kept');
});
