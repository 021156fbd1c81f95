/**
 * Standard output and error of a process that is no terminal: written at once, as Node writes to files and pipes anyway, but
 * without the streams that Node would load for it (5 ms of a start).
 */
import { writeSync } from 'node:fs';
import { errnoOf } from '../errors/errors.ts';

/** A stream of the process, for what cannot be written at once. */
interface Fallback {
  write(bytes: Uint8Array): unknown;
}

/**
 * Writes texts to a file descriptor. Whoever made a pipe may have made it non-blocking: what it does not take at once, and all that
 * comes after, goes through the stream, which waits. `failed` is called with the code of any other error: EPIPE, ENOSPC.
 */
export function writerOf(
  fd: 1 | 2,
  stream: () => Fallback,
  failed: (code: string | undefined) => void,
): (text: string) => void {
  let waiting: Fallback | undefined;
  return (text) => {
    let bytes: Uint8Array = Buffer.from(text);
    while (waiting === undefined && bytes.length > 0) {
      try {
        bytes = bytes.subarray(writeSync(fd, bytes));
      } catch (error) {
        const code = errnoOf(error);
        if (code !== 'EAGAIN') return failed(code);
        waiting = stream();
      }
    }
    if (bytes.length > 0) waiting?.write(bytes);
  };
}
