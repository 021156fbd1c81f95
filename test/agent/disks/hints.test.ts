import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Disk } from '../../../agent/disks/disks.ts';
import { holds, mismatch, parseHintList, parseHintObject } from '../../../agent/disks/hints.ts';

const DISK: Disk = {
  name: 'sda',
  path: '/dev/sda',
  sizeBytes: 465.9 * 2 ** 30,
  model: 'PERC H740P',
  vendor: 'DELL',
  serial: 'S1',
  wwn: '0x5000c500',
  wwnWithExtension: '0x5000c5000001',
  wwnVendorExtension: '0x0001',
  rotational: false,
  hctl: '0:1:2:3',
  byPath: '/dev/disk/by-path/pci-0000:00:1f.2-ata-1',
  refused: undefined,
};

test('a value holds by its operator; without one it is the same, whatever its case', () => {
  const rows: readonly [actual: string | number, wanted: string, boolean][] = [
    ['DELL', 'dell', true],
    ['DELL', 'del', false],
    [465, '465', true],
    [465, '464', false],
    [465, '= 465', true],
    [465, '= 464', true],
    [465, '= 466', false],
    [465, '== 465', true],
    [465, '== 464', false],
    [465, '!= 465', false],
    [465, '!= 464', true],
    [465, '>= 465', true],
    [465, '>= 466', false],
    [465, '<= 465', true],
    [465, '<= 464', false],
    [465, '> 464', true],
    [465, '> 465', false],
    [465, '< 466', true],
    [465, '< 465', false],
    [465, '== 465.0', true],
    [9, '< 10', true], // as numbers
    ['9', 's< 10', false], // as texts
    ['b', 's== B', true],
    ['b', 's== c', false],
    ['b', 's!= c', true],
    ['b', 's!= b', false],
    ['b', 's>= b', true],
    ['b', 's>= c', false],
    ['b', 's<= b', true],
    ['b', 's<= a', false],
    ['b', 's> a', true],
    ['b', 's> b', false],
    ['b', 's< c', true],
    ['b', 's< b', false],
    ['PERC H740P', '<in> h740', true],
    ['PERC H740P', '<in> h750', false],
    ['PERC H740P', '<all-in> h740 perc', true],
    ['PERC H740P', '<all-in> h740 sas', false],
    [465, '<or> 100 <or> 465', true],
    [465, '<or> 100 <or> 46', false],
    ['S1', '<or> s0 <or> s1', true],
    ['', '<or>', false],
    ['a> b', 'a> b', true], // an operator stands at the front only
  ];
  for (const [actual, wanted, expected] of rows) assert.equal(holds(actual, wanted), expected, `${actual} ${wanted}`);
});

test('each hint is compared with what the disk says of itself', () => {
  const fits = ['size=465', 'model=perc h740p', 'vendor=dell', 'serial=s1', 'wwn=0x5000c500', 'name=/dev/sda'].concat(
    ['wwn_with_extension=0x5000c5000001', 'wwn_vendor_extension=0x0001', 'hctl=0:1:2:3'],
    [`by_path=${DISK.byPath}`, 'rotational=false', 'rotational=0', 'rotational=no'],
  );
  assert.deepEqual(
    fits.map((hint) => mismatch(DISK, parseHintList(hint))),
    fits.map(() => undefined),
  );
  const turning = { ...DISK, rotational: true };
  for (const word of ['1', 't', 'true', 'on', 'y', 'YES', '== true', '=1', 's== yes'])
    assert.equal(mismatch(turning, parseHintList(`rotational=${word}`)), undefined, word);
  for (const word of ['truely', 'untrue', 'x', '0'])
    assert.notEqual(mismatch(turning, parseHintList(`rotational=${word}`)), undefined, word);
});

test('all hints must hold, and the first that does not is named', () => {
  assert.equal(mismatch(DISK, []), undefined);
  assert.equal(mismatch(DISK, parseHintList('vendor=DELL,serial=S2')), 'serial is S1, wanted S2');
  assert.equal(mismatch({ ...DISK, hctl: '' }, parseHintList('hctl=0:0:0:0')), 'hctl is unknown, wanted 0:0:0:0');
});

test('a list of the kernel line is NAME=VALUE with commas between, percent-encoded', () => {
  assert.deepEqual(parseHintList(' , size =%3E%3D 10,model=a%2Cb,serial=%zz,'), [
    { key: 'size', value: '>= 10' },
    { key: 'model', value: 'a,b' },
    { key: 'serial', value: '%zz' },
  ]);
});

test('a JSON object gives texts, numbers and truth values', () => {
  assert.deepEqual(parseHintObject({ size: 100, rotational: true, model: ' %41 ' }), [
    { key: 'size', value: '100' },
    { key: 'rotational', value: 'true' },
    { key: 'model', value: 'A' },
  ]);
  for (const value of [null, undefined, {}, []])
    assert.throws(() => parseHintObject({ size: value }), /root_device: the hint size is neither text nor number/);
});

test('what is no hint is refused, and so is a size with a unit, which would mean another disk', () => {
  const rows: readonly [string, RegExp][] = [
    ['=5', /root_device: =5 is not NAME=VALUE/],
    ['size', /size is not NAME=VALUE/],
    ['colour=red', /there is no hint colour; known are size, model/],
    ['model= ', /the hint model is empty/],
    ['size=10G', /invalid size 10G: give a number of GiB/],
    ['size=x10', /invalid size x10/],
    ['size=<or> 10 x', /invalid size/],
    ['size=10 20', /invalid size/],
  ];
  for (const [text, why] of rows)
    assert.throws(() => parseHintList(text), { code: 'RAZOR_MK_DEPLOY_DISK', message: why });
  for (const size of ['10', '10.5', '>= 10', 's== 10', '<or> 10 <or> 20', '<OR>10'])
    assert.equal(parseHintList(`size=${encodeURIComponent(size)}`)[0]?.value, size);
});
