/**
 * The kernel's log (/dev/kmsg), as far as facts need it: the lines that tell of firmware which was asked for in vain. A record
 * costs a read of its own, so the file stays open and each gathering reads only what is new.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { errnoOf } from '../../platform/errors/errors.ts';
import type { ReadOutcome } from './origin.ts';

/** `firmware` and `Firmware`. */
const WANTED = 'irmware';
/** The longest record of the kernel (CONSOLE_EXT_LOG_MAX). */
const LONGEST = 8192;
/** There are thousands of records, and a new process reads them all: they are read into one buffer, and looked through together. */
const TOGETHER = 256 * 1024;
const MOST_RECORDS = 20_000;
const MOST_LINES = 500;

let log: number | undefined;
const lines: string[] = [];

/** The wanted lines since boot, without their time stamps, oldest first. */
export function readKernelLog(path = '/dev/kmsg'): ReadOutcome {
  try {
    log ??= openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { code: errnoOf(error) ?? 'EIO' };
  }
  const buffer = Buffer.allocUnsafe(TOGETHER);
  let filled = 0;
  for (let count = 0; count < MOST_RECORDS; count += 1) {
    if (filled + LONGEST > TOGETHER) filled = addLines(buffer, filled);
    try {
      const length = readSync(log, buffer, filled, LONGEST, null);
      if (length === 0) break;
      filled += length;
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'EPIPE') continue; // the ring went on without us
      if (code !== 'EAGAIN') {
        closeSync(log);
        log = undefined;
      }
      break;
    }
  }
  addLines(buffer, filled);
  return { bytes: Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1') };
}

/** Adds the wanted lines of the first bytes of a buffer: records `6,1234,5678901,-;text`, each with further lines ` KEY=value`. */
function addLines(buffer: Buffer, filled: number): 0 {
  const text = buffer.toString('latin1', 0, filled);
  for (let at = text.indexOf(WANTED); at >= 0 && lines.length < MOST_LINES; at = text.indexOf(WANTED, at)) {
    const start = text.lastIndexOf('\n', at) + 1;
    const end = text.indexOf('\n', at);
    const line = text.slice(start, end < 0 ? undefined : end);
    if (!line.startsWith(' ')) lines.push(line.replace(/^[^;]*;/, ''));
    at += line.length - (at - start);
  }
  return 0;
}
