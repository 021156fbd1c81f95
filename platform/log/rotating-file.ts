/**
 * A log file that never grows beyond `files` times `maxBytes`, numbered as the original's (Ruby's Logger): PATH is the
 * newest, PATH.0 the one before it, and so on. Writing is synchronous and never throws: a full or missing disk costs
 * log lines, not the agent. What was lost is counted, and reported in the next line that can be written.
 */
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, messageOf } from '../errors/errors.ts';

interface RotatingFileOptions {
  /** Bytes after which the file is rotated; 2 MiB by default, as the original. */
  readonly maxBytes?: number;
  /** How many files are kept, the newest one included; 10 by default, as the original. */
  readonly files?: number;
  readonly mode?: number;
  /** Monotonic milliseconds; decides when a file that could not be opened is tried again. */
  readonly now?: () => number;
  /** The line that stands for lines that could not be written. */
  readonly lostLine?: (count: number, reason: string) => string;
}

interface RotatingFile {
  readonly path: string;
  /** Lines that could not be written since the file was opened. */
  readonly lost: number;
  /** Why the last write failed; undefined while writing works. */
  readonly trouble: string | undefined;
  /** Appends text that ends in a newline. Never throws. */
  write(text: string): void;
  /** Rotates now, when there is anything in the file. */
  rotate(): void;
  close(): void;
}

interface FileState extends Readonly<Required<RotatingFileOptions>> {
  readonly path: string;
  fd: number | undefined;
  size: number;
  /** The last line has no newline: a crash, or a disk that was full in the middle of it. */
  torn: boolean;
  lost: number;
  /** How many of the lost lines no line in the file stands for yet. */
  unreported: number;
  trouble: string | undefined;
  triedAt: number;
  closed: boolean;
}

const RETRY_OPEN_MS = 1000;
const NEWLINE = 0x0a;

/** Opens the file for appending, or begins to try. Never throws; see `trouble`. */
export function openRotatingFile(path: string, options: RotatingFileOptions = {}): RotatingFile {
  const file: FileState = {
    path,
    maxBytes: options.maxBytes ?? 2 * 1024 * 1024,
    files: Math.max(1, options.files ?? 10),
    mode: options.mode ?? 0o640,
    now: options.now ?? ((): number => performance.now()),
    lostLine: options.lostLine ?? defaultLostLine,
    fd: undefined,
    size: 0,
    torn: false,
    lost: 0,
    unreported: 0,
    trouble: undefined,
    triedAt: -Infinity,
    closed: false,
  };
  ensureOpen(file);
  return {
    path,
    get lost() {
      return file.lost;
    },
    get trouble() {
      return file.trouble;
    },
    write: (text) => write(file, text),
    rotate: () => rotate(file),
    close() {
      file.closed = true;
      closeDescriptor(file);
    },
  };
}

function defaultLostLine(count: number, reason: string): string {
  return `${JSON.stringify({ level: 40, msg: `${count} log lines could not be written: ${reason}`, lost: count })}\n`;
}

/** Whether the file is open now. A file that could not be opened is tried again once a second. */
function ensureOpen(file: FileState): boolean {
  if (file.fd !== undefined) return true;
  if (file.closed || file.now() - file.triedAt < RETRY_OPEN_MS) return false;
  file.triedAt = file.now();
  try {
    mkdirSync(dirname(file.path), { recursive: true });
    file.fd = openSync(file.path, 'a+', file.mode);
    file.size = fstatSync(file.fd).size;
    const last = Buffer.alloc(1);
    file.torn = file.size > 0 && readSync(file.fd, last, 0, 1, file.size - 1) === 1 && last[0] !== NEWLINE;
    file.triedAt = -Infinity;
    return true;
  } catch (error) {
    noteFailure(file, error);
    return false;
  }
}

/** A full disk may have room again, so the file stays open; after any other error it is opened anew. */
function noteFailure(file: FileState, error: unknown): void {
  file.trouble = errnoOf(error) ?? messageOf(error);
  if (!isFull(file)) closeDescriptor(file);
}

function isFull(file: FileState): boolean {
  return file.trouble === 'ENOSPC' || file.trouble === 'EDQUOT';
}

function closeDescriptor(file: FileState): void {
  if (file.fd === undefined) return;
  try {
    closeSync(file.fd);
  } catch {
    // a dead disk: the descriptor is gone in any case
  }
  file.fd = undefined;
}

function write(file: FileState, text: string): void {
  if (file.closed) return;
  if (ensureOpen(file) && file.size > 0 && file.size + Buffer.byteLength(text) > file.maxBytes) rotate(file);
  // a file that cannot be rotated must not grow for ever either
  const stuck = file.fd === undefined || file.size > 2 * file.maxBytes;
  if (!stuck && file.unreported > 0 && put(file, file.lostLine(file.unreported, file.trouble ?? 'unknown'))) {
    file.unreported = 0;
  }
  if (!stuck && file.unreported === 0 && put(file, text)) file.trouble = undefined;
  else {
    file.lost++;
    file.unreported++;
  }
}

/** Appends a line; on a full disk old files give way, the oldest first. False when it could not be written whole. */
function put(file: FileState, text: string): boolean {
  if (append(file, text)) return true;
  while (isFull(file) && removeOldest(file)) {
    if (append(file, text)) return true;
  }
  return false;
}

/** Appends bytes; false when not all of them could be written. */
function append(file: FileState, text: string): boolean {
  if (file.fd === undefined) return false;
  const bytes = Buffer.from(file.torn ? `\n${text}` : text);
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(file.fd, bytes, written);
    file.size += written;
    file.torn = false;
    return true;
  } catch (error) {
    file.size += written;
    if (written > 0) file.torn = true;
    noteFailure(file, error);
    return false;
  }
}

function rotate(file: FileState): void {
  if (file.size === 0 && file.fd !== undefined) return;
  const { path, files } = file;
  closeDescriptor(file);
  file.triedAt = -Infinity;
  try {
    rmSync(`${path}.${files - 2}`, { force: true });
    if (files === 1) rmSync(path, { force: true });
    for (let i = files - 3; i >= 0; i--) moveIfThere(`${path}.${i}`, `${path}.${i + 1}`);
    if (files > 1) moveIfThere(path, `${path}.0`);
  } catch (error) {
    noteFailure(file, error);
  }
  ensureOpen(file);
}

/** Removes the oldest of the old files. False when there is none. */
function removeOldest(file: FileState): boolean {
  for (let i = file.files - 2; i >= 0; i--) {
    try {
      rmSync(`${file.path}.${i}`);
      return true;
    } catch {
      continue;
    }
  }
  return false;
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
