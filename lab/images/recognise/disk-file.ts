/** A file that is the image of a whole disk: raw with a partition table, or qcow2 (qemu docs/interop/qcow2.rst). */
import { open } from 'node:fs/promises';
import type { DiskImage } from '../../store/records.ts';
import type { Unfit } from './recognition.ts';

/** What a file is; undefined for one that is no image of a disk, as an ISO. */
export type DiskFile = Pick<DiskImage, 'format' | 'bytes' | 'size'> | { readonly what: string; readonly unfit: Unfit };

const HEAD = 34 * 1024;
const ISO_AT = 32_769;

/** Containers that the microkernel does not write, by their first bytes, and how one gets the image out. */
const OTHERS: readonly (readonly [bytes: string, what: string, remedy: string])[] = [
  ['\x1f\x8b\x08', 'compressed by gzip', 'Unpack it with gunzip.'],
  ['\xfd7zXZ\0', 'compressed by xz', 'Unpack it with unxz.'],
  ['\x28\xb5\x2f\xfd', 'compressed by zstd', 'Unpack it with unzstd.'],
  ['BZh', 'compressed by bzip2', 'Unpack it with bunzip2.'],
  ['KDMV', 'a VMDK image', convert('vmdk')],
  ['vhdxfile', 'a VHDX image', convert('vhdx')],
  ['conectix', 'a VHD image', convert('vpc')],
];

function convert(format: string): string {
  return `Convert it: qemu-img convert -f ${format} -O qcow2 FILE image.qcow2.`;
}

/** Looks at the first bytes of a file. `asked`: a file that could be an ISO too is an image of a disk. */
export async function readDiskFile(path: string, asked = false): Promise<DiskFile | undefined> {
  const handle = await open(path, 'r');
  try {
    const { size: bytes } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    const head = buffer.subarray(0, bytesRead);
    if (head.toString('latin1', 0, 4) === 'QFI\xfb') return readQcow2(head, bytes);
    const other = OTHERS.find(([magic]) => head.toString('latin1', 0, magic.length) === magic);
    if (other !== undefined) {
      const [, what, remedy] = other;
      return { what, unfit: { why: 'the microkernel does not write that', remedy } };
    }
    const isIso = head.toString('latin1', ISO_AT, ISO_AT + 5) === 'CD001';
    const hasTable = head.length >= 512 && head.readUInt16BE(510) === 0x55aa;
    if (hasTable && (asked || !isIso)) return { format: 'raw', bytes, size: bytes };
    if (!asked || isIso) return undefined;
    const why = 'it has no partition table, so that no firmware would boot it';
    return { what: 'no image of a disk', unfit: { why, remedy: 'Use the image of a whole disk, raw or qcow2.' } };
  } finally {
    await handle.close();
  }
}

function readQcow2(head: Buffer, bytes: number): DiskFile {
  const unfit = (why: string, remedy: string): DiskFile => ({ what: 'a qcow2 image', unfit: { why, remedy } });
  if (head.length < 72) return unfit('it is cut off', 'Fetch it again.');
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3) return unfit(`its version is ${version}`, convert('qcow2'));
  if (head.readBigUInt64BE(8) !== 0n) return unfit('it needs another file, its backing file', convert('qcow2'));
  if (head.readUInt32BE(32) !== 0) return unfit('it is encrypted', 'Use an image that is not.');
  return { format: 'qcow2', bytes, size: Number(head.readBigUInt64BE(24)) };
}
