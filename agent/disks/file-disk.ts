/** A regular file in place of a disk, for trying it out. */
import { statSync } from 'node:fs';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import type { Disk } from './disks.ts';

/** Throws RAZOR_MK_FILE_UNREADABLE when it is not there. */
export function fileAsDisk(path: string): Disk {
  try {
    const stat = statSync(path);
    const refused = stat.isFile() ? (stat.size === 0 ? 'its size is 0' : undefined) : 'it is not a regular file';
    const blank = {
      model: '',
      vendor: '',
      serial: '',
      wwn: '',
      wwnWithExtension: '',
      wwnVendorExtension: '',
      hctl: '',
      byPath: '',
    };
    return { name: 'file', path, sizeBytes: stat.size, rotational: false, refused, ...blank };
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot use ${path} as a disk: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
