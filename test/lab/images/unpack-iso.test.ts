import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepIso } from '../../../lab/images/unpack-iso.ts';
import { findProgram } from '../../../platform/process/find-program.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

test('an ISO is kept beside its files where its installer loads it whole, without a second copy', async () => {
  const dir = temporaryDirectory();
  const iso = join(dir, 'ubuntu.iso');
  writeFileSync(iso, 'an ISO');
  mkdirSync(join(dir, 'live/casper'), { recursive: true });
  writeFileSync(join(dir, 'live/casper/vmlinuz'), '');
  await keepIso(iso, join(dir, 'live'));
  assert.equal(readFileSync(join(dir, 'live/image.iso')).toString(), 'an ISO');
  assert.equal(statSync(iso).nlink, 2);
  mkdirSync(join(dir, 'other'));
  await keepIso(iso, join(dir, 'other'));
  assert.equal(existsSync(join(dir, 'other/image.iso')), false);
  // where a link is not possible it is copied: here the name is taken
  linkSync(join(dir, 'live/casper/vmlinuz'), join(dir, 'other/image.iso'));
  mkdirSync(join(dir, 'other/casper'));
  writeFileSync(join(dir, 'other/casper/vmlinuz'), '');
  await keepIso(iso, join(dir, 'other'));
  assert.equal(readFileSync(join(dir, 'other/image.iso')).toString(), 'an ISO');
});

const NO_CPIO = findProgram('cpio') === undefined ? 'cpio is not installed' : false;

test(
  'a prepared ISO of Proxmox VE becomes a part of an initrd, after which another one may come',
  { skip: NO_CPIO },
  async () => {
    const dir = temporaryDirectory();
    const iso = join(dir, 'proxmox.iso');
    writeFileSync(iso, 'an ISO of 17 byte');
    writeFileSync(join(dir, 'auto-installer-mode.toml'), 'mode = "http"\n');
    await keepIso(iso, dir);
    const archive = readFileSync(join(dir, 'proxmox-iso.cpio'));
    assert.equal(archive.length % 4, 0);
    assert.equal(execFileSync('cpio', ['-it', '--quiet'], { input: archive }).toString(), 'proxmox.iso\n');
    const content = execFileSync('cpio', ['-i', '--quiet', '--to-stdout'], { input: archive });
    assert.equal(content.toString(), 'an ISO of 17 byte');
  },
);
