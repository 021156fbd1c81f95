/** Logs: JSON lines through pino for machines, plain lines for people. Secrets are redacted by name, at any depth. */
import pino, { type DestinationStream } from 'pino';
import { redact, redactText } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';

type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines carry the name of a part of the program. */
  child(part: string): Log;
  /** Takes effect for this log and all its children. */
  setLevel(level: LogLevel): void;
}

interface LogOptions {
  readonly level?: LogLevel;
  /** A level of its own for the lines for people, which setLevel does not move. */
  readonly peopleLevel?: LogLevel;
  /** Where JSON lines go; none by default. Written directly: pino's worker transports do not exist in the executable. */
  readonly json?: DestinationStream;
  /** Where lines for people go; none by default. */
  readonly people?: (line: string, level: LogLevel) => void;
}

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'fatal'];

/** Whether a line of this level is written where `least` is the level. */
export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return ORDER.indexOf(level) >= ORDER.indexOf(least);
}

/** A log with up to two sinks that share one level. */
export function createLog(options: LogOptions = {}): Log {
  const state = { level: options.level ?? 'info' };
  const json =
    options.json && pino({ level: 'debug', base: null, timestamp: pino.stdTimeFunctions.isoTime }, options.json);
  const make = (part: string | undefined): Log => {
    const write = (level: LogLevel, text: string, fields: LogFields = {}): void => {
      const toJson = json !== undefined && isAtLeast(level, state.level);
      const toPeople = options.people !== undefined && isAtLeast(level, options.peopleLevel ?? state.level);
      if (!toJson && !toPeople) return;
      const message = redactText(text);
      const safe = redact(fields) as LogFields;
      if (toJson) json[level](part === undefined ? { ...safe } : { part, ...safe }, message);
      if (toPeople) options.people?.(part === undefined ? message : `${part}: ${message}`, level);
    };
    return {
      debug: (message, fields) => write('debug', message, fields),
      info: (message, fields) => write('info', message, fields),
      warn: (message, fields) => write('warn', message, fields),
      error: (message, fields) => write('error', message, fields),
      child: make,
      setLevel: (level) => void (state.level = level),
    };
  };
  return make(undefined);
}

/** A log without sinks. */
export const silentLog: Log = createLog({});
