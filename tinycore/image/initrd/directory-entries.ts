/** Directories of the disk as entries: the overlay, the base's own files, an unpacked extension. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { directoryEntry, fileEntry, symlinkEntry, type Entry } from './entry.ts';

/**
 * The tree below `directory` as entries of root with modes 0755 and 0644 (executable or not), so that the umask and the
 * owner of a clone do not show in the image. Links are kept; devices and sockets are left out.
 */
export function entriesOfDirectory(directory: string, prefix = ''): Entry[] {
  const entries: Entry[] = [];
  for (const name of readdirSync(directory).sort()) {
    const path = prefix === '' ? name : `${prefix}/${name}`;
    const full = join(directory, name);
    const stat = lstatSync(full);
    if (stat.isSymbolicLink()) entries.push(symlinkEntry(path, readlinkSync(full)));
    else if (stat.isDirectory()) entries.push(directoryEntry(path), ...entriesOfDirectory(full, path));
    else if (stat.isFile())
      entries.push(fileEntry(path, readFileSync(full), (stat.mode & 0o111) === 0 ? 0o644 : 0o755));
  }
  return entries;
}
