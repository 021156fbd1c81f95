import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { chooseDisk, named } from '../../../agent/disks/choose-disk.ts';
import { listDisks, type Disk } from '../../../agent/disks/disks.ts';
import { holds, parseHintList, parseHintObject } from '../../../agent/disks/hints.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

function tree(files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const GB = 2 * 1024 * 1024; // sectors

function disk(name: string, extra: Partial<Disk> = {}): Disk {
  return {
    name,
    path: `/dev/${name}`,
    sizeBytes: 10 * 2 ** 30,
    model: '',
    vendor: '',
    serial: '',
    wwn: '',
    wwnWithExtension: '',
    wwnVendorExtension: '',
    rotational: false,
    hctl: '',
    byPath: '',
    refused: undefined,
    ...extra,
  };
}

test('a disk that is mounted, swapped to, held, read-only or empty is refused, and says why', () => {
  const root = tree({
    'sys/block/sda/size': `${GB}`,
    'sys/block/sda/sda1/partition': '1',
    'sys/block/sdb/size': `${GB}`,
    'sys/block/sdb/sdb2/partition': '2',
    'sys/block/sdc/size': `${GB}`,
    'sys/block/sdc/holders/dm-0': '',
    'sys/block/sdd/size': `${GB}`,
    'sys/block/sdd/ro': '1\n',
    'sys/block/sde/size': '0\n',
    'sys/block/sdf/size': `${GB}`,
    'sys/block/loop0/size': `${GB}`,
    'sys/block/sr0/size': `${GB}`,
    'sys/block/weird/size': `${GB}`,
    'sys/block/weird/device/type': '5\n',
    'proc/mounts': '/dev/sda1 / ext4 rw 0 0\nproc /proc proc rw 0 0\n',
    'proc/swaps': 'Filename Type Size Used Priority\n/dev/sdb2 partition 100 0 -2\n',
  });
  const refusals = Object.fromEntries(listDisks(root).map(({ name, refused }) => [name, refused]));
  assert.deepEqual(refusals, {
    sda: 'sda1 is mounted on /',
    sdb: 'sdb2 is used for swap',
    sdc: 'dm-0 uses it',
    sdd: 'it is read-only',
    sde: 'its size is 0',
    sdf: undefined,
  });
});

test('serial, wwn and SCSI address come from where the kernel has them', () => {
  const root = tree({
    'sys/block/sda/size': `${GB}`,
    'sys/block/sda/device/wwid': 'naa.5000c500a1b2c3d4e5f60718\n',
    'sys/block/sda/device/vpd_pg80': '\0\x80\0\x08SERIAL-1',
    'sys/block/vda/size': `${GB}`,
    'sys/block/vda/serial': 'virt-1\n',
    'sys/block/vda/device/vendor': '0x1af4\n',
    'sys/block/cciss!c0d0/size': `${GB}`,
  });
  rmSync(join(root, 'sys/block/sda/device'), { recursive: true });
  mkdirSync(join(root, 'sys/devices/2:0:1:0'), { recursive: true });
  writeFileSync(join(root, 'sys/devices/2:0:1:0/wwid'), 'naa.5000c500a1b2c3d4e5f60718\n');
  writeFileSync(join(root, 'sys/devices/2:0:1:0/vpd_pg80'), '\0\x80\0\x08SERIAL-1');
  symlinkSync('../../devices/2:0:1:0', join(root, 'sys/block/sda/device'));
  const disks = new Map(listDisks(root).map((each) => [each.name, each]));
  const sda = disks.get('sda');
  assert.equal(sda?.serial, 'SERIAL-1');
  assert.equal(sda.wwn, '0x5000c500a1b2c3d4');
  assert.equal(sda.wwnWithExtension, '0x5000c500a1b2c3d4e5f60718');
  assert.equal(sda.wwnVendorExtension, '0xe5f60718');
  assert.equal(sda.hctl, '2:0:1:0');
  assert.equal(disks.get('vda')?.serial, 'virt-1');
  assert.equal(disks.get('vda')?.vendor, '');
  assert.equal(disks.get('cciss/c0d0')?.path, '/dev/cciss/c0d0');
});

test('names of disk= mean exactly their whole disk; the original took nvme0n1 for /dev/ and sd for any', () => {
  const disks = ['sda', 'sdaa', 'vda', 'nvme0n1', 'mmcblk0', 'cciss/c0d0', 'xvda', 'hda', 'md0'].map((name) =>
    disk(name),
  );
  disks.push(disk('dm-0', { mapperName: 'mpatha' }));
  const cases: Readonly<Record<string, string | undefined>> = {
    sda: 'sda',
    sda1: 'sda',
    '/dev/vda': 'vda',
    vda12: 'vda',
    xvda2: 'xvda',
    hda3: 'hda',
    nvme0n1: 'nvme0n1',
    nvme0n1p2: 'nvme0n1',
    mmcblk0: 'mmcblk0',
    mmcblk0p1: 'mmcblk0',
    'cciss/c0d0': 'cciss/c0d0',
    'cciss/c0d0p1': 'cciss/c0d0',
    'cciss!c0d0': 'cciss/c0d0',
    md0p1: 'md0',
    'dm-0': 'dm-0',
    'mapper/mpatha': 'dm-0',
    '/dev/mapper/mpatha': 'dm-0',
    mpatha: undefined,
    dm: undefined,
    sd: undefined,
    vd: undefined,
    nvme0: undefined,
    '': undefined,
    '../sda': undefined,
  };
  for (const [word, expected] of Object.entries(cases)) assert.equal(named(disks, word)?.name, expected, word);
});

test('disk= is taken in its order, and a disk in use is passed over with the reason', () => {
  const disks = [disk('vda'), disk('sda', { refused: 'sda1 is mounted on /' })];
  const { disk: chosen, passed } = chooseDisk(disks, { names: ['cciss/c0d0', 'sda', 'hda', 'vda'], hints: undefined });
  assert.equal(chosen?.name, 'vda');
  assert.deepEqual(passed, ['cciss/c0d0: there is none', 'sda: sda1 is mounted on /', 'hda: there is none']);
});

test('hints: every operator, numbers and text, and all must hold', () => {
  const table: readonly (readonly [string | number, string, boolean])[] = [
    [10, '10', true],
    [10, '= 8', true],
    [10, '== 8', false],
    [10, '!= 8', true],
    [10, '>= 10', true],
    [10, '> 10', false],
    [10, '<= 10', true],
    [10, '< 11', true],
    ['Samsung SSD', 'samsung ssd', true],
    ['Samsung SSD', '<in> ssd', true],
    ['Samsung SSD', '<all-in> ssd samsung', true],
    ['Samsung SSD', '<all-in> ssd intel', false],
    ['Samsung SSD', '<or> intel <or> samsung ssd', true],
    ['Samsung SSD', '<or> intel <or> seagate', false],
    ['abc', 's== abc', true],
    ['abc', 's!= abc', false],
    ['abc', 's> abb', true],
    ['abc', 's<= abb', false],
  ];
  for (const [actual, wanted, expected] of table) assert.equal(holds(actual, wanted), expected, `${actual} ${wanted}`);
});

test('root_device= picks the first free disk that fits, and composed devices only by name', () => {
  const disks = [
    disk('dm-0', { vendor: 'ATA' }),
    disk('sda', { vendor: 'ATA', refused: 'it is read-only' }),
    disk('sdb', { vendor: 'ata', serial: 'S 1' }),
  ];
  assert.equal(chooseDisk(disks, { names: [], hints: 'vendor=ATA,size=10' }).disk?.name, 'sdb');
  assert.equal(chooseDisk(disks, { names: [], hints: 'serial=S%201' }).disk?.name, 'sdb');
  assert.equal(chooseDisk(disks, { names: [], hints: 'name=/dev/dm-0' }).disk?.name, 'dm-0');
  assert.equal(chooseDisk(disks, { names: ['sdb'], hints: 'size=11' }).disk, undefined);
  assert.equal(chooseDisk(disks, { names: [], hints: 'rotational=false,serial=S 1' }).disk?.name, 'sdb');
});

test('hints that are none are refused, not ignored: an ignored hint is the wrong disk', () => {
  for (const text of ['colour=red', 'size', 'size=', 'size=big', 'size=10GB', 'size=>=', 'size=10,5 GiB', '=x']) {
    assert.throws(() => parseHintList(text), { code: 'RAZOR_MK_DEPLOY_DISK' }, text);
  }
  assert.throws(() => parseHintObject({ size: { a: 1 } }), { code: 'RAZOR_MK_DEPLOY_DISK' });
  for (const text of ['size=10', 'size=>= 10', 'size=<or> 10 <or> 20', 'size=%3E%3D%2010', 'size=s== 10'])
    assert.equal(parseHintList(text).length, 1, text);
});
