/** Names of log levels: ours, and those of the original (Ruby's Logger constants as text). */
import type { LogLevel } from './log.ts';

const NAMES: Readonly<Record<string, LogLevel>> = {
  fatal: 'fatal',
  error: 'error',
  warn: 'warn',
  warning: 'warn',
  info: 'info',
  debug: 'debug',
};

/** Whether a text names a level: `Logger::ERROR`, `ERROR`, `error`. */
export function isLogLevelName(text: string): boolean {
  return NAMES[bare(text)] !== undefined;
}

/** The level that a text names; like the original, anything else is `info` (Razor 0.x spec, section 10). */
export function logLevelOf(text: string): LogLevel {
  return NAMES[bare(text)] ?? 'info';
}

function bare(text: string): string {
  return text
    .trim()
    .replace(/^Logger::/i, '')
    .toLowerCase();
}
