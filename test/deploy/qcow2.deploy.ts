/**
 * qcow2 images of real writers (qemu-img, qemu-io), deployed onto a disk that is full of old data, and compared with what
 * `qemu-img convert -O raw` makes of them.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { openSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { run } from '../../platform/process/run.ts';
import { base, dirtyBench, serve } from '../agent/disk-image/qcow2/qcow2-bench.ts';
import { MEBIBYTE, sha256 } from '../agent/disk-image/image-site.ts';
import { mbrImage } from '../agent/disk-image/tables/tables.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const VIRTUAL = 40 * MEBIBYTE;
const dir = temporaryDirectory();
const source = join(dir, 'source.raw');
const image = join(dir, 'image.qcow2');
const wanted = join(dir, 'wanted.raw');

/** A disk with a table; runs of random, compressible and no data from 4 KiB to some MiB. */
function makeSource(): void {
  writeFileSync(source, mbrImage(VIRTUAL / 512).subarray(0, 512));
  truncateSync(source, VIRTUAL);
  const fd = openSync(source, 'r+');
  for (let at = MEBIBYTE, step = 0; at < VIRTUAL; step++) {
    const bytes = Math.min(4096 * (1 + ((step * 7919) % 600)), VIRTUAL - at);
    const kind = step % 3;
    const data = kind === 0 ? randomBytes(bytes) : Buffer.alloc(bytes, `line ${step} of a log\n`);
    if (kind !== 2) writeSync(fd, data, 0, bytes, at);
    at += bytes;
  }
}

async function must(...argv: readonly [string, ...string[]]): Promise<void> {
  const { status, stderr, stdout } = await run(argv, { timeoutMs: 120_000 });
  assert.equal(status, 0, `${argv.join(' ')}: ${stderr.toString()}${stdout.toString()}`);
}

const img = (...args: readonly string[]): Promise<void> => must('qemu-img', ...args);
const io = (...commands: readonly string[]): Promise<void> =>
  must('qemu-io', '-f', 'qcow2', ...commands.flatMap((each) => ['-c', each]), image);
const convert = (...options: readonly string[]): Promise<void> =>
  img('convert', '-f', 'raw', '-O', 'qcow2', ...options, source, image);

/** Makes `image`; how it is written is known where the layout leaves no choice. */
interface Made {
  readonly name: string;
  readonly make: () => Promise<unknown>;
  /** Whether the download is written in one pass. */
  readonly onePass?: boolean;
}

const APPENDED: readonly Made[] = [
  ['plain', []],
  ['version 2', ['-o', 'compat=0.10']],
  ['lazy refcounts', ['-o', 'lazy_refcounts=on']],
  ['refcounts of one bit', ['-o', 'refcount_bits=1']],
  ['out of order', ['-W', '-m', '16']],
  ['zlib', ['-c']],
  ['zlib, version 2', ['-c', '-o', 'compat=0.10']],
  ['zlib, one writer', ['-c', '-m', '1']],
  ['zlib out of order', ['-c', '-W', '-m', '16']],
  ['zstd', ['-c', '-o', 'compression_type=zstd']],
  ['subclusters', ['-o', 'extended_l2=on,cluster_size=128k']],
  ['subclusters, zstd', ['-c', '-o', 'extended_l2=on,cluster_size=16k,compression_type=zstd']],
  ...['512', '4k', '256k', '2M'].map((size): [string, string[]] => [
    `clusters of ${size}`,
    ['-o', `cluster_size=${size}`],
  ]),
  ...['4k', '32k', '2M'].map((size): [string, string[]] => [
    `clusters of ${size}, zlib`,
    ['-c', '-o', `cluster_size=${size}`],
  ]),
  ['preallocated metadata', ['-o', 'preallocation=metadata']],
].map(([name, options]) => ({
  name: name as string,
  make: () => convert(...(options as string[])),
  // -W: how far apart things come to lie depends on qemu's threads
  ...(!options?.includes('-W') && { onePass: true }),
}));

