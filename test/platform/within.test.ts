import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { within, withinSync } from '../../platform/within.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

test('a path inside a tree is found through its own links, and no link or .. leads out of it', async (t) => {
  const base = realpathSync(temporaryDirectory(t));
  const tree = join(base, 'tree');
  mkdirSync(join(tree, 'boot'), { recursive: true });
  mkdirSync(join(base, 'tree-beside'));
  writeFileSync(join(tree, 'boot', 'kernel'), 'k');
  writeFileSync(join(base, 'secret'), 's');
  writeFileSync(join(base, 'tree-beside', 'file'), 's');
  symlinkSync('boot', join(tree, 'inner'));
  symlinkSync(join(base, 'secret'), join(tree, 'absolute'));
  symlinkSync('../../secret', join(tree, 'boot', 'relative'));
  symlinkSync(base, join(tree, 'up'));
  symlinkSync('../tree-beside', join(tree, 'beside'));
  symlinkSync('loop', join(tree, 'loop'));
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['boot/kernel', 'boot/kernel'],
    ['inner/kernel', 'boot/kernel'],
    ['.', ''],
    ['/boot/kernel', 'boot/kernel'],
    ['absolute', undefined],
    ['boot/relative', undefined],
    ['up/secret', undefined],
    ['beside/file', undefined],
    ['../secret', undefined],
    ['loop', undefined],
    ['missing', undefined],
    ['boot/kernel/x', undefined],
  ];
  for (const [path, expected] of cases) {
    const real = expected === undefined ? undefined : join(tree, expected);
    assert.equal(await within(tree, path), real, path);
    assert.equal(withinSync(tree, path), real, path);
  }
  symlinkSync(tree, join(base, 'link-to-tree'));
  assert.equal(await within(join(base, 'link-to-tree'), 'boot/kernel'), join(tree, 'boot/kernel'));
});
