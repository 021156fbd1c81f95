import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withUmask } from '../../../../platform/process/umask.ts';
import { debToTcz } from '../../../../tinycore/image/extensions/deb2tcz.ts';
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

const dpkg = existsSync('/usr/bin/dpkg-deb');

test(
  'a Debian package whose usr is a link leaves the directories alone that it leads to',
  { skip: installed && dpkg ? false : 'squashfs-tools or dpkg is not installed' },
  async (t) => {
    const directory = temporaryDirectory(t);
    const [tree, host, deb] = [join(directory, 'tree'), join(directory, 'host'), join(directory, 'x_1_all.deb')];
    for (const path of [join(tree, 'DEBIAN'), join(host, 'share/man')]) mkdirSync(path, { recursive: true });
    writeFileSync(join(host, 'share/man/page'), 'of this machine');
    writeFileSync(
      join(tree, 'DEBIAN/control'),
      'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: x\n',
    );
    symlinkSync(host, join(tree, 'usr'));
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-b', tree, deb], { stdio: 'ignore' });
    const { data } = await debToTcz(deb, 0, 'x64');
    assert.equal(readFileSync(join(host, 'share/man/page'), 'utf8'), 'of this machine');
    writeFileSync(join(directory, 'x.tcz'), data);
    assert.match(execFileSync('unsquashfs', ['-ll', join(directory, 'x.tcz')], { encoding: 'utf8' }), /usr -> /);
  },
);
