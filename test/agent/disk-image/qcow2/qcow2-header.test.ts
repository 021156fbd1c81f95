import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readQcow2Header } from '../../../../agent/disk-image/qcow2/qcow2-header.ts';

type Field = readonly [at: number, bits: 32 | 64, value: number | bigint];

/** A header of version 3 with clusters of 64 KiB for a disk of 1 GiB, `length` bytes long, with other fields written over it. */
function header(fields: readonly Field[] = [], length = 512): Buffer {
  const head = Buffer.alloc(512);
  const write = ([at, bits, value]: Field): void => {
    if (bits === 32) head.writeUInt32BE(Number(value), at);
    else head.writeBigUInt64BE(BigInt(value), at);
  };
  const usual: readonly Field[] = [
    [0, 32, 0x514649fb],
    [4, 32, 3],
    [20, 32, 16],
    [24, 64, 2 ** 30],
    [36, 32, 2],
    [40, 64, 0x30000],
    [100, 32, 104],
  ];
  [...usual, ...fields].forEach(write);
  return head.subarray(0, length);
}

const FEATURES = (bits: bigint): Field => [72, 64, bits];
const refused = (head: Buffer, message: RegExp): void =>
  assert.throws(() => readQcow2Header(head), { code: 'RAZOR_MK_DEPLOY_IMAGE', message });

test('the header of a usual image of version 3, and of one of version 2', () => {
  const found = {
    version: 3,
    virtualBytes: 2 ** 30,
    clusterBits: 16,
    clusterBytes: 65_536,
    l1Offset: 0x30000,
    l1Entries: 2,
    l2Entries: 8192,
    entryBytes: 8,
    granule: 65_536,
    compression: 'zlib',
  };
  assert.deepEqual(readQcow2Header(header()), found);
  assert.deepEqual(readQcow2Header(header([], 104)), found);
  // version 2 ends behind 72 bytes: what lies there is no feature
  const old = { ...found, version: 2 };
  assert.deepEqual(readQcow2Header(header([[4, 32, 2]], 72)), old);
  assert.deepEqual(readQcow2Header(header([[4, 32, 2], FEATURES(0xffn)])), old);
});

test('what is no header, or only a part of one', () => {
  refused(Buffer.alloc(0), /^qcow2: the image is damaged: its header is not there$/);
  refused(header([], 71), /its header is not there/);
  refused(header([[0, 32, 0x514649fa]]), /its header is not there/);
  refused(header([], 103), /its header is cut off/);
  for (const version of [0, 1, 4])
    refused(header([[4, 32, version]]), new RegExp(`version ${version} is not known here`));
});

test('an image that is not whole in itself is refused with what to do', () => {
  refused(header([[8, 64, 1]]), /the image is an overlay/);
  refused(header([[32, 32, 1]]), /the image is encrypted \(AES\)/);
  refused(header([[32, 32, 2]]), /the image is encrypted \(LUKS\)/);
  refused(header([[32, 32, 7]]), /the image is encrypted \(method 7\)/);
  refused(header([FEATURES(2n)]), /the image is marked as corrupt/);
  refused(header([FEATURES(4n)]), /the data are in an external file/);
  assert.equal(readQcow2Header(header([FEATURES(1n)])).version, 3); // reference counts are not read
});

