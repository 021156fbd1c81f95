/** The kernel log (Documentation/ABI/testing/dev-kmsg), oldest line first; empty where it may not be read. */
import { closeSync, constants, openSync, readSync } from 'node:fs';

const MOST_LINES = 5000;

/** Lines without their prefix `priority,sequence,timestamp,flags;`. */
export function readKernelLog(path = '/dev/kmsg'): string[] {
  const lines: string[] = [];
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const record = Buffer.alloc(8192); // one read gives one record
    while (lines.length < MOST_LINES) {
      const length = readSync(fd, record, 0, record.length, null);
      if (length === 0) break;
      lines.push(...messages(record.subarray(0, length).toString('utf8')));
    }
  } catch {
    // EAGAIN at the end of the log; EPERM for others than root; ENOENT in a container
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  return lines;
}

function messages(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(' ')) // continuation lines are ` KEY=value`
    .map((line) => line.replace(/^[^;]*;/, ''));
}
