import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  byHints,
  bySize,
  chooseDisk,
  named,
  notByDefault,
  smallestDisk,
  waitForDisk,
} from '../../../agent/disks/choose-disk.ts';
import type { Disk } from '../../../agent/disks/disks.ts';
import { parseHintList } from '../../../agent/disks/hints.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';

const GIB = 2 ** 30;

function disk(name: string, more: Partial<Disk> = {}): Disk {
  const empty = { model: '', vendor: '', serial: '', wwn: '', wwnWithExtension: '', wwnVendorExtension: '', hctl: '' };
  const path = `/dev/${name}`;
  return { ...empty, name, path, sizeBytes: 10 * GIB, rotational: false, byPath: '', refused: undefined, ...more };
}

test('a word names a whole disk exactly; a partition means its disk, and a path of the mapper its device', () => {
  const disks = ['sda', 'sdaa', 'nvme0n1', 'mmcblk0', 'cciss/c0d0', 'md127', 'xvda', 'loop1'].map((name) => disk(name));
  const all = [...disks, disk('dm-0', { mapperName: 'mpatha' })];
  const rows: readonly [word: string, name: string | undefined][] = [
    ['sda', 'sda'],
    ['/dev/sda', 'sda'],
    ['sda1', 'sda'],
    ['/dev/sdaa12', 'sdaa'],
    ['nvme0n1p2', 'nvme0n1'],
    ['nvme0n1', 'nvme0n1'],
    ['mmcblk0p1', 'mmcblk0'],
    ['cciss!c0d0p1', 'cciss/c0d0'],
    ['md127p3', 'md127'],
    ['xvda1', 'xvda'],
    ['mapper/mpatha', 'dm-0'],
    ['/dev/mapper/mpatha', 'dm-0'],
    ['dm-0', 'dm-0'],
    ['mpatha', undefined],
    ['mapper/undefined', undefined],
    ['sd', undefined],
    ['sdb1', undefined],
    ['xsda1', undefined],
    ['sda1x', undefined],
    ['xnvme0n1p1', undefined],
    ['nvme0n1p1x', undefined],
    ['x/dev/sda', undefined],
    ['cciss/dev/c0d0', undefined],
    ['loop1', 'loop1'],
  ];
  for (const [word, name] of rows) assert.equal(named(all, word)?.name, name, word);
});

test('the words of disk= are tried in order, and what was passed over is said', () => {
  const disks = [disk('sda', { refused: 'it is mounted' }), disk('vda')];
  assert.deepEqual(chooseDisk(disks, { names: ['hda', 'sda', 'vda'], hints: undefined }), {
    disk: disks[1],
    passed: ['hda: there is none', 'sda: it is mounted'],
  });
  const nothing = { disk: undefined, passed: ['hda: there is none'] };
  assert.deepEqual(chooseDisk(disks, { names: ['hda'], hints: undefined }), nothing);
  assert.deepEqual(chooseDisk(disks, { names: [], hints: undefined }), { disk: undefined, passed: ['disk= is empty'] });
});

test('root_device= goes before disk=', () => {
  const disks = [disk('sda', { serial: 'a' }), disk('sdb', { serial: 'b' })];
  assert.equal(chooseDisk(disks, { names: ['sda'], hints: 'serial=b' }).disk?.name, 'sdb');
  assert.throws(() => chooseDisk(disks, { names: ['sda'], hints: 'nonsense' }), { code: 'RAZOR_MK_DEPLOY_DISK' });
});

test('hints take the first free disk that matches; a composed one is taken by its name only', () => {
  const disks = [
    disk('dm-0', { composed: true, vendor: 'x' }),
    disk('sda', { vendor: 'y' }),
    disk('sdb', { vendor: 'x', refused: 'it is mounted' }),
    disk('sdc', { vendor: 'x' }),
  ];
  assert.deepEqual(byHints(disks, parseHintList('vendor=x')), {
    disk: disks[3],
    passed: ['dm-0: composed of other devices', 'sda: vendor is y, wanted x', 'sdb: it is mounted'],
  });
  assert.equal(byHints(disks, parseHintList('name=/dev/dm-0')).disk?.name, 'dm-0');
  assert.equal(byHints(disks, parseHintList('vendor=z')).disk, undefined);
});

test('without hints the smallest free disk of 4 GiB or more is taken that is fixed and its own', () => {
  const disks = [
    disk('dm-0', { composed: true, sizeBytes: 5 * GIB }),
    disk('sdx', { removable: true, sizeBytes: 5 * GIB }),
    disk('sdc', { sizeBytes: 4 * GIB - 1 }),
    disk('sdd', { refused: 'it is mounted', sizeBytes: 5 * GIB }),
    disk('sda', { sizeBytes: 8 * GIB }),
    disk('sdb', { sizeBytes: 4 * GIB }),
  ];
  assert.deepEqual(smallestDisk(disks), {
    disk: disks[5],
    passed: [
      'dm-0: composed of other devices',
      'sdx: it can be taken out: name it in the root device hints',
      'sdc: it has less than 4 GiB',
      'sdd: it is mounted',
    ],
  });
  assert.equal(notByDefault(disk('sda', { composed: false, removable: false })), undefined);
});

test('disks of one size are in the order of their names', () => {
  const names = [disk('b'), disk('a'), disk('c', { sizeBytes: GIB })].toSorted(bySize).map(({ name }) => name);
  assert.deepEqual(names, ['c', 'a', 'b']);
});

test('a disk is waited for, a second between looks, and the refusal says what was seen', async () => {
  const clock = fakeClock();
  let looks = 0;
  const list = (): Disk[] => (++looks < 3 ? [] : [disk('sda')]);
  const waiting = waitForDisk({ list, wish: { names: ['sda'], hints: undefined }, clock });
  for (let second = 0; second < 2; second++) {
    await clock.whenAsleep();
    await clock.advance(1000);
  }
  assert.equal((await waiting).name, 'sda');
  assert.deepEqual([looks, clock.slept], [3, [1000, 1000]]);

  const names = Array.from({ length: 9 }, (_, index) => `sd${'abcdefghi'[index]}`);
  const seen = names.slice(0, 8).map((name) => `${name}: there is none`);
  const never = waitForDisk({ list: () => [], wish: { names, hints: undefined }, clock, attempts: 0 });
  await assert.rejects(never, { message: `Could not find disk to use. (${seen.join('; ')})` });
  const nothing = waitForDisk({ list: () => [], wish: { names: [], hints: 'size=1' }, clock, attempts: 0 });
  await assert.rejects(nothing, { message: 'Could not find disk to use.' });
});

test('waiting for a disk ends with its signal', async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  const wish = { names: ['sda'], hints: undefined };
  const waiting = waitForDisk({ list: () => [], wish, clock, signal: stop.signal });
  await clock.whenAsleep();
  stop.abort(new Error('stopped'));
  await assert.rejects(waiting, /stopped/);
});
