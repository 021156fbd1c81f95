/** The partition table of an image, fitted to the disk that it is written to. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import { addToGpt, EFI_SYSTEM, fitGpt, gptPatches, parseGpt, type Patch } from './gpt.ts';
import { addToMbr, diskSignature, growProtective, isPartitioned } from './mbr.ts';

/** The name by which cloud-init and others know it (their volume label is inside the image itself). */
const CONFIG_DRIVE = 'config-2';
/** As Ironic's own ramdisk makes it. */
const CONFIG_DRIVE_BYTES = 64 * 1024 * 1024;

export interface TablePlan {
  readonly kind: 'gpt' | 'mbr' | 'none';
  /** GUID or signature, for who boots by it. */
  readonly diskIdentifier: string | undefined;
  /** Number and unique GUID of the EFI system partition. */
  readonly efi: { readonly number: number; readonly guid: string } | undefined;
  readonly configDrive: { readonly number: number; readonly offset: number } | undefined;
  /** What goes to the disk outside of `head`. */
  readonly patches: readonly Patch[];
}

export interface PlaceOnDisk {
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
  if (isPartitioned(head)) {
    const identifier = diskSignature(head);
    if (configDrive === undefined) {
      return { kind: 'mbr', diskIdentifier: identifier, efi: undefined, configDrive: undefined, patches: [] };
    }
    const wish = { bytes: CONFIG_DRIVE_BYTES, diskBytes: sizeBytes, sectorBytes, name: CONFIG_DRIVE };
    const place = addToMbr(head, wish);
    const patches = [{ offset: place.offset, data: configDrive }];
    return { kind: 'mbr', diskIdentifier: identifier, efi: undefined, configDrive: place, patches };
  }
  if (configDrive !== undefined) {
    throw new RazorMkError(
      'RAZOR_MK_DEPLOY_IMAGE',
      'there is no partition table in the image, so there is no place for a config drive',
      { remedy: 'Deploy it without configdrive, or use an image with a GPT or MBR.' },
    );
  }
  return { kind: 'none', diskIdentifier: undefined, efi: undefined, configDrive: undefined, patches: [] };
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
    efi: efi && { number: efi.number, guid: efi.guid },
    configDrive: place,
    patches: place && configDrive ? [...back, { offset: place.offset, data: configDrive }] : back,
  };
}
