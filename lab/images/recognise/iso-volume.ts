/** The head of an ISO file: whether it is one, its name, and whether all of it is there (ECMA-119, 8.4). */
import { open, stat } from 'node:fs/promises';
import { RazorMkError } from '../../../platform/errors/errors.ts';

/** The primary volume descriptor's sector. */
const DESCRIPTOR_AT = 16 * 2048;

/**
 * The name of the volume; empty where the file has no primary volume descriptor (xorriso then says what it is). Throws
 * RAZOR_MK_IMAGE_UNFIT for a disk image, and for an ISO that ends before its volume does, as a broken download.
 */
export async function readIsoVolume(path: string): Promise<string> {
  const handle = await open(path, 'r');
  try {
    const start = (await handle.read(Buffer.alloc(8), 0, 8, 0)).buffer;
    if (start.toString('latin1', 0, 4) === 'QFI\u00fb') throw diskImage(path);
    const { buffer: head, bytesRead } = await handle.read(Buffer.alloc(2048), 0, 2048, DESCRIPTOR_AT);
    if (bytesRead < 2048 || head[0] !== 1 || head.toString('latin1', 1, 6) !== 'CD001') return '';
    const wanted = head.readUInt32LE(80) * head.readUInt16LE(128);
    const { size } = await stat(path);
    if (size < wanted) throw cutShort(path, size, wanted);
    return head
      .toString('latin1', 40, 72)
      .replaceAll(/[^\x20-\x7e]/g, '')
      .trim();
  } finally {
    await handle.close();
  }
}

function cutShort(path: string, size: number, wanted: number): RazorMkError {
  const what = `${path} is cut short: it has ${size} of ${wanted} bytes`;
  return new RazorMkError('RAZOR_MK_IMAGE_UNFIT', what, {
    remedy: 'Fetch it again, and compare its checksum with the one that its maker publishes.',
  });
}

function diskImage(path: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_IMAGE_UNFIT', `${path} is a qcow2 disk image, not an ISO or a tree of files`, {
    remedy: 'Put it into a directory of its own, and add that with --type os --name NAME --image-version VERSION.',
  });
}
