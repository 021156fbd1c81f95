/** A raw image: each byte lies on the disk where it lies in the file. */
import type { Digest } from '../checksums.ts';
import type { ImageDownload } from './download.ts';
import { refuseBeyond } from '../tables/partition-table.ts';
import type { DiskTarget } from '../target-disk.ts';
import {
  blankEnds,
  planWholeDisk,
  refuseImage,
  refuseOther,
  settle,
  UNBOOTABLE,
  type WrittenImage,
} from './whole-disk.ts';

interface RawJob {
  readonly target: DiskTarget;
  readonly configDrive?: Buffer | undefined;
  readonly digest: Digest;
  readonly download: ImageDownload;
  /** The download's first piece, which has been read already. */
  readonly first: Buffer;
}

/** Writes it. Throws RAZOR_MK_DEPLOY_IMAGE or RAZOR_MK_DEPLOY_DISK, and what the download throws. */
export async function writeRaw(job: RawJob): Promise<WrittenImage> {
  const { target, digest, download, first } = job;
  if (download.length !== undefined && download.length > target.sizeBytes) {
    throw refuseImage(`the image has ${download.length} bytes, and the disk ${target.sizeBytes}; nothing was written`);
  }
  const planned = planWholeDisk(first, download.length, job);
  await blankEnds(target);
  let bytes = first.length;
  for await (const block of download.blocks) {
    await target.write(bytes, block);
    bytes += block.length;
  }
  await settle(target, planned, () => {
    refuseOther(download.digest(), digest, UNBOOTABLE);
    refuseBeyond(planned.table, bytes, UNBOOTABLE);
  });
  return { bytes, digest, table: planned.table };
}
