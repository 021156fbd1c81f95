/** The machine's console: what people in front of it wait to read, whatever the agent's own output goes to. */
import { closeSync, constants, openSync, writeSync } from 'node:fs';

const FLAGS = constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK;

/** Writes one line to /dev/console; a console that is not there or does not take it is no error. */
export function writeConsole(line: string, path = '/dev/console'): void {
  let fd: number | undefined;
  try {
    fd = openSync(path, FLAGS);
    writeSync(fd, `${line}\r\n`);
  } catch {
    // a machine without a console, or one that is blocked by flow control
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
