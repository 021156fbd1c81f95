import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { entriesOfDirectory } from '../../../../tinycore/image/initrd/directory-entries.ts';
import { makeTree } from '../../../helpers/tree.ts';

it('a directory’s files are root’s, executable or not; links stay links, and what is no file stays out', (t) => {
  const root = makeTree(t, { 'etc/b': 'plain', 'etc/a': 'run', 'etc/empty/': '', link: '-> etc/none', up: '-> etc' });
  chmodSync(join(root, 'etc/a'), 0o610);
  chmodSync(join(root, 'etc/b'), 0o666);
  chmodSync(join(root, 'etc'), 0o700);
  execFileSync('mkfifo', [join(root, 'fifo')]);
  const seen = (prefix?: string): unknown[] =>
    entriesOfDirectory(root, prefix).map(({ path, type, mode, data }) => [
      path,
      type,
      mode.toString(8),
      String(Buffer.from(data)),
    ]);
  assert.deepEqual(seen(), [
    ['etc', 'directory', '755', ''],
    ['etc/a', 'file', '755', 'run'],
    ['etc/b', 'file', '644', 'plain'],
    ['etc/empty', 'directory', '755', ''],
    ['link', 'symlink', '777', 'etc/none'],
    ['up', 'symlink', '777', 'etc'],
  ]);
  assert.deepEqual((seen('usr/x') as string[][])[1], ['usr/x/etc/a', 'file', '755', 'run']);
});
