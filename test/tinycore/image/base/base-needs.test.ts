import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { baseProblems, mendBase, missingPrograms, neededPrograms } from '../../../../tinycore/image/base/base-needs.ts';
import { fileEntry } from '../../../../tinycore/image/initrd/entry.ts';
import { readTree, treeOf } from '../../../../tinycore/image/initrd/initrd.ts';
import { RELEASES, tinycoreEntries } from '../../../helpers/tinycore-shapes.ts';

const MODULES = new Set(['squashfs', 'loop', 'zram', 'rtc_cmos']);

test('of what our scripts use, real releases of Tiny Core lack ip alone, and the image brings one', async () => {
  for (const release of RELEASES) {
    const tree = treeOf(tinycoreEntries(release, [...MODULES]));
    assert.deepEqual(
      missingPrograms(tree).map(({ program }) => program),
      ['ip'],
      release,
    );
    const { entries, notes } = await mendBase(tree, () => Promise.resolve(Buffer.from('a static busybox')));
    const mended = new Map([...tree, ...treeOf(entries)]);
    assert.equal(mended.get('sbin/ip')?.mode, 0o755);
    assert.deepEqual(baseProblems(mended, MODULES, []), [], release);
    const loader = readTree(mended, 'usr/bin/tce-load')?.toString() ?? '';
    assert.match(loader, /-o loop,ro 2>&1/, release);
    assert.equal(notes.length, release.startsWith('11') ? 1 : 2, release);
  }
});

test('an init that would wait without end for a device is a problem, unless a word of the kernel line keeps it from that', () => {
  const tree = treeOf([...tinycoreEntries('11.0', []), fileEntry('sbin/ip', '', 0o755)]);
  const what = (modules: ReadonlySet<string> | undefined, words: readonly string[] = []): string[] =>
    baseProblems(tree, modules, words).map((problem) => problem.what);
  assert.deepEqual(what(MODULES), []);
  assert.match(what(new Set(['rtc_cmos']))[0] ?? '', /waits for \/dev\/zram0 without end.*no module zram/);
  assert.deepEqual(what(new Set(['rtc_cmos']), ['nozswap']), []);
  assert.match(what(new Set(['zram']))[0] ?? '', /\/dev\/rtc0/);
  assert.deepEqual(what(undefined), [], 'nothing lists what is built in');
});

test('a base without a program that the scripts need is a problem that names who uses it', () => {
  const entries = tinycoreEntries('11.0', [...MODULES]).filter(({ path }) => path !== 'usr/bin/udhcpc');
  const [problem] = baseProblems(treeOf([...entries, fileEntry('sbin/ip', '', 0o755)]), MODULES, []);
  assert.equal(problem?.what, 'it has no udhcpc, which is used by dhcp.sh');
});

test('a link to a program that is not there is no program', () => {
  const entries = tinycoreEntries('11.0', [...MODULES]).filter(({ path }) => path !== 'bin/busybox');
  assert.ok(missingPrograms(treeOf(entries)).length > 20);
});

test('every program at the head of a command in our scripts stands in tinycore/overlay/needs', () => {
  const overlay = join(import.meta.dirname, '../../../../tinycore/overlay');
  const extension = join(import.meta.dirname, '../../../../tinycore/extension');
  const scripts = [overlay, extension].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .map((name) => join(root, name))
      .filter((path) => statSync(path).isFile() && readFileSync(path, 'latin1').startsWith('#!/bin/sh')),
  );
  assert.ok(scripts.length >= 12, `${scripts.length} scripts`);
  const known = new Set(neededPrograms().map(({ program }) => program));
  // programs that a script asks for before it uses them, or that come with an extension
  for (const name of ['udhcpc6', 'logger', 'route', 'usleep', 'uptime']) known.add(name);
  const programs = new Set(
    (tinycoreEntries('11.0') as { path: string }[]).map(({ path }) => path.split('/').at(-1) ?? ''),
  );
  programs.add('ip');
  for (const script of scripts) {
    const code = readFileSync(script, 'utf8').replaceAll(/^\s*#.*$/gm, '');
    const heads = code.matchAll(
      /(?:^|[|;&(]|\b(?:then|do|else|exec|if|while)\b|\$\()\s*([a-z][a-z0-9-]*)(?=[\s;)]|$)/gm,
    );
    for (const [, head = ''] of heads) {
      if (!programs.has(head) || BUILT_IN.has(head)) continue;
      assert.ok(known.has(head), `${script} uses ${head}`);
    }
  }
});

/** What the shell does itself, and words that only look like programs in a pattern or an option. */
const BUILT_IN = new Set(['echo', 'test', 'true', 'false', 'pwd', 'tc', 'time', 'script']);
