/** Where a program is, by its full path: a name alone may be an applet of busybox with fewer options, whatever PATH says. */
import { accessSync, constants, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DEFAULT_PATH } from './run.ts';

/** The first executable of that name in `directories` that is a program of its own; undefined where there is none. */
export function findProgram(
  name: string,
  directories: readonly string[] = DEFAULT_PATH.split(':'),
): string | undefined {
  return directories
    .map((directory) => join(directory, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        // busybox runs a wrong applet rather than none, and its shell prefers its own
        return !basename(realpathSync(path)).startsWith('busybox');
      } catch {
        return false;
      }
    });
}
