import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fatVolume } from '../../../../../lab/installers/families/disk-image/fat-volume.ts';
import { must } from '../../../../../tinycore/image/programs.ts';
import { temporaryDirectory } from '../../../../helpers/temporary-directory.ts';

const FILES = new Map([
  ['meta-data', Buffer.from('{"local-hostname": "web1"}\n')],
  ['user-data', Buffer.alloc(300_001, 'user-data of many clusters\n')],
  ['vendor-data', Buffer.alloc(0)],
  ['network-config', Buffer.from('version: 2\n')],
]);

test('mtools read every file by its long name, and the label', async (t) => {
  const volume = join(temporaryDirectory(t), 'volume');
  writeFileSync(volume, fatVolume('CIDATA', FILES));
  const { stdout } = await must(['mdir', '-i', volume, '::']);
  assert.match(stdout.toString(), /is CIDATA/);
  for (const [name, content] of FILES) {
    const read = await must(['mcopy', '-i', volume, `::/${name}`, '-']);
    assert.ok(read.stdout.equals(content), name);
  }
});

test('the same files give the same bytes, and too many are refused', () => {
  assert.ok(fatVolume('CIDATA', FILES).equals(fatVolume('CIDATA', FILES)));
  const full = fatVolume('CIDATA', new Map([['full', Buffer.alloc(4084 * 2048)]]));
  assert.ok(full.length < 9 * 2 ** 20);
  assert.throws(
    () => fatVolume('CIDATA', new Map([['more', Buffer.alloc(4084 * 2048 + 1)]])),
    /more than 8364032 bytes/,
  );
  const many = new Map(Array.from({ length: 64 }, (_, index) => [`file-${index}`, Buffer.alloc(0)] as const));
  assert.throws(() => fatVolume('CIDATA', many), /too many files/);
});
