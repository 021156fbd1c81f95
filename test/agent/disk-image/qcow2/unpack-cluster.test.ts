import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, deflateRawSync, zstdCompressSync } from 'node:zlib';
import type { Qcow2Header } from '../../../../agent/disk-image/qcow2/qcow2-header.ts';
import { unpackCluster } from '../../../../agent/disk-image/qcow2/unpack-cluster.ts';

const BYTES = 65_536;
const CLUSTER = Buffer.alloc(BYTES, 'the quick brown fox ');
const header = (compression: 'zlib' | 'zstd'): Qcow2Header => ({ compression, clusterBytes: BYTES }) as Qcow2Header;
const behind = Buffer.alloc(600, 0xa5);

const damaged = (packed: Buffer, compression: 'zlib' | 'zstd', why: RegExp): Promise<void> =>
  assert.rejects(unpackCluster(packed, header(compression)), { code: 'RAZOR_MK_DEPLOY_IMAGE', message: why });

test('one cluster comes out, whatever lies behind it in the same sector', async () => {
  for (const tail of [Buffer.alloc(0), behind]) {
    const zlib = Buffer.concat([deflateRawSync(CLUSTER), tail]);
    assert.ok((await unpackCluster(zlib, header('zlib'))).equals(CLUSTER));
  }
  // frames with and without a checksum and a size, of one block and of several, and of bytes that do not shrink
  const random = Buffer.from(Array.from({ length: BYTES }, (_, index) => (index * index * 31 + (index >> 3)) & 0xff));
  for (const cluster of [CLUSTER, Buffer.alloc(BYTES), random])
    for (const params of [
      {},
      { [constants.ZSTD_c_checksumFlag]: 1 },
      { [constants.ZSTD_c_contentSizeFlag]: 0 },
      { [constants.ZSTD_c_windowLog]: 10, [constants.ZSTD_c_contentSizeFlag]: 0 },
    ]) {
      const frame = zstdCompressSync(cluster, { params });
      // the next cluster's frame lies right behind it
      for (const tail of [Buffer.alloc(0), behind, frame])
        assert.ok((await unpackCluster(Buffer.concat([frame, tail]), header('zstd'))).equals(cluster));
    }
});

test('what is more or less than one cluster is damage', async () => {
  const [short, long] = [Buffer.alloc(BYTES - 1), Buffer.alloc(BYTES + 1)];
  await damaged(deflateRawSync(short), 'zlib', /65535 bytes came out/);
  await damaged(deflateRawSync(long), 'zlib', /a compressed cluster cannot be unpacked: /);
  await damaged(zstdCompressSync(short), 'zstd', /65535 bytes came out/);
  await damaged(zstdCompressSync(long), 'zstd', /a compressed cluster cannot be unpacked: /);
});

test('a frame that is none, or is cut off, is damage', async () => {
  const frame = zstdCompressSync(CLUSTER, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  await damaged(Buffer.alloc(0), 'zstd', /it is not a zstd frame/);
  await damaged(frame.subarray(0, 5), 'zstd', /it is not a zstd frame/);
  await damaged(behind, 'zstd', /it is not a zstd frame/);
  for (const length of [6, frame.length - 5, frame.length - 1])
    await damaged(frame.subarray(0, length), 'zstd', /its zstd frame is cut off/);
  await damaged(deflateRawSync(CLUSTER).subarray(0, 20), 'zlib', /a compressed cluster cannot be unpacked: /);
});
