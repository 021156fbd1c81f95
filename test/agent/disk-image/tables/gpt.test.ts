import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { addToGpt, EFI_SYSTEM, fitGpt, gptPatches, parseGpt } from '../../../../agent/disk-image/tables/gpt.ts';
import { planTable } from '../../../../agent/disk-image/tables/partition-table.ts';
import { EFI, gptImage, LINUX, mbrImage } from './tables.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const SECTORS = 8192; // 4 MiB
const DISK = 200 * 1024 * 1024;
const PARTITIONS = [
  { type: EFI, name: 'boot', first: 2048, last: 4095 },
  { type: LINUX, name: 'root', first: 4096, last: SECTORS - 35 },
];

function head(image: Buffer): Buffer {
  return Buffer.from(image.subarray(0, 1024 * 1024));
}

test('a GUID partition table is read with its names, types and sectors', () => {
  const gpt = parseGpt(head(gptImage(SECTORS, PARTITIONS)));
  assert.equal(gpt?.diskGuid, '33221100-5544-7766-8899-AABBCCDDEEFF');
  assert.deepEqual(
    gpt.partitions.map(({ number, type, name, firstSector, lastSector }) => [
      number,
      type,
      name,
      firstSector,
      lastSector,
    ]),
    [
      [1, EFI_SYSTEM, 'boot', 2048, 4095],
      [2, '0FC63DAF-8483-4772-8E79-3D69D8477DE4', 'root', 4096, SECTORS - 35],
    ],
  );
});

test('a table with a flipped bit in its header or entries is refused', () => {
  for (const at of [512 + 40, 1024 + 33]) {
    const image = head(gptImage(SECTORS, PARTITIONS));
    image[at] = (image[at] ?? 0) ^ 1;
    assert.throws(() => parseGpt(image), /the checksum of its (header|entries) is wrong/);
  }
  assert.equal(parseGpt(Buffer.alloc(1024 * 1024)), undefined);
});

test('no mutation of a header makes the reader fail in another way than with its own error', () => {
  const image = head(gptImage(SECTORS, PARTITIONS)).subarray(0, 34 * 512);
  for (let at = 512; at < 512 + 92; at++) {
    for (const byte of [0, 0x7f, 0xff]) {
      const changed = Buffer.from(image);
      changed[at] = byte;
      try {
        parseGpt(changed);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'RAZOR_MK_DEPLOY_IMAGE', `byte ${at}`);
      }
    }
  }
});

test('the copy of the table goes to the end of the disk, and both have right checksums', () => {
  const image = head(gptImage(SECTORS, PARTITIONS));
  const plan = planTable(image, { target: { sizeBytes: DISK, sectorBytes: 512 } });
  const last = DISK / 512 - 1;
  assert.deepEqual(
    plan.patches.map(({ offset }) => offset / 512),
    [last - 32, last],
  );
  const front = parseGpt(image);
  assert.equal(front?.backupSector, last);
  assert.equal(front.lastUsable, last - 33);
  // the copy is a header of its own: put where a reader looks, it is read, and points back
  const copy = Buffer.from(image);
  plan.patches[1]?.data.copy(copy, 512);
  assert.throws(() => parseGpt(copy), /not where a table has them/);
  assert.equal(plan.patches[1]?.data.readBigUInt64LE(24), BigInt(last));
  assert.equal(plan.patches[1].data.readBigUInt64LE(32), 1n);
  assert.equal(image.readUInt32LE(458), last, 'the protective entry is as long as the disk');
  assert.deepEqual(plan.efi, { number: 1 });
});

test('a disk that is too small for the partitions is refused before anything is written', () => {
  const gpt = parseGpt(head(gptImage(SECTORS, PARTITIONS)));
  assert.ok(gpt);
  assert.throws(() => fitGpt(gpt, 3 * 1024 * 1024), /partitions need a disk of 4 MiB, and it has 3 MiB/);
});

test('a config drive gets a partition behind the image, on a whole MiB, within the table', () => {
  const image = head(gptImage(SECTORS, PARTITIONS));
  const drive = Buffer.from('the drive');
  const plan = planTable(image, { target: { sizeBytes: DISK, sectorBytes: 512 }, configDrive: drive });
  const third = parseGpt(image)?.partitions[2];
  assert.equal(third?.name, 'config-2');
  assert.equal((third.firstSector * 512) % (1024 * 1024), 0);
  assert.equal(third.lastSector - third.firstSector + 1, (64 * 1024 * 1024) / 512);
  assert.ok(third.lastSector <= DISK / 512 - 34);
  assert.deepEqual(plan.configDrive, { number: 3, offset: third.firstSector * 512 });
  assert.deepEqual(plan.patches.at(-1), { offset: third.firstSector * 512, data: drive });
});

