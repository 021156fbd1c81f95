import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { clustersOf, makeQcow2 } from '../../../helpers/qcow2-image.ts';
import { DISK_BYTES, diskBench, MEBIBYTE, sha256 } from '../image-site.ts';
import { EFI, gptImage, mbrImage } from '../tables/tables.ts';
import { base, CONTENT, dirtyBench, FAR, last, plain, serve, VIRTUAL } from './qcow2-bench.ts';

test('a wrong checksum is found before success is reported, in every way of writing', async (t) => {
  const wrong = sha256(Buffer.from('another'));
  for (const [arrange, size, words] of [
    [undefined, 8, /not the one that was meant.*unbootable/],
    [last('l1'), 32, /not the one that was meant.*unbootable/],
    [last('l1'), 8, /not the one that was meant.*nothing was written/],
  ] as const) {
    const bench = dirtyBench(t, size * MEBIBYTE);
    const made = { virtualBytes: VIRTUAL, clusters: plain(), ...(arrange && { arrange, unused: FAR }) };
    serve('/wrong', makeQcow2(made).image);
    await assert.rejects(bench.deploy({ urls: [`${base}/wrong`], os_hash_value: wrong }), words);
    const first = arrange !== undefined && size === 8 ? 0xee : 0;
    assert.ok(bench.bytes(0, MEBIBYTE).equals(Buffer.alloc(MEBIBYTE, first)));
  }
});

test('the guards of raw images hold: no table, a container within, partitions beyond the disk, a config drive, the GPT’s end', async (t) => {
  const make = (content: Buffer): Buffer =>
    makeQcow2({ virtualBytes: content.length, clusters: clustersOf(content, 16, () => true) }).image;
  const bench = dirtyBench(t, 8 * MEBIBYTE);
  const refused = async (content: Buffer, words: RegExp): Promise<void> => {
    const image = make(content);
    serve('/odd', image);
    await assert.rejects(bench.deploy({ urls: [`${base}/odd`], os_hash_value: sha256(image) }), words);
    assert.deepEqual(bench.bytes(0, 16), Buffer.alloc(16, 0xee));
  };
  await refused(Buffer.alloc(2 * MEBIBYTE, 7), /no partition table/);
  await refused(Buffer.concat([Buffer.from('KDMV'), Buffer.alloc(2 * MEBIBYTE - 4, 7)]), /a VMDK image/);
  await refused(make(CONTENT), /a qcow2 image, not the raw image of a disk; nothing was written/);
  await refused(mbrImage((4 * MEBIBYTE) / 512).subarray(0, 2 * MEBIBYTE), /a part is missing; nothing was written/);
  await refused(mbrImage((9 * MEBIBYTE) / 512), /of a disk of 9437184 bytes, and this one has 8388608; nothing was/);

  const { deploy, bytes } = diskBench(t);
  const image = make(gptImage(8192, [{ type: EFI, name: 'boot', first: 2048, last: 4095 }]));
  serve('/gpt', image);
  const configDrive = gzipSync(Buffer.from('instance data')).toString('base64');
  const given = { urls: [`${base}/gpt`], os_hash_value: sha256(image), disk_format: 'qcow2' };
  await deploy(given, { configDrive });
  assert.equal(bytes(DISK_BYTES - 512, 8).toString(), 'EFI PART');
  assert.equal(bytes(DISK_BYTES - 65 * MEBIBYTE, 13).toString(), 'instance data');
});

test('what the server calls the image must be true, and permitted', async (t) => {
  const bench = dirtyBench(t, 8 * MEBIBYTE);
  const { image } = makeQcow2({ virtualBytes: VIRTUAL, clusters: plain() });
  serve('/image', image);
  const given = { urls: [`${base}/image`], os_hash_value: sha256(image) };
  await assert.rejects(bench.deploy({ ...given, disk_format: 'raw' }), /a qcow2 image, and its disk_format says raw/);
  const rules = { md5: true, formats: ['raw'] };
  await assert.rejects(
    bench.deploy({ ...given, disk_format: null }, { rules }),
    /is qcow2, and the server permits raw/,
  );
  await assert.rejects(bench.deploy(given, { rules }), /is qcow2, and the server permits raw/);
  serve('/raw', CONTENT);
  const raw = { urls: [`${base}/raw`], os_hash_value: sha256(CONTENT) };
  await assert.rejects(bench.deploy(raw), /not a qcow2 image, and its disk_format says qcow2/);
  assert.deepEqual(bench.bytes(0, 4), Buffer.alloc(4, 0xee));
  await bench.deploy({ ...given, disk_format: null });
  assert.ok(bench.bytes(0, VIRTUAL).equals(CONTENT));
});

