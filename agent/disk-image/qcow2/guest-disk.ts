/** Where the guest's bytes of a qcow2 image go, and how its pieces get there. */
import { tellDropped } from '../../../platform/process/dropped-memory.ts';
import { createZeroFill } from '../whole-disk/zero-fill.ts';
import type { DiskTarget } from '../target-disk.ts';
import type { PartReader } from './look-back.ts';
import { damagedQcow2, type Qcow2Header } from './qcow2-header.ts';
import type { CompressedPiece, DataPiece } from './qcow2-tables.ts';
import { unpackCluster } from './unpack-cluster.ts';

export interface GuestDisk {
  write(guest: number, data: Buffer): Promise<void>;
  /** Makes so many bytes zeros. */
  zero(guest: number, bytes: number): Promise<void>;
}

const PART = 1024 * 1024;
/** As many as are unpacked at a time; there are four threads for it. */
export const UNPACKED_AT_ONCE = 4;

/** The disk behind its first `head` bytes, which are written last and by somebody else. */
export function guestOn(target: DiskTarget, head: number, signal?: AbortSignal): GuestDisk {
  const zeroFill = createZeroFill(target, signal);
  return {
    async write(guest, data) {
      const skip = Math.max(0, head - guest);
      if (skip < data.length) await target.write(guest + skip, data.subarray(skip));
    },
    async zero(guest, bytes) {
      await zeroFill(Math.max(guest, head), guest + bytes);
    },
  };
}

/** A buffer that takes the place of the first bytes of the disk. */
export function guestInMemory(head: Buffer): GuestDisk {
  return {
    write(guest, data) {
      if (guest < head.length) data.copy(head, guest);
      return Promise.resolve();
    },
    zero(guest, bytes) {
      if (guest < head.length) head.fill(0, guest, Math.min(head.length, guest + bytes));
      return Promise.resolve();
    },
  };
}

/** Copies bytes that lie in the file as they are. A file may end within its last cluster; the rest of that reads as zeros. */
export async function copyData(
  { host, guest, bytes }: DataPiece,
  header: Qcow2Header,
  reader: PartReader,
  disk: GuestDisk,
): Promise<void> {
  const lastByte = host + bytes - 1;
  refuseBehindEnd(lastByte - (lastByte % header.clusterBytes), reader.size);
  for (let done = 0; done < bytes;) {
    const length = Math.min(PART, bytes - done);
    const data = await reader.read(host + done, length);
    if (data.length > 0) await disk.write(guest + done, data);
    if (data.length < length) await disk.zero(guest + done + data.length, length - data.length);
    done += length;
  }
}

function refuseBehindEnd(cluster: number, size: number): void {
  if (cluster >= size) throw damagedQcow2(`it ends at byte ${size}, and a cluster lies at ${cluster}`);
}

/** Unpacks compressed clusters, a few at a time, and writes neighbours in one go. */
export async function unpackPieces(
  pieces: readonly CompressedPiece[],
  header: Qcow2Header,
  reader: PartReader,
  disk: GuestDisk,
): Promise<void> {
  for (let first = 0; first < pieces.length; first += UNPACKED_AT_ONCE) {
    const some = pieces.slice(first, first + UNPACKED_AT_ONCE);
    const packed: Buffer[] = [];
    for (const { host, hostBytes } of some) {
      refuseBehindEnd(host, reader.size);
      const bytes = await reader.read(host, Math.min(hostBytes, reader.size - host));
      packed.push(Buffer.from(bytes));
    }
    const clusters = await Promise.all(packed.map((bytes) => unpackCluster(bytes, header)));
    for (let at = 0; at < some.length;) {
      let to = at + 1;
      while (to < some.length && some[to]?.guest === (some[to - 1]?.guest ?? 0) + header.clusterBytes) to++;
      const { guest } = some[at] as CompressedPiece;
      const end = some[to - 1] as CompressedPiece;
      const data = to - at === 1 ? (clusters[at] as Buffer) : Buffer.concat(clusters.slice(at, to));
      await disk.write(guest, data.subarray(0, end.guest + end.bytes - guest));
      at = to;
    }
    tellDropped(2 * clusters.length * header.clusterBytes);
  }
}