test('a config drive without room, without a table or above 64 MiB is refused in words', () => {
  const target = { sizeBytes: 60 * 1024 * 1024, sectorBytes: 512 };
  const configDrive = Buffer.from('x');
  assert.throws(
    () => planTable(head(gptImage(SECTORS, PARTITIONS)), { target, configDrive }),
    /no room behind the image/,
  );
  assert.throws(() => planTable(head(mbrImage(SECTORS)), { target, configDrive }), /no room behind the image/);
  assert.throws(() => planTable(Buffer.alloc(1024 * 1024), { target, configDrive }), /no partition table: no firmware/);
  const long = Buffer.alloc(64 * 1024 * 1024 + 1);
  assert.throws(() => planTable(head(mbrImage(SECTORS)), { target, configDrive: long }), /64 MiB are allowed/);
  const gpt = parseGpt(head(gptImage(SECTORS, PARTITIONS)));
  assert.ok(gpt);
  assert.throws(() => addToGpt(gpt, { bytes: 1, name: 'x' }), /no room/);
});

test('an MBR keeps its partition and gets one more; its signature is the disk identifier', () => {
  const image = head(mbrImage(SECTORS));
  const drive = Buffer.from('d');
  const plan = planTable(image, { target: { sizeBytes: DISK, sectorBytes: 512 }, configDrive: drive });
  assert.equal(plan.kind, 'mbr');
  assert.equal(plan.diskIdentifier, '0xdeadbeef');
  assert.deepEqual(plan.configDrive, { number: 2, offset: DISK - 64 * 1024 * 1024 });
  assert.equal(image[450], 0x83);
  assert.equal(image[466], 0x83);
  assert.equal(image.readUInt32LE(470) * 512, DISK - 64 * 1024 * 1024);
});

test('random bytes that end in 55 AA are no partition table', () => {
  const image = Buffer.alloc(1024 * 1024, 0x77);
  image.writeUInt16LE(0xaa55, 510);
  assert.throws(() => planTable(image, { target: { sizeBytes: DISK, sectorBytes: 512 } }), /no partition table/);
});

test('an MBR: its EFI system partition is known, a partition beyond the disk and a lone protective entry are refused', () => {
  const image = head(mbrImage(SECTORS));
  image[450] = 0xef;
  const target = { sizeBytes: DISK, sectorBytes: 512 };
  const plan = planTable(image, { target });
  assert.deepEqual([plan.efi, plan.endBytes], [{ number: 1 }, SECTORS * 512]);
  image.writeUInt32LE(DISK / 512, 458);
  assert.throws(() => planTable(image, { target }), /partitions need a disk of/);
  image.set([0xee], 450);
  assert.throws(() => planTable(image, { target }), /protective record of a GUID partition table, and no such table/);
});

test('a table for 512-byte sectors is refused for a disk with sectors of 4096', () => {
  const target = { sizeBytes: DISK, sectorBytes: 4096 };
  assert.throws(
    () => planTable(head(gptImage(SECTORS, PARTITIONS)), { target }),
    /for other sectors than the disk's 4096/,
  );
});

test('sfdisk finds nothing wrong with a table that was moved and extended', (t) => {
  if (spawnSync('sfdisk', ['--version']).status !== 0) return t.skip('sfdisk is not installed');
  const dir = temporaryDirectory(t);
  const disk = join(dir, 'disk');
  const image = gptImage(SECTORS, PARTITIONS);
  const front = head(image);
  const plan = planTable(front, { target: { sizeBytes: DISK, sectorBytes: 512 }, configDrive: Buffer.from('x') });
  writeFileSync(disk, image);
  truncateSync(disk, DISK);
  const fd = openSync(disk, 'r+');
  for (const { offset, data } of [...plan.patches, { offset: 0, data: front }])
    writeSync(fd, data, 0, data.length, offset);
  closeSync(fd);
  const verified = spawnSync('sfdisk', ['--verify', disk], { encoding: 'utf8' });
  const said = verified.stdout + verified.stderr;
  assert.equal(verified.status, 0, said);
  assert.match(said, /No errors detected/);
  assert.doesNotMatch(said, /backup|corrupt|PMBR/i);
  const dump = spawnSync('sfdisk', ['--json', disk], { encoding: 'utf8' });
  assert.match(dump.stdout, /"name": "config-2"/);
});

test('the patches of an unchanged table are what the image has already', () => {
  const image = gptImage(SECTORS, PARTITIONS);
  const gpt = parseGpt(head(image));
  assert.ok(gpt);
  const { front, back } = gptPatches(fitGpt(gpt, SECTORS * 512));
  for (const { offset, data } of [...front, ...back]) {
    assert.deepEqual(image.subarray(offset, offset + data.length), data, `offset ${offset}`);
  }
});
