import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { listDisks } from '../../../agent/disks/disks.ts';
import { readSource } from '../../../agent/servers/ironic-2014/parameters/deploy-source.ts';
import { readVirtualMedia } from '../../../agent/servers/ironic-2014/parameters/virtual-media.ts';
import { findVolume, partitionsOf, readVolume } from '../../../agent/disks/volumes.ts';
import { createLog, silentLog } from '../../../platform/log/log.ts';
import { createSystem, type System } from '../../../platform/system.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

function tree(files: Readonly<Record<string, string | Buffer>>): string {
  const root = temporaryDirectory();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

function sectors(parts: Readonly<Record<number, string | readonly number[]>>): Buffer {
  const bytes = Buffer.alloc(68 * 1024);
  for (const [at, part] of Object.entries(parts))
    bytes.set(typeof part === 'string' ? Buffer.from(part, 'latin1') : part, Number(at));
  return bytes;
}

const FAT32 = sectors({ 71: 'efi-part   ', 82: 'FAT32   ', 510: [0x55, 0xaa] });
const FAT12 = sectors({ 43: 'IR-VFD-DEV ', 54: 'FAT12   ', 510: [0x55, 0xaa] });
const EXT4 = sectors({ 1080: [0x53, 0xef], 1144: 'root' });
const OUR_ISO = sectors({
  510: [0x55, 0xaa],
  32768: '\u0001CD001\u0001',
  32808: 'RAZOR_MK'.padEnd(32),
  33214: 'RAZOR-MK IMAGE BUILDER'.padEnd(128),
});
const OTHER_ISO = sectors({ 32768: '\u0001CD001\u0001', 32808: 'DEBIAN', 33214: 'XORRISO' });

test('a volume’s type and label are read from its own sectors', () => {
  const root = tree({
    fat32: FAT32,
    fat12: FAT12,
    ext4: EXT4,
    iso: OUR_ISO,
    xfs: sectors({ 0: 'XFSB', 108: 'data' }),
    btrfs: sectors({ 65600: '_BHRfS_M', 65835: 'pool' }),
    mbr: sectors({ 510: [0x55, 0xaa] }),
    short: 'x',
  });
  const read = (name: string): string => {
    const volume = readVolume(join(root, name));
    return volume === undefined ? 'none' : `${volume.type} ${volume.label}`;
  };
  assert.deepEqual(['fat32', 'fat12', 'ext4', 'iso', 'xfs', 'btrfs', 'mbr', 'short', 'absent'].map(read), [
    'vfat efi-part',
    'vfat IR-VFD-DEV',
    'ext4 root',
    'iso9660 RAZOR_MK',
    'xfs data',
    'btrfs pool',
    'none',
    'none',
    'none',
  ]);
});

test('partitions come in the order of their numbers, ten after nine, whatever the family of names', () => {
  const root = tree({
    'sys/block/nvme0n1/nvme0n1p10/partition': '10',
    'sys/block/nvme0n1/nvme0n1p9/partition': '9',
    'sys/block/nvme0n1/queue/rotational': '0',
    'sys/block/cciss!c0d0/cciss!c0d0p1/partition': '1',
  });
  assert.deepEqual(partitionsOf('nvme0n1', root), ['nvme0n1p9', 'nvme0n1p10']);
  assert.deepEqual(partitionsOf('cciss/c0d0', root), ['cciss/c0d0p1']);
  assert.deepEqual(partitionsOf('sda', root), []);
});

test('the medium that was booted from is never taken: our ISO on a stick, the virtual media, what a BMC lends', async () => {
  const size = '2097152';
  const root = tree({
    'sys/block/sda/size': size,
    'sys/block/sda/device/uevent': '',
    'sys/block/sda/sda1/partition': '1',
    'dev/sda': OUR_ISO,
    'sys/block/sdb/size': size,
    'sys/block/sdb/device/uevent': '',
    'dev/sdb': FAT12,
    'sys/block/sdc/size': size,
    'sys/block/sdc/device/model': 'Virtual Media',
    'sys/block/sdc/removable': '1\n',
    'sys/block/sdd/size': size,
    'sys/block/sdd/device/uevent': '',
    'dev/sdd': OTHER_ISO,
    'sys/block/sde/size': size,
    'sys/block/sde/device/uevent': '',
  });
  assert.deepEqual(Object.fromEntries((await listDisks(root)).map(({ name, refused }) => [name, refused])), {
    sda: 'it holds the microkernel that boots from it',
    sdb: 'it is the virtual media with the parameters',
    sdc: 'virtual media of the BMC',
    sdd: undefined,
    sde: undefined,
  });
});

test('a multipath disk that is mounted by its mapper name is refused', async () => {
  const root = tree({
    'sys/block/dm-0/size': '2097152',
    'sys/block/dm-0/dm/name': 'mpatha\n',
    'proc/mounts': '/dev/mapper/mpatha / ext4 rw 0 0\n',
  });
  assert.equal((await listDisks(root))[0]?.refused, 'mapper/mpatha is mounted on /');
});

/** A live system whose mount(8) puts these files where a volume would appear. */
function mounting(files: Readonly<Record<string, string>>, ran: string[][]): System {
  return {
    ...createSystem({ live: false, log: silentLog }),
    live: true,
    run(_what, argv) {
      ran.push([...argv]);
      const place = argv.at(-1) ?? '';
      for (const [name, text] of Object.entries(files)) {
        if (argv[0] === 'mount') writeFileSync(join(place, name), text);
        else rmSync(join(place, name));
      }
      const nothing = { argv, signal: undefined, failure: undefined, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
      return Promise.resolve({ ...nothing, status: 0, durationMs: 1 });
    },
  };
}

const PARAMETERS = 'deployment_id=n1\nironic_api_url=http://192.0.2.1:6385\nBOOTIF=aa:bb:cc:dd:ee:ff\n';

test('virtual media are waited for, found by the label on a partition, mounted read-only, copied and unmounted', async () => {
  const clock = fakeClock();
  const root = tree({ 'sys/block/sda/size': '1' });
  const mountPoint = temporaryDirectory();
  const ran: string[][] = [];
  const system = mounting({ 'parameters.txt': PARAMETERS, token: 'abc123\n' }, ran);
  const reading = readVirtualMedia({ system, clock, mountPoint, root });
  await clock.advance(2500);
  assert.deepEqual(ran, [], 'nothing is there yet');
  mkdirSync(join(root, 'sys/block/sdb/sdb1'), { recursive: true });
  writeFileSync(join(root, 'sys/block/sdb/sdb1/partition'), '1');
  mkdirSync(join(root, 'dev'));
  writeFileSync(join(root, 'dev/sdb1'), FAT12);
  await clock.advance(1000);
  assert.deepEqual(await reading, { parameters: PARAMETERS, token: 'abc123' });
  assert.deepEqual(ran, [
    ['mount', '-t', 'vfat', '-o', 'ro,nosuid,nodev,noexec', '/dev/sdb1', mountPoint],
    ['umount', mountPoint],
  ]);
  assert.throws(() => readFileSync(join(mountPoint, 'token')));
});

test('a volume without parameters.txt is unmounted all the same; one that never comes is an error after half a minute', async () => {
  const clock = fakeClock();
  const root = tree({ 'sys/block/sdz/device/model': 'HP Virtual Media\n' });
  const mountPoint = temporaryDirectory();
  const ran: string[][] = [];
  const system = mounting({}, ran);
  await assert.rejects(readVirtualMedia({ system, clock, mountPoint, root }), /\/dev\/sdz holds no parameters\.txt/);
  assert.deepEqual(
    ran.map(([program]) => program),
    ['mount', 'umount'],
  );
  const empty = tree({ 'sys/block/sda/size': '1' });
  const never = readVirtualMedia({ system, clock, mountPoint, root: empty });
  never.catch(() => undefined);
  await clock.advance(31_000);
  await assert.rejects(never, /no virtual media volume appeared/);
  assert.equal(findVolume('ir-vfd-dev', empty), undefined);
});

test('without virtual media the kernel line is the source; a dry run mounts nothing', async () => {
  const system = createSystem({ live: false, log: createLog() });
  const source = await readSource('deployment_id=n1 quiet', { system, clock: fakeClock() });
  assert.deepEqual(
    [source.text, source.words.get('deployment_id'), source.media],
    ['deployment_id=n1 quiet', 'n1', ''],
  );
  const root = tree({ 'sys/block/sdb/size': '1', 'dev/sdb': FAT12 });
  const dry = readVirtualMedia({ system, clock: fakeClock(), mountPoint: root, root });
  await assert.rejects(dry, /which is not mounted without --live/);
});
