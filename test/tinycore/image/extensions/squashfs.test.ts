import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withUmask } from '../../../../platform/process/umask.ts';
import { packSquashfs, unpackSquashfs } from '../../../../tinycore/image/extensions/squashfs.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const installed = ['/usr/bin/mksquashfs', '/usr/sbin/mksquashfs'].some((path) => existsSync(path));

test(
  'an extension that is packed again has the same modes whatever the umask of whoever builds',
  { skip: installed ? false : 'squashfs-tools is not installed' },
  async (t) => {
    const directory = temporaryDirectory(t);
    const [tree, first] = [join(directory, 'tree'), join(directory, 'first.tcz')];
    mkdirSync(join(tree, 'bin'), { recursive: true });
    writeFileSync(join(tree, 'bin/program'), '#!/bin/sh\n');
    chmodSync(join(tree, 'bin/program'), 0o755);
    await packSquashfs(tree, first, 'gzip', 1_700_000_000);
    const again = async (umask: number): Promise<Buffer> => {
      const [unpacked, target] = [join(directory, `tree-${umask}`), join(directory, `again-${umask}.tcz`)];
      // the mask is this process' own, and the programs are started before anything else runs
      await withUmask(umask, () => unpackSquashfs(first, unpacked));
      assert.equal(statSync(join(unpacked, 'bin/program')).mode & 0o777, 0o755);
      await withUmask(umask, () => packSquashfs(unpacked, target, 'gzip', 1_700_000_000));
      return readFileSync(target);
    };
    assert.ok((await again(0o077)).equals(await again(0o022)));
    const listed = execFileSync('unsquashfs', ['-ll', first], { encoding: 'utf8' });
    assert.match(listed, /-rwxr-xr-x root\/root .*bin\/program/);
  },
);