test('sizes and places that cannot be true', () => {
  refused(header([[20, 32, 8]]), /clusters of 2\^8 bytes/);
  refused(header([[20, 32, 22]]), /clusters of 2\^22 bytes/);
  refused(header([[24, 64, 0]]), /its disk has 0 bytes/);
  refused(header([[24, 64, 2n ** 53n]]), /the size of its disk is 9007199254740992/);
  refused(header([[40, 64, 2n ** 53n]]), /the place of its first table is 9007199254740992/);
  refused(header([[36, 32, 1]]), /its first table is too short for its disk/);
  refused(header([[40, 64, 0]]), /its first table lies at 0/);
  refused(header([[40, 64, 0x30200]]), /its first table lies at 197120/);
  assert.equal(
    readQcow2Header(header([[20, 32, 21]].map((field) => field as unknown as Field).concat([[40, 64, 2 ** 21]])))
      .l2Entries,
    262_144,
  );
  const small: readonly Field[] = [
    [20, 32, 9],
    [36, 32, 0xffffffff],
  ];
  assert.equal(readQcow2Header(header([...small, [40, 64, 512]])).clusterBytes, 512);
  // 4 Mi entries are 32 MiB, as qemu bounds it
  assert.equal(readQcow2Header(header([...small, [24, 64, 2 ** 22 * 512 * 64]])).l1Entries, 2 ** 22);
  refused(header([...small, [24, 64, 2 ** 22 * 512 * 64 + 1]]), /a first table of 4194305 entries is too long/);
});

test('extended entries divide a cluster by 32, and need large clusters', () => {
  const { entryBytes, l2Entries, granule, l1Entries } = readQcow2Header(header([FEATURES(16n), [36, 32, 4]]));
  assert.deepEqual([entryBytes, l2Entries, granule, l1Entries], [16, 4096, 2048, 4]);
  const clusters = (bits: number): Buffer => header([FEATURES(16n), [20, 32, bits], [36, 32, 0xffff]]);
  assert.equal(readQcow2Header(clusters(14)).granule, 512);
  refused(clusters(13), /subclusters in clusters of 2\^13 bytes/);
});

test('the way of compression is named by a feature and a field, which must agree', () => {
  const type = (value: number): Field => [104, 32, value * 2 ** 24];
  assert.equal(readQcow2Header(header([FEATURES(8n), [100, 32, 112], type(1)])).compression, 'zstd');
  assert.equal(readQcow2Header(header([[100, 32, 112], type(0)])).compression, 'zlib');
  assert.equal(readQcow2Header(header([[100, 32, 104], type(1)])).compression, 'zlib'); // the field is not there
  assert.equal(readQcow2Header(header([[100, 32, 112]], 104)).compression, 'zlib');
  refused(header([FEATURES(8n), [100, 32, 112], type(0)]), /contradicts itself about compression/);
  refused(header([[100, 32, 112], type(1)]), /contradicts itself about compression/);
  refused(header([FEATURES(8n), [100, 32, 112], type(2)]), /compressed in a way that is not known here \(type 2\)/);
});

test('an unknown feature is called what the image itself calls it', () => {
  const named = (
    entries: readonly (readonly [kind: number, bit: number, name: string])[],
    table = 0x6803f857,
  ): Buffer => {
    const head = header([FEATURES(1n << 40n), [100, 32, 112]]);
    head.writeUInt32BE(0x12345678, 112); // another extension stands before it
    head.writeUInt32BE(3, 116);
    head.writeUInt32BE(table, 128);
    head.writeUInt32BE(48 * entries.length, 132);
    entries.forEach(([kind, bit, name], at) => {
      head[136 + 48 * at] = kind;
      head[137 + 48 * at] = bit;
      head.write(name, 138 + 48 * at, 'latin1');
    });
    return head;
  };
  const last = [0, 40, 'long lost'] as const;
  refused(
    named([[1, 40, 'compatible'], [0, 41, 'other'], last]),
    /needs the feature "long lost" \(bit 40\), which is not known/,
  );
  refused(named([last], 0x6803f858), /needs the feature of bit 40, which/);
  refused(named([[0, 40, '\u0007']]), /needs the feature of bit 40, which/);
  refused(named([[0, 40, '']]), /needs the feature of bit 40, which/);
  refused(header([FEATURES(1n << 63n)]), /needs the feature of bit 63, which/);
  const cut = named([last]).subarray(0, 180);
  refused(cut, /needs the feature of bit 40, which/);
});
