/**
 * A qcow2 image from the network to the disk, never whole in memory. Three ways, the first that will do: in one pass, where its
 * tables come about as early as their data; by way of the disk itself, where the download is kept behind the guest's disk until
 * all of it is there; and, where the disk has no room for that, by a second download of the parts that are wanted.
 */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { Digest } from '../checksums.ts';
import type { ImageDownload } from '../whole-disk/download.ts';
import type { DiskTarget } from '../target-disk.ts';
import { refuseBeyond } from '../tables/partition-table.ts';
import {
  blankEnds,
  headLength,
  MEBIBYTE,
  planWholeDisk,
  refuseOther,
  settle,
  UNBOOTABLE,
  type PlannedImage,
  type WrittenImage,
} from '../whole-disk/whole-disk.ts';
import { createZeroFill } from '../whole-disk/zero-fill.ts';
import { expand, wholeTable } from './expand.ts';
import { guestInMemory, guestOn } from './guest-disk.ts';
import { createLookBack, OutOfSight, type LookBack, type PartReader } from './look-back.ts';
import { readQcow2Header, refuseQcow2, type Qcow2Header } from './qcow2-header.ts';
import { createRangeReader, createSums, type OpenRange } from './range-reader.ts';
import { looksAppended, streamQcow2 } from './stream-qcow2.ts';

/** How far it is looked back. qemu-img convert -c leaves data up to some 4 MB before their table. */
const SIGHT = 8 * MEBIBYTE;
/** The same in clusters: the tables that a writer makes first take six of them. */
const SIGHT_CLUSTERS = 8;

export type Way = 'one pass' | 'by the disk' | 'by parts';

/** This way does not do; the download is to be begun again for the next one. */
export class NextWay extends Error {
  readonly way: Way;

  constructor(way: Way, why: string) {
    super(why);
    this.way = way;
  }
}

