import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTable, planTable, refuseBeyond } from '../../../../agent/disk-image/tables/partition-table.ts';
import { EFI, gptImage, LINUX, mbrImage } from './tables.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const onDisk = (sizeBytes: number, sectorBytes = 512): { sizeBytes: number; sectorBytes: number } => ({
  sizeBytes,
  sectorBytes,
});
const refused = (action: () => unknown, message: RegExp): void =>
  assert.throws(action, { code: 'RAZOR_MK_DEPLOY_IMAGE', message });
const gpt = (): Buffer =>
  gptImage(8192, [
    { type: EFI, name: 'boot', first: 2048, last: 4095 },
    { type: LINUX, name: 'root', first: 4096, last: 8000 },
  ]).subarray(0, MIB);

test('a GPT is fitted to the disk, and a config drive gets a partition', () => {
  const plan = planTable(gpt(), { target: onDisk(GIB) });
  assert.deepEqual(
    [plan.kind, plan.endBytes, plan.efi, plan.configDrive],
    ['gpt', 8001 * 512, { number: 1 }, undefined],
  );
  assert.ok(plan.patches.every(({ offset }) => offset > GIB - MIB));
  const drive = Buffer.from('drive');
  const withDrive = planTable(gpt(), { target: onDisk(GIB), configDrive: drive });
  assert.equal(withDrive.configDrive?.number, 3);
  assert.equal(withDrive.endBytes, 8001 * 512);
  assert.deepEqual(withDrive.patches.at(-1), { offset: withDrive.configDrive?.offset, data: drive });
  assert.equal(withDrive.patches.length, plan.patches.length + 1);
});

test('a partition that is added has a random GUID (RFC 9562, version 4)', () => {
  const made = new Set<string>();
  for (let round = 0; round < 20; round++) {
    const head = gpt();
    planTable(head, { target: onDisk(GIB), configDrive: Buffer.from('drive') });
    const guid = head.subarray(1024 + 2 * 128 + 16, 1024 + 2 * 128 + 32);
    assert.deepEqual([(guid[7] ?? 0) & 0xf0, (guid[8] ?? 0) & 0xc0], [0x40, 0x80]);
    made.add(guid.toString('hex'));
  }
  assert.equal(made.size, 20);
});

test('a partition of the image that is there for a config drive is taken when it is large enough', () => {
  const image = (): Buffer =>
    gptImage(8192, [{ type: LINUX, name: 'config-2', first: 2048, last: 2049 }]).subarray(0, MIB);
  const number = (bytes: number): number | undefined =>
    planTable(image(), { target: onDisk(GIB), configDrive: Buffer.alloc(bytes) }).configDrive?.number;
  assert.deepEqual([number(1024), number(1025)], [1, 2]);
});

test('an MBR has its signature, its end, and a place for a config drive', () => {
  const plan = planTable(mbrImage(8192).subarray(0, MIB), { target: onDisk(GIB) });
  assert.deepEqual([plan.kind, plan.efi, plan.configDrive, plan.patches], ['mbr', undefined, undefined, []]);
  const data = Buffer.from('drive');
  const withDrive = planTable(mbrImage(8192).subarray(0, MIB), { target: onDisk(GIB), configDrive: data });
  assert.equal(withDrive.configDrive?.number, 2);
  assert.deepEqual(withDrive.patches, [{ offset: withDrive.configDrive?.offset, data }]);
  const { endBytes } = plan;
  assert.equal(planTable(mbrImage(8192).subarray(0, MIB), { target: onDisk(endBytes) }).endBytes, endBytes);
  refused(
    () => planTable(mbrImage(8192).subarray(0, MIB), { target: onDisk(endBytes - 512) }),
    /need a disk of \d+ MiB, and it has/,
  );
});

test('images that cannot be put onto this disk are refused', () => {
  refused(() => planTable(gpt(), { target: onDisk(GIB, 4096) }), /is for other sectors than the disk's 4096 bytes/);
  refused(() => planTable(Buffer.alloc(MIB), { target: onDisk(GIB) }), /the image has no partition table/);
  const protective = mbrImage(8192).subarray(0, MIB);
  protective[450] = 0xee;
  refused(
    () => planTable(protective, { target: onDisk(GIB) }),
    /protective record of a GUID partition table, and no such table/,
  );
  const configDrive = Buffer.alloc(64 * MIB + 1);
  refused(
    () => planTable(gpt(), { target: onDisk(GIB), configDrive }),
    /the config drive has 67108865 bytes; 64 MiB are allowed/,
  );
  assert.ok(planTable(gpt(), { target: onDisk(GIB), configDrive: configDrive.subarray(1) }).configDrive);
});

test('a table is one, good or damaged', () => {
  const damaged = gpt();
  damaged[520] = 0xff;
  assert.deepEqual(
    [gpt(), mbrImage(8192), damaged, Buffer.alloc(MIB)].map((head) => isTable(head, 512)),
    [true, true, true, false],
  );
});

test('partitions that go on behind the image’s own end mean that a part of it is missing', () => {
  const plan = planTable(gpt(), { target: onDisk(GIB) });
  refuseBeyond(plan, plan.endBytes, 'nothing was written');
  const message = `the image's partitions reach to byte ${plan.endBytes}, and it has ${plan.endBytes - 1}: a part is missing; nothing was written`;
  assert.throws(() => refuseBeyond(plan, plan.endBytes - 1, 'nothing was written'), {
    code: 'RAZOR_MK_DEPLOY_IMAGE',
    message,
  });
});
