/** The partition table of an image, fitted to the disk that it is written to. */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { addToGpt, EFI_SYSTEM, fitGpt, gptPatches, parseGpt, type Patch } from './gpt.ts';
import { addToMbr, diskSignature, EFI_TYPE, growProtective, isPartitioned, mbrPartitions, PROTECTIVE } from './mbr.ts';

/** The name by which cloud-init and others know it (their volume label is inside the image itself). */
const CONFIG_DRIVE = 'config-2';
/** As Ironic's own ramdisk makes it. */
const CONFIG_DRIVE_BYTES = 64 * 1024 * 1024;

export interface TablePlan {
  readonly kind: 'gpt' | 'mbr';
  /** GUID or signature, for who boots by it. */
  readonly diskIdentifier: string | undefined;
  /** First byte behind the last partition of the image. */
  readonly endBytes: number;
  /** Number of the EFI system partition. */
  readonly efi: { readonly number: number } | undefined;
  readonly configDrive: { readonly number: number; readonly offset: number } | undefined;
  /** What goes to the disk outside of `head`. */
  readonly patches: readonly Patch[];
}

interface PlaceOnDisk {
  readonly target: { readonly sizeBytes: number; readonly sectorBytes: number };
  readonly configDrive?: Buffer | undefined;
}

/**
 * Changes `head`, the image's first MiB, so that its table is that of this disk: a GPT reaches to the disk's end, and there is a
 * partition for the config drive if one is asked for. Throws RAZOR_MK_DEPLOY_IMAGE for a damaged table, one that does not
 * fit, and a config drive that has no place.
 */
export function planTable(head: Buffer, { target, configDrive }: PlaceOnDisk): TablePlan {
  const { sizeBytes, sectorBytes } = target;
  if (configDrive !== undefined && configDrive.length > CONFIG_DRIVE_BYTES) {
    throw new RazorMkError(
      'RAZOR_MK_DEPLOY_IMAGE',
      `the config drive has ${configDrive.length} bytes; 64 MiB are allowed`,
    );
  }
  const read = parseGpt(head, sectorBytes);
  if (read !== undefined) return planGpt(head, fitGpt(read, sizeBytes), { target, configDrive });
  if (parseGpt(head, sectorBytes === 512 ? 4096 : 512) !== undefined) {
    throw new RazorMkError(
      'RAZOR_MK_DEPLOY_IMAGE',
      `the image's GUID partition table is for other sectors than the disk's ${sectorBytes} bytes`,
    );
  }
  if (isPartitioned(head)) return planMbr(head, { target, configDrive });
  throw new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', 'the image has no partition table: no firmware would boot it', {
    remedy: 'Use the image of a whole disk with a GPT or MBR; one of a single partition is not written here.',
  });
}

/** Whether the first bytes hold a partition table, good or damaged. Never throws. */
export function isTable(head: Buffer, sectorBytes: number): boolean {
  try {
    return isPartitioned(head) || parseGpt(head, sectorBytes) !== undefined;
  } catch {
    return true;
  }
}

/** Throws RAZOR_MK_DEPLOY_IMAGE where a partition goes on behind the image's own last byte: a part of the image is missing. */
export function refuseBeyond({ endBytes }: TablePlan, imageBytes: number, consequence: string): void {
  if (endBytes <= imageBytes) return;
  throw new RazorMkError(
    'RAZOR_MK_DEPLOY_IMAGE',
    `the image's partitions reach to byte ${endBytes}, and it has ${imageBytes}: a part is missing; ${consequence}`,
  );
}

function planMbr(head: Buffer, { target, configDrive }: PlaceOnDisk): TablePlan {
  const { sizeBytes, sectorBytes } = target;
  const partitions = mbrPartitions(head);
  if (partitions.some(({ type }) => type === PROTECTIVE)) {
    throw new RazorMkError(
      'RAZOR_MK_DEPLOY_IMAGE',
      'the image has the protective record of a GUID partition table, and no such table',
    );
  }
  const endBytes = Math.max(...partitions.map(({ first, sectors }) => first + sectors)) * sectorBytes;
  if (endBytes > sizeBytes) {
    throw new RazorMkError(
      'RAZOR_MK_DEPLOY_IMAGE',
      `the image's partitions need a disk of ${mebibytes(endBytes)} MiB, and it has ${mebibytes(sizeBytes)} MiB`,
    );
  }
  const efi = partitions.find(({ type }) => type === EFI_TYPE);
  const place =
    configDrive && addToMbr(head, { bytes: CONFIG_DRIVE_BYTES, diskBytes: sizeBytes, sectorBytes, name: CONFIG_DRIVE });
  return {
    kind: 'mbr',
    diskIdentifier: diskSignature(head),
    endBytes,
    efi: efi && { number: efi.number },
    configDrive: place,
    patches: place && configDrive ? [{ offset: place.offset, data: configDrive }] : [],
  };
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}

function planGpt(head: Buffer, fitted: ReturnType<typeof fitGpt>, { target, configDrive }: PlaceOnDisk): TablePlan {
  let gpt = fitted;
  let place: TablePlan['configDrive'];
  if (configDrive !== undefined) {
    const own = gpt.partitions.find(
      ({ name, firstSector, lastSector }) =>
        name === CONFIG_DRIVE && (lastSector - firstSector + 1) * gpt.sectorBytes >= configDrive.length,
    );
    const added = own === undefined ? addToGpt(gpt, { bytes: CONFIG_DRIVE_BYTES, name: CONFIG_DRIVE }) : undefined;
    gpt = added?.gpt ?? gpt;
    const partition = own ?? added?.partition;
    if (partition) place = { number: partition.number, offset: partition.firstSector * gpt.sectorBytes };
  }
  growProtective(head, Math.floor(target.sizeBytes / gpt.sectorBytes));
  const { front, back } = gptPatches(gpt);
  for (const { offset, data } of front) data.copy(head, offset);
  const efi = gpt.partitions.find(({ type }) => type === EFI_SYSTEM);
  return {
    kind: 'gpt',
    diskIdentifier: gpt.diskGuid,
    endBytes: fitted.partitions.reduce((last, each) => Math.max(last, each.lastSector + 1), 0) * gpt.sectorBytes,
    efi: efi && { number: efi.number },
    configDrive: place,
    patches: place && configDrive ? [...back, { offset: place.offset, data: configDrive }] : back,
  };
}
