/** qcow2 images, made here byte by byte after qemu's docs/interop/qcow2.rst, apart from the code under test. */
import { deflateRawSync, zstdCompressSync } from 'node:zlib';

/** What one cluster of the guest's disk is. `kept`: zeros, whose entry still names a cluster with old data. */
export type MadeCluster =
  | { readonly kind: 'none' | 'zero' | 'kept' }
  | { readonly kind: 'data' | 'packed'; readonly data: Buffer }
  /** Two bits for each of 32 subclusters. */
  | { readonly kind: 'parts'; readonly data: Buffer; readonly allocated: number; readonly zeros: number };

/** A part of the file: the first table, the second one with this number, or the data of the guest's cluster with this number. */
export interface MadePart {
  readonly what: 'l1' | 'l2' | 'data';
  readonly index: number;
}

export interface MadeQcow2Options {
  readonly version?: 2 | 3;
  readonly clusterBits?: number;
  readonly extended?: boolean;
  readonly compression?: 'zlib' | 'zstd';
  readonly virtualBytes: number;
  /** From the first cluster on; the rest is not allocated. */
  readonly clusters: readonly MadeCluster[];
  /** Puts the parts into another order than that of a writer that appends: first table, and each second one before its data. */
  readonly arrange?: (parts: readonly MadePart[]) => readonly MadePart[];
  /** Clusters that belong to nothing, behind the header. */
  readonly unused?: number;
  /** Bytes of the last part that are cut off. */
  readonly cut?: number;
}

const STALE = 0xab;

interface Placed {
  readonly at: number;
  readonly data: Buffer;
}

/** The image, and the guest's disk as it must come out. */
export function makeQcow2(options: MadeQcow2Options): { readonly image: Buffer; readonly content: Buffer } {
  const { clusterBits = 16, extended = false, clusters, virtualBytes, unused = 1, cut = 0 } = options;
  const clusterBytes = 2 ** clusterBits;
  const entryBytes = extended ? 16 : 8;
  const perTable = clusterBytes / entryBytes;
  const entries = Math.ceil(virtualBytes / clusterBytes / perTable);
  const usedTables = Math.ceil(clusters.length / perTable);
  const l1 = Buffer.alloc(entries * 8);
  const l2 = Array.from({ length: usedTables }, () => Buffer.alloc(clusterBytes));
  const placed: Placed[] = [{ at: unused * clusterBytes, data: Buffer.alloc(clusterBytes, STALE) }];
  /** Behind what is there; on a cluster of its own, or wherever that ends. */
  const put = (data: Buffer, onCluster: boolean): number => {
    const last = placed.at(-1) as Placed;
    const end = last.at + last.data.length;
    const at = onCluster ? Math.ceil(end / clusterBytes) * clusterBytes : end;
    placed.push({ at, data });
    return at;
  };
  const { arrange = (same: readonly MadePart[]) => same } = options;
  for (const { what, index } of arrange(inOrder(clusters, perTable, usedTables))) {
    if (what === 'l1') put(l1, true);
    else if (what === 'l2') l1.writeBigUInt64BE(BigInt(put(l2[index] as Buffer, true)), index * 8);
    else {
      const table = l2[Math.floor(index / perTable)] as Buffer;
      writePlace(table, (index % perTable) * entryBytes, clusters[index] as MadeCluster, { ...options, put });
    }
  }
  clusters.forEach((cluster, index) => {
    const table = l2[Math.floor(index / perTable)] as Buffer;
    writeMarks(table, (index % perTable) * entryBytes, cluster, extended);
  });
  const last = placed.at(-1) as Placed;
  const image = Buffer.alloc(last.at + last.data.length);
  headerOf(options, entries, placed.find(({ data }) => data === l1)?.at ?? 0).copy(image);
  for (const { at, data } of placed) data.copy(image, at);
  return { image: image.subarray(0, image.length - cut), content: contentOf(clusters, virtualBytes, clusterBytes) };
}

