/**
 * The compressions of an initramfs: told apart by their first bytes, unpacked with the count of bytes that were used (the
 * next archive begins behind them), and made so that the same input gives the same bytes. gzip and zstd are Node's; xz,
 * lz4, bzip2 and lzma are the programs of these names.
 */
import { Readable, type Transform } from 'node:stream';
import { crc32, constants, createGunzip, createZstdDecompress, gzipSync, zstdCompressSync } from 'node:zlib';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { run } from '../../../platform/process/run.ts';
import { bytesFrom, bytesInMemory, openSpool, piecesOf, type Spool, type StoredBytes } from './stored-bytes.ts';

export type ArchiveCompression = 'none' | 'gzip' | 'zstd' | 'xz' | 'lz4' | 'bzip2' | 'lzma';

/** Unpacked archives above this are refused: no initramfs of this field comes near. */
const UNPACKED_LIMIT = 2 ** 31;

/** Bytes that an engine gives at once. */
const PIECE = 256 * 1024;

const MAGIC: readonly (readonly [ArchiveCompression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['lz4', [0x02, 0x21, 0x4c, 0x18]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['lzma', [0x5d, 0x00, 0x00]],
];

/** Which compression begins at `offset`; 'none' for a bare cpio archive; undefined for none that the kernel would know. */
export function compressionAt(bytes: StoredBytes, offset = 0): ArchiveCompression | undefined {
  const head = bytes.at(offset, 6);
  if (/^07070[12]/.test(head.toString('latin1'))) return 'none';
  return MAGIC.find(([, magic]) => magic.every((byte, index) => head[index] === byte))?.[0];
}

interface Unpacked {
  readonly data: StoredBytes;
  /** Bytes of the input that belong to this compressed stream. */
  readonly used: number;
}

/** Unpacks the one compressed stream at the start of `bytes`. Throws RAZOR_MK_ARCHIVE when it is broken or cut off. */
export async function unpack(
  bytes: StoredBytes,
  compression: ArchiveCompression,
  limit = UNPACKED_LIMIT,
): Promise<Unpacked> {
  if (compression === 'none') return { data: bytes, used: bytes.length };
  const spool = openSpool(limit);
  try {
    const used = await unpackInto(spool, bytes, compression);
    return { data: spool.done(), used };
  } catch (error) {
    spool.drop();
    if (error instanceof RazorMkError) throw error;
    throw new RazorMkError('RAZOR_MK_ARCHIVE', `the ${compression} stream is broken or cut off: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function unpackInto(
  spool: Spool,
  bytes: StoredBytes,
  compression: Exclude<ArchiveCompression, 'none'>,
): Promise<number> {
  switch (compression) {
    case 'gzip':
      return await inflate(spool, bytes, createGunzip({ chunkSize: PIECE }));
    case 'zstd': {
      const used = zstdFrameLength(bytes);
      await inflate(spool, bytesFrom(bytes, 0, used), createZstdDecompress({ chunkSize: PIECE }));
      return used;
    }
    case 'xz': {
      const used = xzStreamLength(bytes);
      await filterInto(spool, ['xz', '-dc', '--single-stream'], bytesFrom(bytes, 0, used), 'xz-utils');
      return used;
    }
    case 'lz4':
    case 'bzip2':
    case 'lzma': // no cheap way to tell where these end: such an archive must be the last one
      await filterInto(spool, [compression, '-dc'], bytes, compression);
      return bytes.length;
  }
}

/** Through one of Node's engines, which stop by themselves where their stream ends. Resolves to the bytes that were used. */
async function inflate(
  spool: Spool,
  bytes: StoredBytes,
  engine: Transform & { readonly bytesWritten: number },
): Promise<number> {
  const source = Readable.from(piecesOf(bytes), { objectMode: false });
  source.pipe(engine);
  try {
    for await (const piece of engine as AsyncIterable<Buffer>) spool.add(piece);
    return engine.bytesWritten;
  } finally {
    source.unpipe(engine).destroy();
    engine.destroy();
  }
}

export type PackCompression = 'none' | 'gzip' | 'zstd' | 'xz';

/** Compresses for the kernel. `quick` is for content that is compressed already. xz gets the CRC32 that the kernel asks for. */
export async function compress(bytes: Uint8Array, compression: PackCompression, quick = false): Promise<Buffer> {
  switch (compression) {
    case 'none':
      return Buffer.from(bytes);
    case 'gzip':
      return gzipSync(bytes, { level: quick ? 1 : 6 });
    case 'zstd':
      return zstdCompressSync(bytes, {
        params: { [constants.ZSTD_c_compressionLevel]: quick ? 1 : 19, [constants.ZSTD_c_checksumFlag]: 1 },
        pledgedSrcSize: bytes.length,
      });
    case 'xz':
      return await packWithXz(bytes, quick);
  }
}

async function packWithXz(bytes: Uint8Array, quick: boolean): Promise<Buffer> {
  const argv = ['xz', '-zc', '--check=crc32', '--threads=1', quick ? '-0' : '-6'] as const;
  const spool = openSpool(UNPACKED_LIMIT);
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    await filterInto(spool, argv, bytesInMemory(input), 'xz-utils');
  } catch (error) {
    spool.drop();
    throw error;
  }
  const packed = spool.done();
  return packed.at(0, packed.length);
}

/** Through a program. Throws RAZOR_MK_IMAGE_PROGRAM, RAZOR_MK_ARCHIVE. */
async function filterInto(
  spool: Spool,
  argv: readonly [string, ...string[]],
  bytes: StoredBytes,
  debian: string,
): Promise<void> {
  const ending = new AbortController();
  let refused: unknown;
  const take = (piece: Buffer): void => {
    try {
      if (refused === undefined) spool.add(piece);
    } catch (error) {
      refused = error;
      ending.abort();
    }
  };
  const options = { input: piecesOf(bytes), timeoutMs: 600_000, signal: ending.signal };
  const result = await run(argv, { ...options, onStdout: take, keepStdout: false });
  if (refused !== undefined) throw refused;
  if (result.failure === 'not-found') {
    throw new RazorMkError('RAZOR_MK_IMAGE_PROGRAM', `${argv[0]} is not installed`, {
      remedy: `Install it: apt-get install ${debian}.`,
    });
  }
  if (result.status === 0) return;
  const why = result.failure ?? result.stderr.toString().trim();
  throw new RazorMkError('RAZOR_MK_ARCHIVE', `${argv.join(' ')}: ${why}`);
}

/** Length of the zstd frame at the start (RFC 8878, 3.1.1): header, blocks, checksum. */
function zstdFrameLength(bytes: StoredBytes): number {
  const byte = (offset: number, count = 1): number => {
    const found = bytes.at(offset, count);
    if (found.length < count) throw new Error('unexpected end of file');
    return found.readUIntLE(0, count);
  };
  const descriptor = byte(4);
  const single = (descriptor & 0x20) !== 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let offset = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0) + sizeBytes;
  for (;;) {
    const block = byte(offset, 3);
    offset += 3 + (((block >> 1) & 3) === 1 ? 1 : block >> 3);
    if ((block & 1) === 1) break;
  }
  if ((descriptor & 4) !== 0) offset += 4;
  if (offset > bytes.length) throw new Error('unexpected end of file');
  return offset;
}

/** Length of the .xz stream at the start: the first footer (The .xz File Format, 2.1.2) whose checksum and flags fit. */
function xzStreamLength(bytes: StoredBytes): number {
  const flags = bytes.at(6, 2);
  const step = 1024 * 1024;
  for (let from = 12; from < bytes.length; from += step) {
    // a footer of 12 bytes begins at a multiple of four
    const window = bytes.at(from, step + 12);
    for (let at = 0; at < step && at + 12 <= window.length; at += 4) {
      if (window[at + 10] !== 0x59 || window[at + 11] !== 0x5a) continue;
      if (window.compare(flags, 0, flags.length, at + 8, at + 10) !== 0) continue;
      if (crc32(window.subarray(at + 4, at + 10)) === window.readUInt32LE(at)) return from + at + 12;
    }
  }
  throw new Error('unexpected end of file');
}
