/** The two levels of tables of a qcow2 image, as pieces of the guest's disk (qemu docs/interop/qcow2.rst). Pure. */
import { damagedQcow2, type Qcow2Header } from './qcow2-header.ts';

/** Bytes that lie in the file as they are. */
export interface DataPiece {
  readonly kind: 'data';
  /** Where in the file. */
  readonly host: number;
  /** Where on the guest's disk, and how many. */
  readonly guest: number;
  readonly bytes: number;
}

/** One compressed cluster. */
export interface CompressedPiece {
  readonly kind: 'compressed';
  readonly host: number;
  /** At most; the sectors that hold it may end behind it, and behind the file. */
  readonly hostBytes: number;
  readonly guest: number;
  readonly bytes: number;
}

interface ZeroPiece {
  readonly kind: 'zero';
  readonly guest: number;
  readonly bytes: number;
}

export type Piece = DataPiece | CompressedPiece | ZeroPiece;

/** Offsets have 56 bits; a number holds 53, more than any file. */
const HIGH_OFFSET = 0x00ffffff;
const REACHABLE = 0x001fffff;

function offsetIn(table: Buffer, at: number, what: string): number {
  const high = table.readUInt32BE(at) & HIGH_OFFSET;
  if (high > REACHABLE) throw damagedQcow2(`${what} is out of reach`);
  return high * 2 ** 32 + ((table.readUInt32BE(at + 4) & 0xfffffe00) >>> 0);
}

/** Where the second table of an entry of the first lies; 0 where its part of the disk is not allocated. */
export function l2OffsetAt(l1: Buffer, at: number, { clusterBytes }: Qcow2Header): number {
  const offset = offsetIn(l1, at, 'a second table');
  if (offset % clusterBytes !== 0) throw damagedQcow2(`a second table lies at ${offset}`);
  return offset;
}

/**
 * The pieces of the guest's disk from `guest` on that these entries of a second table describe, in order, neighbours put
 * together; nothing behind the disk's end. Throws RAZOR_MK_DEPLOY_IMAGE for entries that cannot be true.
 */
export function* guestPieces(header: Qcow2Header, entries: Buffer, guest: number): Generator<Piece> {
  const { entryBytes, clusterBytes, virtualBytes } = header;
  let last: Piece | undefined;
  for (let at = 0; at < entries.length && guest < virtualBytes; at += entryBytes, guest += clusterBytes) {
    for (const piece of clusterAt(header, entries, at, guest)) {
      const joined = last && join(last, piece);
      if (last !== undefined && joined === undefined) yield last;
      last = joined ?? piece;
    }
  }
  if (last !== undefined) yield last;
}

function join(left: Piece, right: Piece): Piece | undefined {
  const bytes = left.bytes + right.bytes;
  if (left.kind === 'zero' && right.kind === 'zero') return { kind: 'zero', guest: left.guest, bytes };
  if (left.kind !== 'data' || right.kind !== 'data' || left.host + left.bytes !== right.host) return undefined;
  return { kind: 'data', host: left.host, guest: left.guest, bytes };
}

function clusterAt(header: Qcow2Header, entries: Buffer, at: number, guest: number): readonly Piece[] {
  const { clusterBytes, virtualBytes, granule } = header;
  const bytes = Math.min(clusterBytes, virtualBytes - guest);
  const high = entries.readUInt32BE(at);
  if ((high & 0x40000000) !== 0) return [compressedAt(header, entries, at, { guest, bytes })];
  const host = offsetIn(entries, at, 'a cluster');
  if (host % clusterBytes !== 0) throw damagedQcow2(`a cluster lies at ${host}`);
  const isZero = (entries.readUInt32BE(at + 4) & 1) === 1;
  if (granule < clusterBytes) {
    if (isZero) throw damagedQcow2('an extended entry is marked as zeros in the old way');
    return subclustersAt(header, entries, at, { host, guest, bytes });
  }
  if (isZero && header.version === 2) throw damagedQcow2('a cluster of zeros, which version 2 does not have');
  // a cluster of zeros may keep its place in the file, where old data are
  if (isZero || host === 0) return [{ kind: 'zero', guest, bytes }];
  return [{ kind: 'data', host, guest, bytes }];
}

function compressedAt(
  { clusterBits }: Qcow2Header,
  entries: Buffer,
  at: number,
  place: { readonly guest: number; readonly bytes: number },
): CompressedPiece {
  // the lower bits are the offset, the higher ones of 62 the number of further sectors
  const highBits = 70 - clusterBits - 32;
  const high = entries.readUInt32BE(at) & 0x3fffffff;
  const top = high & (2 ** highBits - 1);
  if (top > REACHABLE) throw damagedQcow2('a compressed cluster is out of reach');
  const host = top * 2 ** 32 + entries.readUInt32BE(at + 4);
  const hostBytes = ((high >>> highBits) + 1) * 512 - (host % 512);
  return { kind: 'compressed', host, hostBytes, ...place };
}

/** Two bits each of the 32: allocated, and reads as zeros. Without a backing file everything else reads as zeros too. */
function subclustersAt(
  { granule }: Qcow2Header,
  entries: Buffer,
  at: number,
  place: { readonly host: number; readonly guest: number; readonly bytes: number },
): readonly Piece[] {
  const zero = entries.readUInt32BE(at + 8);
  const allocated = entries.readUInt32BE(at + 12);
  if ((zero & allocated) !== 0) throw damagedQcow2('a subcluster is both allocated and zeros');
  if (allocated !== 0 && place.host === 0) throw damagedQcow2('subclusters without a cluster');
  const pieces: Piece[] = [];
  for (let index = 0; index * granule < place.bytes; index++) {
    const offset = index * granule;
    const bytes = Math.min(granule, place.bytes - offset);
    const guest = place.guest + offset;
    const piece: Piece =
      ((allocated >>> index) & 1) === 1
        ? { kind: 'data', host: place.host + offset, guest, bytes }
        : { kind: 'zero', guest, bytes };
    const last = pieces.at(-1);
    const joined = last && join(last, piece);
    if (joined === undefined) pieces.push(piece);
    else pieces[pieces.length - 1] = joined;
  }
  return pieces;
}
