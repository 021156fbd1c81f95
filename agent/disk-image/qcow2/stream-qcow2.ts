/**
 * A qcow2 image in one pass, as it comes in. Its tables tell which bytes of the file are wanted where: those that are still to
 * come wait in a queue, those that came a short while ago are looked back at. What nobody claims is dropped.
 */
import { wholeTable } from './expand.ts';
import { createGranules, type Granules } from './granules.ts';
import { copyData, UNPACKED_AT_ONCE, unpackPieces, type GuestDisk } from './guest-disk.ts';
import { OutOfSight, type LookBack } from './look-back.ts';
import { damagedQcow2, type Qcow2Header } from './qcow2-header.ts';
import { l2OffsetAt, guestPieces, type CompressedPiece } from './qcow2-tables.ts';
import { createWorkQueue, type AwaitedPart, type WorkQueue } from './work-queue.ts';

/** Pieces that may wait; more is an image whose clusters lie anywhere. */
const MANY_WAITING = 100_000;
/** Bytes of the notes about what has been written. */
const MOST_NOTES = 16 * 1024 * 1024;

interface Pass {
  readonly header: Qcow2Header;
  readonly sight: LookBack;
  readonly disk: GuestDisk;
  readonly queue: WorkQueue;
  readonly written: Granules;
}

/**
 * Whether one pass may do, by the places of the second tables: as writers leave them that append, each lies behind the one
 * before it, no farther than its data reach. Snapshots, preallocated files and disks that were long in use look otherwise.
 */
export function looksAppended(header: Qcow2Header, l1: Buffer, slack: number): boolean {
  const span = header.l2Entries * header.clusterBytes;
  if (header.virtualBytes / header.granule / 8 > MOST_NOTES) return false;
  let tables = 0;
  let before: number | undefined;
  for (let at = 0; at < l1.length; at += 8) {
    const place = l2OffsetAt(l1, at, header);
    if (place === 0) continue;
    if (++tables > MANY_WAITING) return false;
    if (before !== undefined && (place < before - slack || place > before + span + slack)) return false;
    before = place;
  }
  return true;
}

/**
 * Writes the guest's disk, zeros included. `sight` holds the file's beginning, `blocks` give the rest of it. Throws OutOfSight
 * where one pass does not do, RAZOR_MK_DEPLOY_IMAGE for an image that is damaged.
 */
export async function streamQcow2(
  header: Qcow2Header,
  l1: Buffer,
  sight: LookBack,
  blocks: AsyncIterable<Buffer>,
  disk: GuestDisk,
): Promise<void> {
  const written = createGranules(header.virtualBytes, header.granule);
  const pass: Pass = { header, sight, disk, queue: createWorkQueue(), written };
  pass.queue.add(tablesOf(header, l1));
  await work(pass);
  for await (const block of blocks) {
    sight.append(block);
    await work(pass);
  }
  sight.finish();
  await work(pass);
  const { first } = pass.queue;
  if (first !== undefined) throw damagedQcow2(`it ends at byte ${sight.end}, and a cluster lies at ${first.host}`);
  for (const { guest, bytes } of written.gaps()) await disk.zero(guest, bytes);
}

function tablesOf(header: Qcow2Header, l1: Buffer): AwaitedPart[] {
  const tables: AwaitedPart[] = [];
  for (let at = 0; at < l1.length; at += 8) {
    const host = l2OffsetAt(l1, at, header);
    if (host !== 0) tables.push({ kind: 'table', host, guest: (at / 8) * header.l2Entries * header.clusterBytes });
  }
  return tables;
}

/** Everything that can be done with what has come so far. */
async function work(pass: Pass): Promise<void> {
  const { header, sight, queue } = pass;
  for (let first = queue.first; first !== undefined && first.host < sight.end; first = queue.first) {
    if (first.host < sight.start) throw new OutOfSight();
    if (first.kind === 'table') {
      if (!isThere(sight, first.host, header.clusterBytes)) return;
      queue.advance();
      await readTable(pass, first.host, first.guest);
    } else if (first.kind === 'data') {
      const there = Math.min(first.bytes, sight.end - first.host);
      // whole granules, or all that is wanted; the file may end within its last cluster
      const all = there === first.bytes || sight.size < Infinity;
      const bytes = all ? first.bytes : there - (there % header.granule);
      if (bytes === 0) return;
      await copyData({ ...first, bytes }, header, sight, pass.disk);
      pass.written.mark(first.guest, bytes);
      const { kind, host, guest } = first;
      const rest = { kind, host: host + bytes, guest: guest + bytes, bytes: first.bytes - bytes };
      queue.advance(all ? undefined : rest);
    } else if (!(await unpackWhatIsThere(pass))) return;
  }
}

function isThere({ end, size }: LookBack, host: number, bytes: number): boolean {
  return size < Infinity || host + bytes <= end;
}

async function readTable({ header, sight, queue }: Pass, host: number, guest: number): Promise<void> {
  const table = await wholeTable(sight, host, header.clusterBytes);
  const found: AwaitedPart[] = [];
  for (const piece of guestPieces(header, table, guest)) {
    if (piece.kind === 'zero') continue;
    if (piece.host < sight.start || queue.size + found.length > MANY_WAITING) throw new OutOfSight();
    found.push(piece);
  }
  queue.add(found);
}

/** The compressed clusters that are next; false where the first of them has not come as a whole. */
async function unpackWhatIsThere({ header, sight, queue, disk, written }: Pass): Promise<boolean> {
  const ready: CompressedPiece[] = [];
  while (ready.length < UNPACKED_AT_ONCE) {
    const { first } = queue;
    if (first?.kind !== 'compressed' || !isThere(sight, first.host, first.hostBytes)) break;
    ready.push(first);
    queue.advance();
  }
  await unpackPieces(ready, header, sight, disk);
  for (const { guest, bytes } of ready) written.mark(guest, bytes);
  return ready.length > 0;
}
