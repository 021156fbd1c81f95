/**
 * The compressions of an initramfs: told apart by their first bytes, unpacked with the count of bytes that were used (the
 * next archive begins behind them), and made so that the same input gives the same bytes. gzip and zstd are Node's; xz,
 * lz4, bzip2 and lzma are the programs of these names.
 */
import { crc32, constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { run } from '../../../platform/process/run.ts';

export type ArchiveCompression = 'none' | 'gzip' | 'zstd' | 'xz' | 'lz4' | 'bzip2' | 'lzma';

/** Unpacked archives above this are refused: no initramfs of this field comes near. */
const UNPACKED_LIMIT = 2 ** 31 - 1;

const MAGIC: readonly (readonly [ArchiveCompression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['lz4', [0x02, 0x21, 0x4c, 0x18]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['lzma', [0x5d, 0x00, 0x00]],
];

/** Which compression begins at `offset`; 'none' for a bare cpio archive; undefined for none that the kernel would know. */
export function compressionAt(bytes: Buffer, offset = 0): ArchiveCompression | undefined {
  if (/^07070[12]/.test(bytes.toString('latin1', offset, offset + 6))) return 'none';
  return MAGIC.find(([, magic]) => magic.every((byte, index) => bytes[offset + index] === byte))?.[0];
}

interface Unpacked {
  readonly data: Buffer;
  /** Bytes of the input that belong to this compressed stream. */
  readonly used: number;
}

/** Unpacks the one compressed stream at the start of `bytes`. Throws RAZOR_MK_ARCHIVE when it is broken or cut off. */
export async function unpack(bytes: Buffer, compression: ArchiveCompression): Promise<Unpacked> {
  try {
    switch (compression) {
      case 'none':
        return { data: bytes, used: bytes.length };
      case 'gzip': {
        const { buffer, engine } = gunzipSync(bytes, {
          info: true,
          maxOutputLength: UNPACKED_LIMIT,
        }) as unknown as InfoResult;
        return { data: buffer, used: engine.bytesWritten };
      }
      case 'zstd': {
        const used = zstdFrameLength(bytes);
        return { data: zstdDecompressSync(bytes.subarray(0, used), { maxOutputLength: UNPACKED_LIMIT }), used };
      }
      case 'xz': {
        const used = xzStreamLength(bytes);
        return { data: await filter(['xz', '-dc', '--single-stream'], bytes.subarray(0, used), 'xz-utils'), used };
      }
      case 'lz4':
      case 'bzip2':
      case 'lzma': // no cheap way to tell where these end: such an archive must be the last one
        return { data: await filter([compression, '-dc'], bytes, compression), used: bytes.length };
    }
  } catch (error) {
    if (error instanceof RazorMkError) throw error;
    throw new RazorMkError('RAZOR_MK_ARCHIVE', `the ${compression} stream is broken or cut off: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

interface InfoResult {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
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
      return await filter(['xz', '-zc', '--check=crc32', '--threads=1', quick ? '-0' : '-6'], bytes, 'xz-utils');
  }
}

async function filter(argv: readonly [string, ...string[]], input: Uint8Array, debian: string): Promise<Buffer> {
  const result = await run(argv, { input, outputLimit: UNPACKED_LIMIT, timeoutMs: 600_000 });
  if (result.failure === 'not-found') {
    throw new RazorMkError('RAZOR_MK_IMAGE_PROGRAM', `${argv[0]} is not installed`, {
      remedy: `Install it: apt-get install ${debian}.`,
    });
  }
  if (result.status === 0) return result.stdout;
  const why = result.failure ?? result.stderr.toString().trim();
  throw new RazorMkError('RAZOR_MK_ARCHIVE', `${argv.join(' ')}: ${why}`);
}

/** Length of the zstd frame at the start (RFC 8878, 3.1.1): header, blocks, checksum. */
function zstdFrameLength(bytes: Buffer): number {
  const descriptor = bytes.readUInt8(4);
  const single = (descriptor & 0x20) !== 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  let offset = 5 + (single ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0) + sizeBytes;
  for (;;) {
    const block = bytes.readUIntLE(offset, 3);
    offset += 3 + (((block >> 1) & 3) === 1 ? 1 : block >> 3);
    if ((block & 1) === 1) break;
  }
  if ((descriptor & 4) !== 0) offset += 4;
  if (offset > bytes.length) throw new Error('unexpected end of file');
  return offset;
}

/** Length of the .xz stream at the start: the first footer (The .xz File Format, 2.1.2) whose checksum and flags fit. */
function xzStreamLength(bytes: Buffer): number {
  const flags = bytes.readUInt16LE(6);
  for (let at = 24; at <= bytes.length; at += 4) {
    if (bytes[at - 2] !== 0x59 || bytes[at - 1] !== 0x5a || bytes.readUInt16LE(at - 4) !== flags) continue;
    if (crc32(bytes.subarray(at - 8, at - 2)) === bytes.readUInt32LE(at - 12)) return at;
  }
  throw new Error('unexpected end of file');
}