export interface Qcow2Job {
  readonly target: DiskTarget;
  readonly configDrive?: Buffer | undefined;
  readonly digest: Digest;
  readonly download: ImageDownload;
  /** The download's first piece, which has been read already. */
  readonly first: Buffer;
  readonly way: Way;
  /** Asks for the file from a byte on, or for a part of it. Throws FileFailure where the server gives no parts. */
  readonly openRange: OpenRange;
  readonly note: (line: string) => void;
  readonly progress: (done: number, total: number | undefined, what?: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes the guest's disk. Throws RAZOR_MK_DEPLOY_IMAGE or RAZOR_MK_DEPLOY_DISK, what the download throws, and NextWay where
 * another way is needed.
 */
export async function writeQcow2(job: Qcow2Job): Promise<WrittenImage> {
  const { target, first, way, note } = job;
  const header = readQcow2Header(first);
  if (header.virtualBytes > target.sizeBytes) {
    throw refuseQcow2(
      `the image is of a disk of ${header.virtualBytes} bytes, and this one has ${target.sizeBytes}; nothing was written`,
    );
  }
  note(`a qcow2 image of a disk of ${header.virtualBytes} bytes`);
  const sight = createLookBack(Math.max(SIGHT, SIGHT_CLUSTERS * header.clusterBytes));
  sight.append(first);
  if (way === 'by parts') return await writeByParts(job, header, sight);
  const beginning = way === 'one pass' ? await readBeginning(job, header, sight) : undefined;
  if (beginning !== undefined && looksAppended(header, beginning.l1, sight.capacity)) {
    return await writeInOnePass(job, header, sight, beginning);
  }
  return await writeByDisk(job, header, sight);
}

interface Beginning {
  readonly l1: Buffer;
  readonly head: Buffer;
}

/** The first table and the first MiB of the guest's disk, or undefined where they do not come soon. */
async function readBeginning(
  { target, download, signal }: Qcow2Job,
  header: Qcow2Header,
  sight: LookBack,
): Promise<Beginning | undefined> {
  for (;;) {
    try {
      const l1 = Buffer.from(await wholeTable(sight, header.l1Offset, header.l1Entries * 8));
      return { l1, head: await readHead(target, header, sight) };
    } catch (error) {
      if (!(error instanceof OutOfSight)) throw error;
    }
    signal?.throwIfAborted();
    if (sight.end + MEBIBYTE > sight.capacity) return undefined;
    const { value, done } = await download.blocks.next();
    if (done === true) sight.finish();
    else sight.append(value);
  }
}

async function readHead(target: DiskTarget, header: Qcow2Header, reader: PartReader): Promise<Buffer> {
  const head = Buffer.alloc(Math.min(headLength(target), header.virtualBytes));
  await expand(header, reader, guestInMemory(head), head.length);
  return head;
}

async function writeInOnePass(
  job: Qcow2Job,
  header: Qcow2Header,
  sight: LookBack,
  { l1, head }: Beginning,
): Promise<WrittenImage> {
  const { target, download, signal } = job;
  const planned = planWholeDisk(head, header.virtualBytes, job);
  await blankEnds(target);
  try {
    await streamQcow2(header, l1, sight, download.blocks, guestOn(target, headLength(target), signal));
  } catch (error) {
    if (!(error instanceof OutOfSight)) throw unbootable(error);
    throw new NextWay('by the disk', 'its tables come long after their data: it is downloaded once more');
  }
  return await finish(job, header, planned, () => refuseOther(download.digest(), job.digest, UNBOOTABLE));
}

/** The download is kept on the disk behind the guest's, taken apart from there, and made zeros again. */
async function writeByDisk(job: Qcow2Job, header: Qcow2Header, sight: LookBack): Promise<WrittenImage> {
  const { target, download, digest, note, signal } = job;
  const base = Math.ceil(header.virtualBytes / MEBIBYTE) * MEBIBYTE;
  const room = Math.max(0, target.sizeBytes - MEBIBYTE - base);
  const tooLittle = `its tables come after their data, and the disk has no more than ${room} bytes to keep it: it is downloaded in parts`;
  if ((download.length ?? 0) > room) throw new NextWay('by parts', tooLittle);
  note('its tables come after their data: it is kept at the end of the disk first');
  await blankEnds(target);
  for await (const block of wholeFile(sight, download)) {
    const at = download.bytes() - block.length;
    if (at + block.length > room) throw new NextWay('by parts', tooLittle);
    await target.write(base + at, block);
  }
  const size = download.bytes();
  let planned: PlannedImage;
  try {
    refuseOther(download.digest(), digest, UNBOOTABLE);
    const kept = keptOn(target, base, size);
    planned = planWholeDisk(await readHead(target, header, kept), header.virtualBytes, job, UNBOOTABLE);
    await unpack(job, header, kept);
  } catch (error) {
    throw unbootable(error);
  } finally {
    await createZeroFill(target, signal)(base, base + size);
  }
  return await finish(job, header, planned, () => undefined);
}

/** A file that lies on the disk from `base` on. Pieces of up to a MiB are read into the same memory. */
function keptOn(target: DiskTarget, base: number, size: number): PartReader {
  const memory = Buffer.allocUnsafeSlow(MEBIBYTE);
  return {
    size,
    read(offset, wanted) {
      const length = Math.min(wanted, size - offset);
      return target.read(base + offset, length, length <= memory.length ? memory : undefined);
    },
  };
}

/** The whole file as it is downloaded, from its first byte on: what was looked at already is in `sight`. */
async function* wholeFile(sight: LookBack, download: ImageDownload): AsyncGenerator<Buffer> {
  yield* [await sight.read(0, sight.end)];
  yield* download.blocks;
}

/** The first download only tells whether it is the right file, and what each MiB of it is. */
async function writeByParts(job: Qcow2Job, header: Qcow2Header, sight: LookBack): Promise<WrittenImage> {
  const { target, download, digest, openRange } = job;
  await openRange(0, 1).catch((error: unknown) => {
    throw new RazorMkError(
      'RAZOR_MK_DEPLOY_IMAGE',
      'qcow2: the tables of the image come after its data, the disk has no room to keep it, and the server gives no parts of it; nothing was written',
      { cause: error, remedy: 'Rewrite the image with qemu-img convert -O qcow2, or use a server that knows Range.' },
    );
  });
  const sums = createSums();
  sums.add(await sight.read(0, sight.end));
  for await (const block of download.blocks) sums.add(block);
  refuseOther(download.digest(), digest, 'nothing was written');
  const reader = createRangeReader(openRange, download.bytes(), sums);
  try {
    const planned = planWholeDisk(await readHead(target, header, reader), header.virtualBytes, job);
    await blankEnds(target);
    await unpack(job, header, reader).catch((error: unknown) => {
      throw unbootable(error);
    });
    return await finish(job, header, planned, () => undefined);
  } finally {
    await reader.close();
  }
}

async function unpack(job: Qcow2Job, header: Qcow2Header, reader: PartReader): Promise<void> {
  const { target, signal, progress } = job;
  const disk = guestOn(target, headLength(target), signal);
  await expand(header, reader, disk, header.virtualBytes, (bytes) => progress(bytes, header.virtualBytes, 'unpacked'));
}

async function finish(
  { target, digest }: Qcow2Job,
  { virtualBytes }: Qcow2Header,
  planned: PlannedImage,
  check: () => void,
): Promise<WrittenImage> {
  await settle(target, planned, () => {
    check();
    refuseBeyond(planned.table, virtualBytes, UNBOOTABLE);
  });
  return { bytes: virtualBytes, digest, table: planned.table };
}

/** What was found wrong when the disk's ends were empty already. */
function unbootable(error: unknown): unknown {
  if (!(error instanceof RazorMkError) || error.code !== 'RAZOR_MK_DEPLOY_IMAGE') return error;
  if (error.message.endsWith(UNBOOTABLE)) return error;
  return new RazorMkError(error.code, `${error.message}; ${UNBOOTABLE}`, { cause: error, remedy: error.remedy });
}
