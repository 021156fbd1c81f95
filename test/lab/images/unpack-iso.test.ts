import assert from 'node:assert/strict';
import { existsSync, linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepIso } from '../../../lab/images/unpack-iso.ts';
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
