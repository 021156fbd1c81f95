/** One line for each request of nodes, boot loaders and installers, as web servers keep it. */
import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { BODY_KEPT, type NewExchange } from './exchange-log.ts';

/** The open log. */
interface RequestLog {
  add(exchange: NewExchange): void;
  close(): void;
}

/** How long after a failure the file is tried again, and how often it is looked at whether it was rotated away; ms. */
const RETRY_MS = 1000;

interface LogState {
  readonly path: string;
  readonly report: (text: string) => void;
  readonly now: () => number;
  file: number | undefined;
  /** Requests that were not written since the file failed. */
  lost: number;
  /** When the file is next tried, or looked at. */
  due: number;
  /** The last line was written in part. */
  torn: boolean;
}

/**
 * Appends to a file, a line as soon as it is answered. A full disk is reported once and delays no request; writing goes on as
 * soon as there is room, and in a new file where the old one was rotated away. `now` is monotonic, in milliseconds.
 * The addresses in it are secrets (callbacks), so only the owner may read it. Throws RAZOR_MK_FILE_UNWRITABLE.
 */
export function openRequestLog(
  path: string,
  report: (text: string) => void,
  now: () => number = () => performance.now(),
): RequestLog {
  const state: LogState = { path, report, now, file: undefined, lost: 0, due: now() + RETRY_MS, torn: false };
  try {
    open(state);
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNWRITABLE', `cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
  return { add: (exchange) => add(state, exchange), close: () => close(state) };
}

function open(state: LogState): void {
  state.file = openSync(state.path, 'a', 0o600);
}

function close(state: LogState): void {
  if (state.file !== undefined) closeSync(state.file);
  state.file = undefined;
}

function add(state: LogState, exchange: NewExchange): void {
  try {
    const file = currentFile(state);
    if (file === undefined) return void state.lost++;
    const line = Buffer.from(`${state.torn ? '\n' : ''}${requestLine(exchange)}\n`);
    const written = writeSync(file, line);
    state.torn = written < line.length;
    if (state.torn) throw new Error('only a part of a line could be written');
    if (state.lost > 0) state.report(`requests are written to ${state.path} again; ${state.lost} are missing`);
    state.lost = 0;
  } catch (error) {
    if (state.lost === 0) state.report(`requests are not written to ${state.path}: ${messageOf(error)}`);
    state.lost++;
    state.due = state.now() + RETRY_MS;
    close(state);
  }
}

/** The open file; opened again after a failure and after a rotation, undefined while it is too early to try. */
function currentFile(state: LogState): number | undefined {
  const early = state.now() < state.due;
  if (early) return state.file;
  state.due = state.now() + RETRY_MS;
  if (state.file !== undefined) {
    if (!rotatedAway(state.path, state.file)) return state.file;
    state.torn = false;
  }
  close(state);
  open(state);
  return state.file;
}

function rotatedAway(path: string, file: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  return there?.ino !== fstatSync(file).ino;
}

/** The line of a request: `2026-01-31T12:00:00.000Z 10.77.0.128 GET /razor/api/boot?hw_id=… 200 312 bytes 4 ms iPXE/1.21.1`. */
export function requestLine(exchange: NewExchange): string {
  const { at, from, method, url, status, durationMs } = exchange;
  const length = exchange.replyHeaders['content-length'];
  const agent = exchange.requestHeaders['user-agent'];
  return [
    new Date(at).toISOString(),
    from.replace(/^::ffff:/, '') || '-',
    `${method} ${oneWord(url)} ${status}`,
    `${typeof length === 'string' || typeof length === 'number' ? length : bytesOf(exchange.replyBody)} bytes`,
    `${Math.round(durationMs)} ms`,
    typeof agent === 'string' && agent !== '' ? oneWord(agent.slice(0, 100)) : '-',
  ].join(' ');
}

/** The framework counts a text after it was kept; a long one was cut. */
function bytesOf(body: string): number | '-' {
  return body === '' || body.length >= BODY_KEPT ? '-' : Buffer.byteLength(body);
}

/** Strangers wrote it: nothing that ends a line or moves a cursor. */
function oneWord(text: string): string {
  return text.replaceAll(/[^!-~]/g, (char) => encodeURIComponent(char.toWellFormed()));
}
