import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { chooseDisk, named, smallestDisk } from '../../../agent/disks/choose-disk.ts';
import { listDisks, type Disk } from '../../../agent/disks/disks.ts';
import { holds, parseHintList, parseHintObject } from '../../../agent/disks/hints.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

/** A device below each entry of /sys/block: a disk without one is composed of others. */
function hardware(files: Readonly<Record<string, string>>): Record<string, string> {
  const names = Object.keys(files).flatMap((path) => /^sys\/block\/(?!dm-|md)([^/]+)\//.exec(path)?.[1] ?? []);
  return Object.fromEntries(names.map((name) => [`sys/block/${name}/device/uevent`, '']));
}

function tree(files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory();
  for (const [path, text] of Object.entries({ ...hardware(files), ...files })) {
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

test('a disk that is mounted, swapped to, held, read-only or empty is refused, and says why', async () => {
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
  const refusals = Object.fromEntries((await listDisks(root)).map(({ name, refused }) => [name, refused]));
  assert.deepEqual(refusals, {
    sda: 'sda1 is mounted on /',
    sdb: 'sdb2 is used for swap',
    sdc: 'dm-0 uses it',
    sdd: 'read-only',
    sde: 'no medium in it',
    sdf: undefined,
  });
});

test('serial, wwn and SCSI address come from where the kernel has them', async () => {
  const root = tree({
    'sys/block/sda/size': `${GB}`,
    'sys/block/sda/device/wwid': 'naa.5000c500a1b2c3d4e5f607182933a4b5\n',
    'sys/block/sda/device/vpd_pg80': '\0\x80\0\x08SERIAL-1',
    'sys/block/vda/size': `${GB}`,
    'sys/block/vda/serial': 'virt-1\n',
    'sys/block/vda/device/vendor': '0x1af4\n',
    'sys/block/cciss!c0d0/size': `${GB}`,
  });
  rmSync(join(root, 'sys/block/sda/device'), { recursive: true });
  mkdirSync(join(root, 'sys/devices/2:0:1:0'), { recursive: true });
  writeFileSync(join(root, 'sys/devices/2:0:1:0/wwid'), 'naa.5000c500a1b2c3d4e5f607182933a4b5\n');
  writeFileSync(join(root, 'sys/devices/2:0:1:0/vpd_pg80'), Buffer.from('\0\x80\0\x08SERIAL-1', 'latin1'));
  symlinkSync('../../devices/2:0:1:0', join(root, 'sys/block/sda/device'));
  const disks = new Map((await listDisks(root)).map((each) => [each.name, each]));
  const sda = disks.get('sda');
  assert.equal(sda?.serial, 'SERIAL-1');
  assert.equal(sda.wwn, '0x5000c500a1b2c3d4');
  assert.equal(sda.wwnWithExtension, '0x5000c500a1b2c3d4e5f607182933a4b5');
  assert.equal(sda.wwnVendorExtension, '0xe5f607182933a4b5');
  assert.equal(sda.hctl, '2:0:1:0');
  assert.equal(disks.get('vda')?.serial, 'virt-1');
  assert.equal(disks.get('vda')?.vendor, '');
  assert.equal(disks.get('cciss/c0d0')?.path, '/dev/cciss/c0d0');
});

test('one list: hidden NVMe paths, eMMC areas, empty readers, virtual media and standby paths are never chosen', async () => {
  const lun = { wwid: 'naa.600508b1001c0000\n', type: '0\n' };
  const of = (name: string, files: Readonly<Record<string, string>>, size = 8 * GB): Record<string, string> => ({
    [`sys/block/${name}/size`]: `${size}`,
    ...Object.fromEntries(Object.entries(files).map(([file, text]) => [`sys/block/${name}/${file}`, text])),
  });
  const root = tree({
    ...of('nvme0c0n1', { hidden: '1\n' }, 6 * GB),
    ...of('nvme0n1', { wwid: 'eui.01\n' }, 6 * GB),
    ...of('mmcblk0', {}, 16 * GB),
    ...of('mmcblk0boot0', {}, 5 * GB),
    ...of('sda', { removable: '1\n' }, 0),
    ...of('sdb', { removable: '1\n', 'device/vendor': 'AMI\n', 'device/model': 'Virtual Floppy0\n' }, 5 * GB),
    ...of('sdc', { removable: '1\n' }, 5 * GB),
    ...of('sdd', { 'device/wwid': lun.wwid, 'device/access_state': 'standby\n' }, 5 * GB),
    ...of('sde', { 'queue/zoned': 'host-managed\n', 'device/type': '20\n' }, 5 * GB),
    ...of('bcache0', {}, 5 * GB),
  });
  const disks = await listDisks(root);
  assert.deepEqual(
    disks.map(({ name, refused, spared }) => [name, refused, spared]),
    [
      ['bcache0', undefined, undefined],
      ['mmcblk0', undefined, undefined],
      ['mmcblk0boot0', 'an area of an eMMC chip beside its user area', 'medium'],
      ['nvme0n1', undefined, undefined],
      ['sda', 'no medium in it', 'medium'],
      ['sdb', 'virtual media of the BMC', 'medium'],
      ['sdc', undefined, undefined],
      ['sdd', 'its path is standby', undefined],
      ['sde', 'its zones take nothing but writes in order (host-managed)', 'zones'],
    ],
  );
  assert.equal(chooseDisk(disks, { names: [], hints: 'size=>=1' }).disk?.name, 'mmcblk0', 'not the composed one');
  const smallest = smallestDisk(disks);
  assert.equal(smallest.disk?.name, 'nvme0n1');
  assert.ok(smallest.passed.includes('sdc: it can be taken out: name it in the root device hints'));
});

test('a disk under two names is in use under both: NVMe without multipathing shows a shared namespace twice', async () => {
  const root = tree({
    'sys/block/nvme0n1/size': `${GB}`,
    'sys/block/nvme0n1/wwid': 'eui.0025385b71b00001\n',
    'sys/block/nvme1n1/size': `${GB}`,
    'sys/block/nvme1n1/wwid': 'eui.0025385b71b00001\n',
    'proc/mounts': '/dev/nvme0n1 /mnt ext4 rw 0 0\n',
  });
  assert.deepEqual(
    (await listDisks(root)).map(({ refused }) => refused),
    ['nvme0n1 is mounted on /mnt', 'nvme0n1, the same disk by its world-wide name, is in use'],
  );
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
    disk('dm-0', { vendor: 'ATA', composed: true }),
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
