/**
 * What decides whether a disk was erased: a look at it. A program's exit status and a drive's answer do not (blkdiscard, nvme format
 * and hdparm all end well with the old data still there). Places all over the disk are marked with random bytes, and looked at
 * again after the act.
 */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { ClaimedDisk } from './claimed-disk.ts';

/** One place, and the pieces of it that are compared. */
const PLACE_BYTES = 64 * 1024;
const PIECE_BYTES = 4096;
/** Both ends are looked at whole, so far; between them as many places by chance. */
const END_PLACES = 64;
const PLACES = 1024;

/** A place and what was in it: a digest for each piece, '' for one that was blank. */
interface Place {
  /** Bytes. */
  readonly offset: number;
  readonly length: number;
  readonly pieces: readonly string[];
}

export interface Evidence {
  readonly places: readonly Place[];
}

/** What a second look found. */
export interface Findings {
  readonly places: number;
  /** Pieces that hold what was there before. */
  readonly unchanged: number;
  /** Places with something else than zeros, or than ones alone. */
  readonly written: number;
  /** Places with something else than zeros. */
  readonly notZero: number;
}

/** Marks places with random bytes, unless `mark` is false (a zone cannot be written anywhere), and keeps what is in them. */
export async function takeEvidence(disk: ClaimedDisk, mark = true): Promise<Evidence> {
  const offsets = chooseOffsets(disk.disk.sizeBytes);
  if (mark) {
    for (const offset of offsets) {
      await disk.write(offset, randomBytes(Math.min(PIECE_BYTES, disk.disk.sizeBytes - offset)));
    }
  }
  await disk.flush();
  const places: Place[] = [];
  for (const offset of offsets) {
    const length = Math.min(PLACE_BYTES, disk.disk.sizeBytes - offset);
    places.push({ offset, length, pieces: piecesOf(await disk.read(offset, length)) });
  }
  return { places };
}

/** Looks at the same places again, at what is on the disk now. */
export async function lookAgain(disk: ClaimedDisk, { places }: Evidence): Promise<Findings> {
  await disk.flush();
  let [unchanged, written, notZero] = [0, 0, 0];
  for (const { offset, length, pieces } of places) {
    const now = await disk.read(offset, length);
    piecesOf(now).forEach((piece, index) => {
      if (piece !== '' && piece === pieces[index]) unchanged += 1;
    });
    const zeros = isFilledWith(now, 0);
    if (!zeros) notZero += 1;
    if (!zeros && !isFilledWith(now, 0xff)) written += 1;
  }
  return { places: places.length, unchanged, written, notZero };
}

/** In order, without overlaps. */
function chooseOffsets(size: number): readonly number[] {
  const all = Math.ceil(size / PLACE_BYTES);
  const numbers = new Set<number>();
  if (all <= PLACES + 2 * END_PLACES) for (let each = 0; each < all; each++) numbers.add(each);
  else {
    for (let each = 0; each < END_PLACES; each++) numbers.add(each).add(all - 1 - each);
    while (numbers.size < PLACES + 2 * END_PLACES) numbers.add(randomInt(all));
  }
  return [...numbers].toSorted((a, b) => a - b).map((number) => number * PLACE_BYTES);
}

function piecesOf(place: Buffer): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < place.length; at += PIECE_BYTES) {
    const piece = place.subarray(at, at + PIECE_BYTES);
    // a blank piece proves nothing
    const blank = isFilledWith(piece, 0) || isFilledWith(piece, 0xff);
    pieces.push(blank ? '' : createHash('sha256').update(piece).digest('base64'));
  }
  return pieces;
}

function isFilledWith(bytes: Buffer, value: number): boolean {
  if (bytes[0] !== value) return false;
  return bytes.length === 1 || bytes.compare(bytes, 1, bytes.length, 0, bytes.length - 1) === 0;
}
