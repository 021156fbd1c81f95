/** Master boot records: the disk's signature, the protective entry of a GPT, and a further primary partition. */
import { RazorMkError } from '../../../platform/errors/errors.ts';

const ENTRIES = 446;
const ENTRY = 16;
const LAST = 0xffffffff;

/** Types of partitions: an EFI system partition (UEFI 5.2.2), and the entry that protects a GPT. */
export const EFI_TYPE = 0xef;
export const PROTECTIVE = 0xee;

function hasMbr(head: Buffer): boolean {
  return head.length >= 512 && head.readUInt16LE(510) === 0xaa55;
}

/** `0xdeadbeef`, or undefined where there is none: what the kernel calls PARTUUID's first part. */
export function diskSignature(head: Buffer): string | undefined {
  const value = hasMbr(head) ? head.readUInt32LE(440) : 0;
  return value === 0 ? undefined : `0x${value.toString(16).padStart(8, '0')}`;
}

interface MbrEntry {
  readonly index: number;
  readonly type: number;
  readonly first: number;
  readonly sectors: number;
}

/** The primary partitions, the extended one among them; `first` and `sectors` in sectors of the disk. */
export function mbrPartitions(
  head: Buffer,
): readonly { readonly number: number; readonly type: number; readonly first: number; readonly sectors: number }[] {
  return entriesOf(head)
    .filter(({ type, sectors }) => type !== 0 && sectors > 0)
    .map(({ index, type, first, sectors }) => ({ number: index + 1, type, first, sectors }));
}

function entriesOf(head: Buffer): MbrEntry[] {
  return [0, 1, 2, 3].map((index) => {
    const at = ENTRIES + index * ENTRY;
    return { index, type: head[at + 4] ?? 0, first: head.readUInt32LE(at + 8), sectors: head.readUInt32LE(at + 12) };
  });
}

/** Makes the protective entry (type EE) of a GPT as long as the disk. Changes `head`. */
export function growProtective(head: Buffer, diskSectors: number): void {
  if (!hasMbr(head)) return;
  for (const entry of entriesOf(head).filter(({ type, first }) => type === PROTECTIVE && first === 1)) {
    head.writeUInt32LE(Math.min(diskSectors - 1, LAST), ENTRIES + entry.index * ENTRY + 12);
  }
}

/** A record with at least one partition whose numbers can be true; random bytes may end in 55 AA too. */
export function isPartitioned(head: Buffer): boolean {
  if (!hasMbr(head)) return false;
  const entries = entriesOf(head);
  const states = entries.every(({ index }) => [0, 0x80].includes(head[ENTRIES + index * ENTRY] ?? 1));
  return states && entries.some(({ type, sectors }) => type !== 0 && sectors > 0);
}

/**
 * Adds a Linux partition of `bytes` at the end of the disk, on a whole MiB, and gives its offset and number. Changes `head`.
 * Throws RAZOR_MK_DEPLOY_IMAGE where there is no entry or no room that an MBR can name.
 */
export function addToMbr(
  head: Buffer,
  wish: { readonly bytes: number; readonly diskBytes: number; readonly sectorBytes: number; readonly name: string },
): { readonly offset: number; readonly number: number } {
  const grain = (1024 * 1024) / wish.sectorBytes;
  const sectors = Math.ceil(wish.bytes / (1024 * 1024)) * grain;
  const reach = Math.min(Math.floor(wish.diskBytes / wish.sectorBytes), LAST);
  const first = Math.floor((reach - sectors) / grain) * grain;
  const entries = entriesOf(head);
  const end = Math.max(...entries.map((entry) => (entry.type === 0 ? 0 : entry.first + entry.sectors)));
  const free = entries.find(({ type }) => type === 0);
  if (free === undefined || first < end) {
    const why = free === undefined ? 'all four entries are used' : 'there is no room behind the image';
    throw new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', `no partition ${wish.name} of ${wish.bytes} bytes: ${why}`);
  }
  const at = ENTRIES + free.index * ENTRY;
  head.fill(0, at, at + ENTRY);
  head.set([0xfe, 0xff, 0xff], at + 1); // beyond what cylinders and heads can say
  head[at + 4] = 0x83;
  head.set([0xfe, 0xff, 0xff], at + 5);
  head.writeUInt32LE(first, at + 8);
  head.writeUInt32LE(sectors, at + 12);
  return { offset: first * wish.sectorBytes, number: free.index + 1 };
}
