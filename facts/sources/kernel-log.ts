/**
 * The kernel's log (/dev/kmsg), as far as facts need it: the lines that tell of firmware which was asked for in vain. A record
 * costs a read of its own, so the file stays open and each gathering reads only what is new.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { errnoOf } from '../../platform/errors/errors.ts';
import type { ReadOutcome } from './origin.ts';

/** `firmware` and `Firmware`. There are thousands of records, and a new process reads them all: no pattern is tried on each. */
const WANTED = 'irmware';
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
  const record = Buffer.alloc(8192);
  for (let count = 0; count < MOST_RECORDS; count += 1) {
    try {
      const length = readSync(log, record, 0, record.length, null);
      if (length === 0) break;
      const text = record.toString('latin1', 0, length);
      if (text.includes(WANTED) && lines.length < MOST_LINES) addLine(text);
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
  return { bytes: Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1') };
}

/** Of a record `6,1234,5678901,-;text` and further lines of key=value. */
function addLine(record: string): void {
  const text = record.split('\n', 1)[0]?.replace(/^[^;]*;/, '') ?? '';
  if (text.includes(WANTED)) lines.push(text);
}
