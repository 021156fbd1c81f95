import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootMedium, MEDIA_LABEL, usedDevices, useOf } from '../../../agent/disks/disk-use.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { makeTree } from '../../helpers/tree.ts';

test('mounted devices and swap are used', (t) => {
  const root = makeTree(t, {
    'proc/mounts':
      '/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n/dev/mapper/vg-home /home xfs rw 0 0\nx/dev/sdz /x ext4 rw 0 0\n',
    'proc/swaps': 'Filename\tType\tSize\n/dev/sda2   partition\t100\n/swapfile file 100\n',
  });
  assert.deepEqual(
    [...usedDevices(root)],
    [
      ['sda1', 'mounted on /'],
      ['mapper/vg-home', 'mounted on /home'],
      ['sda2', 'used for swap'],
    ],
  );
  assert.deepEqual([...usedDevices(temporaryDirectory())], []);
  // the first line of /proc/swaps is a heading
  assert.deepEqual([...usedDevices(makeTree(t, { 'proc/swaps': '/dev/sda2 partition\n' }))], []);
});

test('a disk is used by itself, by a partition, by its name of the mapper, or by a device on top of either', (t) => {
  const root = makeTree(t, {
    'sys/block/sda/sda1/partition': '1\n',
    'sys/block/sda/sda2/partition': '2\n',
    'sys/block/sda/sda2/holders/dm-0': '',
    'sys/block/sdb/holders/md0': '',
    'sys/block/cciss!c0d0/cciss!c0d0p1/partition': '1\n',
    'sys/block/cciss!c0d0/cciss!c0d0p1/holders/dm-1': '',
    'sys/block/sdc/size': '1\n',
  });
  const use = (name: string, used: Readonly<Record<string, string>> = {}, mapper = ''): string | undefined =>
    useOf(name, mapper, new Map(Object.entries(used)), root);
  assert.equal(use('sda', { sda1: 'mounted on /' }), 'sda1 is mounted on /');
  assert.equal(use('sda', { sda: 'used for swap' }), 'sda is used for swap');
  assert.equal(use('sda', { sdb1: 'mounted on /' }), 'dm-0 uses it');
  assert.equal(use('sdb'), 'md0 uses it');
  assert.equal(use('cciss/c0d0'), 'dm-1 uses it');
  assert.equal(use('sdc'), undefined);
  assert.equal(use('sdc', { 'mapper/mpatha': 'mounted on /x' }, 'mpatha'), 'mapper/mpatha is mounted on /x');
  assert.equal(use('sdc', { 'mapper/mpatha': 'mounted on /x' }), undefined);
});

test('a disk that this system may have come from is known by its volume', (t) => {
  const iso = (label: string, preparer: string): Buffer => {
    const bytes = Buffer.alloc(20 * 2048, 0x20);
    bytes[16 * 2048] = 1;
    bytes.write('CD001', 16 * 2048 + 1, 'latin1');
    bytes.write(label, 16 * 2048 + 40, 'latin1');
    bytes.write(preparer, 16 * 2048 + 446, 'latin1');
    return bytes;
  };
  const root = makeTree(t, {
    'sys/block/sdb/sdb1/partition': '1\n',
    'dev/sda': iso(MEDIA_LABEL.toUpperCase(), ''),
    'dev/sdb1': iso('X', 'RAZOR-MK IMAGE BUILDER'),
    'dev/sdc': iso('X', 'SOMEBODY'),
  });
  assert.equal(bootMedium('sda', root), 'it is the virtual media with the parameters');
  assert.equal(bootMedium('sdb', root), 'it holds the microkernel that boots from it');
  assert.equal(bootMedium('sdc', root), undefined);
  assert.equal(bootMedium('sdd', root), undefined);
});
