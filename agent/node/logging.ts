/**
 * Where the agent's lines go: JSON into a rotating file under the original's name, plain lines to the console, and syslog when
 * one is named.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { createLog, isAtLeast, type Log, type LogLevel } from '../../platform/log/log.ts';
import { openRotatingFile } from '../../platform/log/rotating-file.ts';
import { openSyslog, type Syslog } from '../../platform/log/syslog.ts';
import { parseSyslogTarget } from '../../platform/log/syslog-message.ts';

interface NodeLogOptions {
  /** Where the file lies; undefined: no file. */
  readonly logDir: string | undefined;
  readonly level: LogLevel;
  /** `udp://HOST:514`; empty: none. */
  readonly syslog: string;
  readonly console: (line: string) => void;
  /** Finds the address of a syslog server's name. */
  readonly resolve?: (name: string) => Promise<string | undefined>;
}

export interface NodeLog {
  readonly log: Log;
  /** Path of the file, where there is one that can be written. */
  readonly file: string | undefined;
  readonly linesLost: () => number;
  readonly syslogDropped: () => number;
  /** The level of the file and of syslog, as a server pushes it. The console keeps the level that it was started with. */
  setLevel(level: LogLevel): void;
  close(): Promise<void>;
}

/** The original's names: its controller, its local web server and its extension mirror. Ours is one process: one file. */
export const LOG_FILE = 'rz_mk_controller.log';

/**
 * Opens the outputs of the log. Never throws: a file that cannot be written and a syslog target that is not one are warnings in
 * the outputs that are left.
 */
export function openNodeLog(options: NodeLogOptions): NodeLog {
  const file = options.logDir === undefined ? undefined : openRotatingFile(join(options.logDir, LOG_FILE));
  let syslog: Syslog | undefined;
  let wrong: string | undefined;
  if (options.syslog !== '') {
    try {
      const target = parseSyslogTarget(options.syslog);
      syslog = openSyslog({ target, hostname, resolve: options.resolve });
    } catch (error) {
      wrong = `${messageOf(error)}. ${error instanceof RazorMkError ? error.remedy : ''}`;
    }
  }
  let level = options.level;
  const log = createLog({
    level,
    // every line, for syslog: what the console shows is decided below
    peopleLevel: 'debug',
    ...(file === undefined ? {} : { json: { write: (line: string) => file.write(line) } }),
    people(line, at) {
      if (isAtLeast(at, options.level)) options.console(at === 'info' ? line : `${at}: ${line}`);
      if (isAtLeast(at, level)) syslog?.write(at, line);
    },
  });
  if (wrong !== undefined) log.warn(wrong);
  if (file?.trouble !== undefined) log.warn(`the log file ${file.path} cannot be written: ${file.trouble}`);
  return {
    log,
    file: file?.trouble === undefined ? file?.path : undefined,
    linesLost: () => file?.lost ?? 0,
    syslogDropped: () => syslog?.dropped ?? 0,
    setLevel(wanted) {
      level = wanted;
      log.setLevel(wanted);
    },
    async close() {
      await syslog?.close();
      file?.close();
    },
  };
}