const OTHERS: readonly Made[] = [
  { name: 'preallocated by falloc', make: () => convert('-o', 'preallocation=falloc') },
  { name: 'preallocated whole', make: () => convert('-o', 'preallocation=full') },
  { name: 'resized', make: async () => [await convert(), await img('resize', image, '+600M')], onePass: false },
  { name: 'resized, zlib', make: async () => [await convert('-c'), await img('resize', image, '+9M')] },
  {
    name: 'with a snapshot',
    make: async () => [await convert(), await img('snapshot', '-c', 's', image), await io('write -P 7 9M 1M')],
  },
  {
    name: 'with a snapshot that was deleted',
    make: async () => [
      await convert('-o', 'cluster_size=4k'),
      await img('snapshot', '-c', 's', image),
      await io('write -P 7 9M 3M', 'write -P 8 38M 70k'),
      await img('snapshot', '-d', 's', image),
    ],
  },
  {
    name: 'written at random places, zeroed and discarded',
    make: async () => {
      await convert('-o', 'extended_l2=on,cluster_size=64k');
      const at = (step: number): number => 2048 * (512 + ((step * 7919) % 18_000));
      const writes = Array.from(
        { length: 60 },
        (_, step) => `write -P ${step + 1} ${at(step)} ${2048 * (1 + (step % 40))}`,
      );
      await io(...writes, 'write -z 12M 3M', 'write -z -u 20M 3M', 'discard 30M 4M', 'write -z 38001k 6k');
    },
  },
  {
    name: 'an overlay that was made whole',
    make: async () => {
      const below = join(dir, 'below.qcow2');
      await img('convert', '-f', 'raw', '-O', 'qcow2', source, below);
      rmSync(image, { force: true });
      await img('create', '-q', '-f', 'qcow2', '-b', below, '-F', 'qcow2', image);
      await io('write -P 9 33M 2M');
      await img('rebase', '-b', '', image);
    },
  },
  {
    name: 'with a bitmap',
    make: async () => [await convert(), await img('bitmap', '--add', image, 'b'), await io('write -P 3 5M 1M')],
  },
];

makeSource();

/** Deploys `image` onto a disk with `room` bytes behind the guest's. */
async function deployed(t: TestContext, room: number): Promise<readonly string[]> {
  await img('convert', '-f', 'qcow2', '-O', 'raw', image, wanted);
  const virtual = statSync(wanted).size;
  const file = readFileSync(image);
  const bench = dirtyBench(t, virtual + room, Math.min(virtual + room, 3 * VIRTUAL));
  serve('/image.qcow2', file);
  await bench.deploy({ urls: [`${base}/image.qcow2`], os_hash_value: sha256(file) });
  const { status, stdout } = await run(['cmp', '-n', String(virtual), wanted, bench.disk], { timeoutMs: 120_000 });
  assert.equal(status, 0, stdout.toString());
  return bench.notes;
}

for (const { name, make, onePass } of [...APPENDED, ...OTHERS]) {
  test(`qemu's image, ${name}: the disk is what qemu-img convert makes of it`, async (t) => {
    rmSync(image, { force: true });
    await make();
    for (const room of onePass === true ? [MEBIBYTE] : [48 * MEBIBYTE, MEBIBYTE]) {
      const notes = (await deployed(t, room)).join('\n');
      const way = /downloaded in parts/.test(notes)
        ? 'by parts'
        : /end of the disk/.test(notes)
          ? 'by the disk'
          : 'in one pass';
      t.diagnostic(`${statSync(image).size} bytes, ${room} bytes of room: ${way}`);
      if (onePass !== undefined) assert.equal(way === 'in one pass', onePass, notes);
    }
  });
}

test('overlays, encrypted images and external data are refused in words', async (t) => {
  const make: readonly (readonly [RegExp, () => Promise<unknown>])[] = [
    [/overlay.*backing file/, () => img('create', '-q', '-f', 'qcow2', '-b', source, '-F', 'raw', image)],
    [
      /encrypted \(LUKS\)/,
      () =>
        img(
          ...['create', '-q', '-f', 'qcow2', '--object', 'secret,id=s,data=abc'],
          ...['-o', 'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10', image, '64M'],
        ),
    ],
    [
      /external file/,
      () => img('create', '-q', '-f', 'qcow2', '-o', `data_file=${join(dir, 'data.raw')}`, image, '64M'),
    ],
  ];
  for (const [words, create] of make) {
    rmSync(image, { force: true });
    await create();
    const file = readFileSync(image);
    const bench = dirtyBench(t, 2 * VIRTUAL, MEBIBYTE);
    serve('/image.qcow2', file);
    const given = { urls: [`${base}/image.qcow2`], os_hash_value: sha256(file) };
    await assert.rejects(bench.deploy(given), words);
    assert.deepEqual(bench.bytes(0, 16), Buffer.alloc(16, 0xee));
  }
});

test('an image that is cut anywhere is never called written', async (t) => {
  for (const options of [[], ['-c']] as const) {
    rmSync(image, { force: true });
    await convert(...options);
    const file = readFileSync(image);
    for (let part = 1; part < 12; part++) {
      const cut = file.subarray(0, Math.floor((file.length / 12) * part));
      const bench = dirtyBench(t, 2 * VIRTUAL, MEBIBYTE);
      serve('/image.qcow2', cut);
      const given = { urls: [`${base}/image.qcow2`], os_hash_value: sha256(cut) };
      await assert.rejects(bench.deploy(given), /the image is damaged: it ends at byte/);
      assert.notDeepEqual(bench.bytes(510, 2), Buffer.from('55aa', 'hex'), 'the disk would boot');
    }
  }
});
