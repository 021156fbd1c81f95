/** The machine's console: the one writer, and the one filter for what is written there. The words are in event-text.ts. */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { redactText } from '../../platform/log/redact.ts';

export interface ConsoleOutput {
  /** A line for the console alone. */
  readonly console: (line: string) => void;
  /** A line for the console and for the agent's own output, whatever the log level. */
  readonly both: (line: string) => void;
}

const FLAGS = constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK;

/**
 * The two outputs, behind the filter. `output` takes lines for the agent's own output; `hasConsole` is true on a live node whose
 * output is not its console. `path` is for tests.
 */
export function openConsole(output: (line: string) => void, hasConsole: boolean, path = '/dev/console'): ConsoleOutput {
  const toConsole = (line: string): void => {
    if (hasConsole) writeLine(printable(line), path);
  };
  return {
    console: toConsole,
    both: (line) => {
      output(printable(line));
      toConsole(line);
    },
  };
}

/** Without secrets and control characters: what a server sent must not move the cursor. */
function printable(line: string): string {
  return redactText(line).replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '?');
}

/** A console that is not there, or that flow control blocks, is not an error: the log has what matters. */
function writeLine(line: string, path: string): void {
  let fd: number | undefined;
  try {
    fd = openSync(path, FLAGS);
    writeSync(fd, `${line}\r\n`);
  } catch {
    // nobody looks
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
