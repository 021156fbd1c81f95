/** A qcow2 image of which any part can be read, to the guest's disk: a bounded number of entries of its tables at a time. */
import { copyData, unpackPieces, type GuestDisk } from './guest-disk.ts';
import type { PartReader } from './look-back.ts';
import { damagedQcow2, type Qcow2Header } from './qcow2-header.ts';
import { l2OffsetAt, guestPieces, type CompressedPiece, type DataPiece, type Piece } from './qcow2-tables.ts';

const L1_STEP = 8192;
/** Entries that are read at a time, and pieces that are gathered, so that data are read in the order of the file. */
const L2_STEP = 4096;
const MANY_PIECES = 16_384;

/**
 * Everything of the guest's disk before `to`, zeros included. `onDone` is told how many bytes of it are done. Throws
 * RAZOR_MK_DEPLOY_IMAGE for an image that is damaged, and whatever reading and writing throw.
 */
export async function expand(
  header: Qcow2Header,
  reader: PartReader,
  disk: GuestDisk,
  to: number = header.virtualBytes,
  onDone: (bytes: number) => void = () => undefined,
): Promise<void> {
  let gathered: Piece[] = [];
  for await (const piece of allPieces(header, reader, to)) {
    gathered.push(piece);
    if (gathered.length < MANY_PIECES) continue;
    await carryOut(gathered, header, reader, disk);
    onDone(piece.guest + piece.bytes);
    gathered = [];
  }
  await carryOut(gathered, header, reader, disk);
  onDone(to);
}

async function* allPieces(header: Qcow2Header, reader: PartReader, to: number): AsyncGenerator<Piece> {
  const { clusterBytes, entryBytes, l1Entries, l1Offset, l2Entries } = header;
  const span = l2Entries * clusterBytes;
  for (let index = 0; index < l1Entries && index * span < to; index += L1_STEP) {
    const l1 = Buffer.from(await wholeTable(reader, l1Offset + index * 8, Math.min(L1_STEP, l1Entries - index) * 8));
    for (let at = 0; at < l1.length; at += 8) {
      const guest = (index + at / 8) * span;
      const end = Math.min(to, guest + span);
      if (guest >= end) return;
      const l2 = l2OffsetAt(l1, at, header);
      if (l2 === 0) {
        yield { kind: 'zero', guest, bytes: end - guest };
        continue;
      }
      const entries = Math.ceil((end - guest) / clusterBytes);
      for (let first = 0; first < entries; first += L2_STEP) {
        const bytes = Math.min(L2_STEP, entries - first) * entryBytes;
        const table = Buffer.from(await wholeTable(reader, l2 + first * entryBytes, bytes));
        for (const piece of guestPieces(header, table, guest + first * clusterBytes)) {
          if (piece.guest < end) yield { ...piece, bytes: Math.min(piece.bytes, end - piece.guest) };
        }
      }
    }
  }
}

/** A table of the image, or a part of it. Throws RAZOR_MK_DEPLOY_IMAGE where the file ends before. */
export async function wholeTable(reader: PartReader, offset: number, bytes: number): Promise<Buffer> {
  const table = offset < reader.size ? await reader.read(offset, bytes) : Buffer.alloc(0);
  if (table.length < bytes) throw damagedQcow2(`it ends at byte ${reader.size}, within a table`);
  return table;
}

async function carryOut(
  pieces: readonly Piece[],
  header: Qcow2Header,
  reader: PartReader,
  disk: GuestDisk,
): Promise<void> {
  const found = pieces.filter((piece): piece is CompressedPiece | DataPiece => piece.kind !== 'zero');
  found.sort((left, right) => left.host - right.host);
  for (let at = 0; at < found.length;) {
    const piece = found[at] as CompressedPiece | DataPiece;
    if (piece.kind === 'data') {
      await copyData(piece, header, reader, disk);
      at++;
      continue;
    }
    const end = found.findIndex((other, index) => index > at && other.kind === 'data');
    const packed = found.slice(at, end === -1 ? undefined : end) as CompressedPiece[];
    await unpackPieces(packed, header, reader, disk);
    at += packed.length;
  }
  for (const piece of pieces) if (piece.kind === 'zero') await disk.zero(piece.guest, piece.bytes);
}
