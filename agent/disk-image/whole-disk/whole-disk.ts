/**
 * What is done to a disk whatever form its image comes in: both ends are made empty first, and the image's first MiB, with the
 * table fitted to this disk, is written last. Whatever happens between, the disk boots neither half an image nor what it had.
 */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { Digest } from '../checksums.ts';
import { foreignKind, remedyOfKind } from '../image-kind.ts';
import { isTable, planTable, refuseBeyond, type TablePlan } from '../tables/partition-table.ts';
import type { DiskTarget } from '../target-disk.ts';

export const MEBIBYTE = 1024 * 1024;
/** What is true of the disk after a failure, for its message. */
export const UNBOOTABLE = 'the disk was made unbootable';

export interface WrittenImage {
  /** Of the disk that the image is of. */
  readonly bytes: number;
  readonly digest: Digest;
  readonly table: TablePlan;
}

/** An image whose beginning was found good, and the beginning as it belongs on this disk. */
export interface PlannedImage {
  readonly head: Buffer;
  readonly table: TablePlan;
}

interface Place {
  readonly target: DiskTarget;
  readonly configDrive?: Buffer | undefined;
}

/** A refusal of the image: RAZOR_MK_DEPLOY_IMAGE. */
export function refuseImage(why: string, remedy?: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', why, remedy === undefined ? {} : { remedy });
}

/** Bytes of a disk that are written last. */
export function headLength(target: DiskTarget): number {
  return Math.min(MEBIBYTE, target.sizeBytes);
}

/**
 * What the first bytes of the disk's content say: a container, a page of a portal, no partition table or one that does not fit
 * are refused whatever the server called the image. Throws RAZOR_MK_DEPLOY_IMAGE that ends in `consequence`.
 */
export function planWholeDisk(
  start: Buffer,
  imageBytes: number | undefined,
  { target, configDrive }: Place,
  consequence = 'nothing was written',
): PlannedImage {
  const kind = foreignKind(start, isTable(start, target.sectorBytes));
  if (kind !== undefined) {
    throw refuseImage(`the image is ${kind}, not the raw image of a disk; ${consequence}`, remedyOfKind(kind));
  }
  const head = Buffer.alloc(headLength(target));
  start.copy(head);
  const table = planTable(head, { target, configDrive });
  if (imageBytes !== undefined) refuseBeyond(table, imageBytes, consequence);
  return { head, table };
}

/** Zeros where firmware and kernel look for something to boot: the first MiB, and the last, where a GPT has its copy. */
export async function blankEnds(target: DiskTarget): Promise<void> {
  const zeros = Buffer.alloc(headLength(target));
  await target.write(0, zeros);
  await target.write(target.sizeBytes - zeros.length, zeros);
}

/** Refuses a download that has another digest than it should: `found` is what it has. */
export function refuseOther(found: string, { algorithm, hex }: Digest, consequence: string): void {
  if (found === hex) return;
  throw refuseImage(
    `the image is not the one that was meant: its ${algorithm} is ${found}, not ${hex}; ${consequence}`,
  );
}

/**
 * The end of it: `check` throws where the image is not right, and the disk then boots nothing; else the table's other parts are
 * written and last the beginning, and it is read again as it lies there.
 */
export async function settle(target: DiskTarget, { head, table }: PlannedImage, check: () => void): Promise<void> {
  try {
    check();
  } catch (error) {
    await blankEnds(target);
    await target.sync();
    throw error;
  }
  const patches = [...table.patches, { offset: 0, data: head }];
  for (const { offset, data } of patches) {
    if (offset === 0) await target.sync();
    await target.write(offset, data);
  }
  await target.sync();
  for (const { offset, data } of patches) {
    if ((await target.read(offset, data.length)).equals(data)) continue;
    throw new RazorMkError('RAZOR_MK_DEPLOY_DISK', `the disk does not hold at byte ${offset} what was written there`);
  }
}
