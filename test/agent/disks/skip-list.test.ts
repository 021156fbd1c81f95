import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byHints, smallestDisk } from '../../../agent/disks/choose-disk.ts';
import type { Disk } from '../../../agent/disks/disks.ts';
import { fileAsDisk } from '../../../agent/disks/file-disk.ts';
import { parseHintObject } from '../../../agent/disks/hints.ts';
import { applySkipList, parseSkipList } from '../../../agent/disks/skip-list.ts';

function disk(name: string, gib: number, more: Partial<Disk> = {}): Disk {
  return { ...fileAsDisk(import.meta.filename), name, path: `/dev/${name}`, sizeBytes: gib * 2 ** 30, ...more };
}

const DISKS = [disk('sda', 8, { serial: 'KEEP' }), disk('sdb', 16), disk('sdc', 32, { wwnWithExtension: '0x1' })];

test('a disk on the list is chosen neither as the smallest nor by a hint, and the reason is named', () => {
  const disks = applySkipList(DISKS, parseSkipList([{ serial: 'KEEP' }]));
  const smallest = smallestDisk(disks);
  assert.equal(smallest.disk?.name, 'sdb');
  assert.match(smallest.passed.join(), /sda: the server wants it left alone \(skip_block_devices\)/);
  assert.equal(byHints(disks, parseHintObject({ name: '/dev/sda' })).disk, undefined);
});

test('every entry counts by itself, and all hints of an entry must hold', () => {
  const skipped = (list: unknown): string[] =>
    applySkipList(DISKS, parseSkipList(list))
      .filter(({ spared }) => spared === 'skip-list')
      .map(({ name }) => name);
  assert.deepEqual(skipped([{ size: 8 }, { name: '/dev/sdc' }]), ['sda', 'sdc']);
  assert.deepEqual(skipped([{ size: 8, serial: 'OTHER' }]), []);
  for (const none of [undefined, null, []]) assert.deepEqual(skipped(none), []);
});