/** An image with other bytes in its header. */
function patched(change: (header: Buffer) => void): Buffer {
  const { image } = makeQcow2({ virtualBytes: VIRTUAL, clusters: plain() });
  const copy = Buffer.from(image);
  change(copy);
  return copy;
}

test('an image that is not whole by itself, or that is not understood, is refused in words and nothing is written', async (t) => {
  const bench = dirtyBench(t, 8 * MEBIBYTE);
  const feature = (bit: number) => (header: Buffer) => header.writeBigUInt64BE(1n << BigInt(bit), 72);
  const cases: readonly (readonly [RegExp, (header: Buffer) => void])[] = [
    [/overlay.*backing file/, (header) => void header.writeBigUInt64BE(1024n, 8)],
    [/encrypted \(AES\)/, (header) => void header.writeUInt32BE(1, 32)],
    [/encrypted \(LUKS\)/, (header) => void header.writeUInt32BE(2, 32)],
    [/marked as corrupt/, feature(1)],
    [/external file/, feature(2)],
    [/feature of bit 17/, feature(17)],
    [/contradicts itself about compression/, feature(3)],
    [
      /compressed in a way that is not known here \(type 2\)/,
      (header) => {
        feature(3)(header);
        header[104] = 2;
      },
    ],
    [
      /the feature "time travel" \(bit 40\)/,
      (header) => {
        feature(40)(header);
        header.writeUInt32BE(0x6803f857, 112);
        header.writeUInt32BE(48, 116);
        header.write('\0\x28time travel', 120, 'latin1');
      },
    ],
    [/version 4/, (header) => void header.writeUInt32BE(4, 4)],
    [/damaged: clusters of 2\^40 bytes/, (header) => void header.writeUInt32BE(40, 20)],
    [/of a disk of 1125899906842624 bytes|too short/, (header) => void header.writeBigUInt64BE(1n << 50n, 24)],
    [/0 bytes/, (header) => void header.writeBigUInt64BE(0n, 24)],
    [/first table lies at 7/, (header) => void header.writeBigUInt64BE(7n, 40)],
  ];
  for (const [words, change] of cases) {
    const image = patched(change);
    serve('/refused', image);
    await assert.rejects(bench.deploy({ urls: [`${base}/refused`], os_hash_value: sha256(image) }), words);
  }
  assert.deepEqual(bench.bytes(0, 16), Buffer.alloc(16, 0xee));
});

test('tables that cannot be true, and a file that ends before its data, fail in words and nothing boots', async (t) => {
  const { image } = makeQcow2({ virtualBytes: VIRTUAL, clusters: clustersOf(CONTENT, 16, (index) => index === 20) });
  const l2 = Number(image.readBigUInt64BE(Number(image.readBigUInt64BE(40))));
  const entry = (index: number, value: bigint) => (copy: Buffer) => copy.writeBigUInt64BE(value, l2 + index * 8);
  const cases: readonly (readonly [RegExp, (copy: Buffer) => Buffer | number])[] = [
    [/a cluster lies at 512/, entry(20, 512n)],
    [/a cluster is out of reach/, entry(20, 0x00ffffffffff0000n)],
    [/it ends at byte \d+, and a cluster lies at 1099511627776/, entry(20, 1n << 40n)],
    [/a compressed cluster cannot be unpacked/, entry(20, (1n << 62n) | 65_536n)],
    [/it ends at byte/, (copy) => copy.subarray(0, copy.length - 65_536)],
    [/it ends at byte/, (copy) => copy.subarray(0, l2 + 100)],
  ];
  for (const [words, change] of cases) {
    for (const size of [8, 3] as const) {
      const bench = dirtyBench(t, size * MEBIBYTE);
      const copy = Buffer.from(image);
      const changed = change(copy);
      const bad = typeof changed === 'number' ? copy : changed;
      serve('/bad', bad);
      const given = { urls: [`${base}/bad`], os_hash_value: sha256(bad) };
      await assert.rejects(bench.deploy(given), (error) => {
        assert.match(String(error), /the image is damaged|no parts/);
        assert.match(String(error), words);
        return true;
      });
      const first = bench.bytes(0, MEBIBYTE);
      assert.ok(
        [0, 0xee].some((byte) => first.equals(Buffer.alloc(MEBIBYTE, byte))),
        String(words),
      );
    }
  }
});
