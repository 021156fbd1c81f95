/** What lshw prints of a partition table: its kind and id, from the first sectors of the disk. */
import type { Sources } from '../sources/sources.ts';

interface PartitionTable {
  readonly kind: 'dos' | 'gpt';
  /** The disk's signature, eight hex digits; or its GUID. */
  readonly id: string;
  /** `gpt-1.00`: the version of the GPT. */
  readonly capability: string | undefined;
}

/** Undefined where the disk has no table that could be read. Reads the first 4 KiB of the device. */
export function readPartitionTable(sources: Sources, name: string): PartitionTable | undefined {
  // a disk without partitions known to the kernel is not read: it might have to spin up
  if (!sources.list(`/sys/class/block/${name}`).some((entry) => entry.startsWith(name))) return undefined;
  const start = sources.bytes(`/dev/${name}`, 8192);
  if (start === undefined || start.length < 1024) return undefined;
  const sector = sources.int(`/sys/class/block/${name}/queue/logical_block_size`) ?? 512;
  return readGpt(start.subarray(sector)) ?? readDos(start);
}

/** UEFI 2.10, 5.3.2: the header in the second sector. */
function readGpt(header: Buffer): PartitionTable | undefined {
  if (header.length < 92 || header.toString('latin1', 0, 8) !== 'EFI PART') return undefined;
  const hex = (offset: number, count: number, little: boolean): string => {
    const part = Buffer.from(header.subarray(offset, offset + count));
    return (little ? part.reverse() : part).toString('hex');
  };
  const version = `${header.readUInt16LE(10)}.${String(header.readUInt16LE(8)).padStart(2, '0')}`;
  const id = [hex(56, 4, true), hex(60, 2, true), hex(62, 2, true), hex(64, 2, false), hex(66, 6, false)].join('-');
  return { kind: 'gpt', id, capability: `gpt-${version}` };
}

function readDos(start: Buffer): PartitionTable | undefined {
  if (start.readUInt16LE(510) !== 0xaa55) return undefined;
  return { kind: 'dos', id: start.readUInt32LE(440).toString(16).padStart(8, '0'), capability: undefined };
}
