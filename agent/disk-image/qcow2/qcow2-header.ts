/**
 * The header of a qcow2 image (qemu docs/interop/qcow2.rst, versions 2 and 3): read, checked, and refused in words where the
 * image is not a whole one of its own, or has features that are not known here. Reference counts are not looked at. Pure.
 */
import { RazorMkError } from '../../../platform/errors/errors.ts';

export interface Qcow2Header {
  readonly version: 2 | 3;
  /** What the guest's disk has, in bytes. */
  readonly virtualBytes: number;
  readonly clusterBits: number;
  readonly clusterBytes: number;
  /** Where the first table lies in the file, and how many of its entries belong to the disk. */
  readonly l1Offset: number;
  readonly l1Entries: number;
  /** Entries of one second table: as many clusters. */
  readonly l2Entries: number;
  /** Bytes of such an entry: 8, or 16 where clusters have subclusters (extended L2 entries). */
  readonly entryBytes: 8 | 16;
  /** The smallest piece that is allocated by itself: a cluster, or one of its 32 subclusters. */
  readonly granule: number;
  readonly compression: 'zlib' | 'zstd';
}

const MAGIC = 0x514649fb;
/** As qemu bounds it; more is no image that anybody made. */
const LONGEST_L1 = 32 * 1024 * 1024;
const CORRUPT = 1;
const EXTERNAL_DATA = 2;
const COMPRESSION = 3;
const EXTENDED_L2 = 4;
/** Bit 0 says that reference counts may be wrong, which matters to nobody who only reads. */
const KNOWN = [0, CORRUPT, EXTERNAL_DATA, COMPRESSION, EXTENDED_L2];
const FEATURE_NAMES = 0x6803f857;

/** A refusal of an image by what it says of itself. */
export function refuseQcow2(why: string, remedy?: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', `qcow2: ${why}`, remedy === undefined ? {} : { remedy });
}

/** A refusal of an image whose tables cannot be true. */
export function damagedQcow2(why: string): RazorMkError {
  return refuseQcow2(`the image is damaged: ${why}`, 'Check it with qemu-img check where it comes from.');
}

/** Reads it from the first bytes of the file. Throws RAZOR_MK_DEPLOY_IMAGE. */
export function readQcow2Header(head: Buffer): Qcow2Header {
  if (head.length < 72 || head.readUInt32BE(0) !== MAGIC) throw damagedQcow2('its header is not there');
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw refuseQcow2(`version ${version} is not known here`);
  if (version === 3 && head.length < 104) throw damagedQcow2('its header is cut off');
  refuseForeignParts(head);
  const extended = version === 3 && refuseFeatures(head);
  const clusterBits = head.readUInt32BE(20);
  if (clusterBits < 9 || clusterBits > 21) throw damagedQcow2(`clusters of 2^${clusterBits} bytes`);
  if (extended && clusterBits < 14) throw damagedQcow2(`subclusters in clusters of 2^${clusterBits} bytes`);
  const clusterBytes = 2 ** clusterBits;
  const entryBytes = extended ? 16 : 8;
  const l2Entries = clusterBytes / entryBytes;
  const virtualBytes = whole(head, 24, 'the size of its disk');
  if (virtualBytes === 0) throw refuseQcow2('its disk has 0 bytes');
  const l1Entries = Math.ceil(virtualBytes / (clusterBytes * l2Entries));
  const l1Offset = whole(head, 40, 'the place of its first table');
  if (l1Entries > head.readUInt32BE(36)) throw damagedQcow2('its first table is too short for its disk');
  if (l1Entries * 8 > LONGEST_L1) throw refuseQcow2(`a first table of ${l1Entries} entries is too long`);
  if (l1Offset === 0 || l1Offset % clusterBytes !== 0) throw damagedQcow2(`its first table lies at ${l1Offset}`);
  return {
    version,
    virtualBytes,
    clusterBits,
    clusterBytes,
    l1Offset,
    l1Entries,
    l2Entries,
    entryBytes,
    granule: extended ? clusterBytes / 32 : clusterBytes,
    compression: version === 3 ? compressionOf(head) : 'zlib',
  };
}

/** None of these sets a bit that a reader must know: the fields themselves tell. */
function refuseForeignParts(head: Buffer): void {
  if (head.readBigUInt64BE(8) !== 0n) {
    throw refuseQcow2(
      'the image is an overlay: the rest of its data is in a backing file',
      'Flatten it with qemu-img convert -O qcow2.',
    );
  }
  const method = head.readUInt32BE(32);
  if (method === 0) return;
  const name = ['', 'AES', 'LUKS'][method] ?? `method ${method}`;
  throw refuseQcow2(`the image is encrypted (${name})`, 'Decrypt it with qemu-img convert.');
}

/** Whether second tables have extended entries. Throws for features without which the image would be read wrongly. */
function refuseFeatures(head: Buffer): boolean {
  const bits = head.readBigUInt64BE(72);
  const isSet = (bit: number): boolean => ((bits >> BigInt(bit)) & 1n) === 1n;
  if (isSet(CORRUPT)) throw refuseQcow2('the image is marked as corrupt', 'Repair it with qemu-img check -r all.');
  if (isSet(EXTERNAL_DATA)) {
    throw refuseQcow2('the data are in an external file', 'Flatten it with qemu-img convert -O qcow2.');
  }
  const unknown = Array.from({ length: 64 }, (_, bit) => bit).find((bit) => isSet(bit) && !KNOWN.includes(bit));
  if (unknown !== undefined) {
    throw refuseQcow2(`the image needs the feature ${featureName(head, unknown)}, which is not known here`);
  }
  return isSet(EXTENDED_L2);
}

function compressionOf(head: Buffer): 'zlib' | 'zstd' {
  const type = head.readUInt32BE(100) > 104 && head.length > 104 ? (head[104] ?? 0) : 0;
  const named = ((head.readBigUInt64BE(72) >> BigInt(COMPRESSION)) & 1n) === 1n;
  if (named !== (type !== 0)) throw damagedQcow2('its header contradicts itself about compression');
  if (type > 1) throw refuseQcow2(`the image is compressed in a way that is not known here (type ${type})`);
  return type === 1 ? 'zstd' : 'zlib';
}

/** What the image itself calls the feature, for the message only. */
function featureName(head: Buffer, bit: number): string {
  for (let at = head.readUInt32BE(100); at >= 104 && at + 8 <= head.length;) {
    const type = head.readUInt32BE(at);
    const length = head.readUInt32BE(at + 4);
    if (type === 0 || at + 8 + length > head.length) break;
    for (let entry = at + 8; type === FEATURE_NAMES && entry + 48 <= at + 8 + length; entry += 48) {
      if (head[entry] !== 0 || head[entry + 1] !== bit) continue;
      const name = head.toString('latin1', entry + 2, entry + 48).replace(/\0.*$/s, '');
      if (/^[ -~]+$/.test(name)) return `"${name}" (bit ${bit})`;
    }
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return `of bit ${bit}`;
}

function whole(head: Buffer, at: number, what: string): number {
  const value = head.readBigUInt64BE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damagedQcow2(`${what} is ${value}`);
  return Number(value);
}