/** Puts a cluster's data into the file, and its place there into its entry. */
function writePlace(
  table: Buffer,
  at: number,
  cluster: MadeCluster,
  {
    put,
    compression,
    clusterBits = 16,
  }: MadeQcow2Options & { readonly put: (data: Buffer, onCluster: boolean) => number },
): void {
  if (cluster.kind !== 'packed') {
    const data = 'data' in cluster ? cluster.data : Buffer.alloc(2 ** clusterBits, STALE);
    table.writeBigUInt64BE(BigInt(put(data, true)) | (1n << 63n), at);
    return;
  }
  const packed = compression === 'zstd' ? zstdCompressSync(cluster.data) : deflateRawSync(cluster.data);
  const host = put(packed, false);
  const sectors = Math.floor((host + packed.length - 1) / 512) - Math.floor(host / 512);
  table.writeBigUInt64BE((1n << 62n) | (BigInt(sectors) << BigInt(70 - clusterBits)) | BigInt(host), at);
}

/** What an entry says beside the place. */
function writeMarks(table: Buffer, at: number, cluster: MadeCluster, extended: boolean): void {
  const isZero = cluster.kind === 'zero' || cluster.kind === 'kept';
  if (!extended) {
    if (isZero) table[at + 7] = (table[at + 7] ?? 0) | 1;
    return;
  }
  const parts = cluster.kind === 'parts' ? cluster : undefined;
  table.writeUInt32BE(parts?.zeros ?? (isZero ? 0xffffffff : 0), at + 8);
  table.writeUInt32BE(parts?.allocated ?? (cluster.kind === 'data' ? 0xffffffff : 0), at + 12);
}

function inOrder(clusters: readonly MadeCluster[], perTable: number, tables: number): MadePart[] {
  const parts: MadePart[] = [{ what: 'l1', index: 0 }];
  for (let table = 0; table < tables; table++) {
    parts.push({ what: 'l2', index: table });
    for (let index = table * perTable; index < Math.min(clusters.length, (table + 1) * perTable); index++) {
      if (!['none', 'zero'].includes(clusters[index]?.kind ?? '')) parts.push({ what: 'data', index });
    }
  }
  return parts;
}

function headerOf(options: MadeQcow2Options, entries: number, l1: number): Buffer {
  const { version = 3, clusterBits = 16, virtualBytes, extended = false, compression = 'zlib' } = options;
  const header = Buffer.alloc(112);
  header.write('QFI\xfb', 'latin1');
  header.writeUInt32BE(version, 4);
  header.writeUInt32BE(clusterBits, 20);
  header.writeBigUInt64BE(BigInt(virtualBytes), 24);
  header.writeUInt32BE(entries, 36);
  header.writeBigUInt64BE(BigInt(l1), 40);
  header.writeBigUInt64BE(2n ** BigInt(clusterBits), 48); // reference counts: nobody looks
  if (version === 2) return header.subarray(0, 72);
  header.writeBigUInt64BE((extended ? 16n : 0n) | (compression === 'zstd' ? 8n : 0n), 72);
  header.writeUInt32BE(4, 96);
  header.writeUInt32BE(112, 100);
  header[104] = compression === 'zstd' ? 1 : 0;
  return header;
}

function contentOf(clusters: readonly MadeCluster[], virtualBytes: number, clusterBytes: number): Buffer {
  const content = Buffer.alloc(Math.max(virtualBytes, clusters.length * clusterBytes));
  clusters.forEach((cluster, index) => {
    if (!('data' in cluster)) return;
    if (cluster.kind !== 'parts') cluster.data.copy(content, index * clusterBytes);
    else {
      const size = clusterBytes / 32;
      for (let part = 0; part < 32; part++) {
        if (((cluster.allocated >>> part) & 1) === 0) continue;
        cluster.data.copy(content, index * clusterBytes + part * size, part * size, (part + 1) * size);
      }
    }
  });
  return content.subarray(0, virtualBytes);
}

/** The clusters of a disk's content: all data, or packed where `packed` says so, and `none` where they are zeros. */
export function clustersOf(content: Buffer, clusterBits: number, packed: (index: number) => boolean): MadeCluster[] {
  const size = 2 ** clusterBits;
  return Array.from({ length: Math.ceil(content.length / size) }, (_, index): MadeCluster => {
    const data = Buffer.alloc(size);
    content.copy(data, 0, index * size, (index + 1) * size);
    if (data.every((byte) => byte === 0)) return { kind: 'none' };
    return { kind: packed(index) ? 'packed' : 'data', data };
  });
}
