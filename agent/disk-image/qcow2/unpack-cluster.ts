/** Compressed clusters: a raw deflate stream, or one zstd frame, that gives exactly one cluster. */
import { promisify } from 'node:util';
import { constants, inflateRaw, zstdDecompress } from 'node:zlib';
import { messageOf } from '../../../platform/errors/errors.ts';
import { damagedQcow2, type Qcow2Header } from './qcow2-header.ts';

const inflate = promisify(inflateRaw);
const unzstd = promisify(zstdDecompress);
/** 4 MiB: no frame of a cluster (2 MiB at most) needs more, and one may not ask for it. */
const LARGEST_WINDOW = 22;

/** The cluster in `packed`, which may go on behind it. Throws RAZOR_MK_DEPLOY_IMAGE where it is not exactly one. */
export async function unpackCluster(packed: Buffer, { compression, clusterBytes }: Qcow2Header): Promise<Buffer> {
  // one piece of memory for the whole: where that is filled to its last byte, Node gets another
  const limits = { maxOutputLength: clusterBytes, chunkSize: clusterBytes + 64 };
  try {
    const cluster =
      compression === 'zlib'
        ? await inflate(packed, limits)
        : await unzstd(packed.subarray(0, frameLength(packed)), {
            ...limits,
            params: { [constants.ZSTD_d_windowLogMax]: LARGEST_WINDOW },
          });
    if (cluster.length === clusterBytes) return cluster;
    throw new Error(`${cluster.length} bytes came out`);
  } catch (error) {
    throw damagedQcow2(`a compressed cluster cannot be unpacked: ${messageOf(error)}`);
  }
}

/**
 * Bytes of the zstd frame at the beginning (RFC 8878, 3.1.1): what lies behind it in the same sector belongs to the next
 * cluster, and zstd would take it for a further frame.
 */
function frameLength(bytes: Buffer): number {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== 0xfd2fb528) throw new Error('it is not a zstd frame');
  const descriptor = bytes[4] ?? 0;
  const single = (descriptor >> 5) & 1;
  const sizes = [single, 2, 4, 8][descriptor >> 6] ?? 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  let at = 5 + (1 - single) + dictionary + sizes;
  for (let last = false; !last;) {
    if (at + 3 > bytes.length) throw new Error('its zstd frame is cut off');
    const block = bytes.readUIntLE(at, 3);
    last = (block & 1) === 1;
    at += 3 + (((block >> 1) & 3) === 1 ? 1 : block >> 3);
  }
  at += ((descriptor >> 2) & 1) * 4;
  if (at > bytes.length) throw new Error('its zstd frame is cut off');
  return at;
}
