/**
 * A log file that never grows beyond `files` times `maxBytes`, numbered as the original's (Ruby's Logger): PATH is the
 * newest, PATH.0 the one before it, and so on. Writing is synchronous and never throws: a full or missing disk costs
 * log lines, not the agent. What was lost is counted and said in the next line that could be written.
 */
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, messageOf } from '../errors/errors.ts';

export interface RotatingFileOptions {
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

export interface RotatingFile {
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

const RETRY_OPEN_MS = 1000;

function defaultLostLine(count: number, reason: string): string {
  return `${JSON.stringify({ level: 40, msg: `${count} log lines could not be written: ${reason}`, lost: count })}\n`;
}

/** Opens the file for appending, or begins to try. Never throws; see `trouble`. */
export function openRotatingFile(path: string, options: RotatingFileOptions = {}): RotatingFile {
  const maxBytes = options.maxBytes ?? 2 * 1024 * 1024;
  const files = Math.max(1, options.files ?? 10);
  const now = options.now ?? ((): number => performance.now());
  const lostLine = options.lostLine ?? defaultLostLine;
  let fd: number | undefined;
  let size = 0;
  let torn = false; // the last line has no newline: a crash, or a disk that was full in the middle of it
  let lost = 0;
  let untold = 0;
  let trouble: string | undefined;
  let triedAt = -Infinity;
  let closed = false;

  function open(): boolean {
    if (fd !== undefined) return true;
    if (closed || now() - triedAt < RETRY_OPEN_MS) return false;
    triedAt = now();
    try {
      mkdirSync(dirname(path), { recursive: true });
      fd = openSync(path, 'a+', options.mode ?? 0o640);
      size = fstatSync(fd).size;
      const last = Buffer.alloc(1);
      torn = size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
      triedAt = -Infinity;
      return true;
    } catch (error) {
      fail(error);
      return false;
    }
  }

  function fail(error: unknown): void {
    trouble = errnoOf(error) ?? messageOf(error);
    if (fd !== undefined && trouble !== 'ENOSPC' && trouble !== 'EDQUOT') shut();
  }

  function shut(): void {
    if (fd === undefined) return;
    try {
      closeSync(fd);
    } catch {
      // a dead disk: the descriptor is gone in any case
    }
    fd = undefined;
  }

  /** Appends bytes; false when not all of them could be written. */
  function append(text: string): boolean {
    if (fd === undefined) return false;
    const bytes = Buffer.from(torn ? `\n${text}` : text);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(fd, bytes, written);
      size += written;
      torn = false;
      return true;
    } catch (error) {
      size += written;
      if (written > 0) torn = true;
      fail(error);
      return false;
    }
  }

  function rotate(): void {
    if (size === 0 && fd !== undefined) return;
    shut();
    triedAt = -Infinity;
    try {
      rmSync(`${path}.${files - 2}`, { force: true });
      if (files === 1) rmSync(path, { force: true });
      for (let i = files - 3; i >= 0; i--) move(`${path}.${i}`, `${path}.${i + 1}`);
      if (files > 1) move(path, `${path}.0`);
    } catch (error) {
      fail(error);
    }
    open();
  }

  /** A full disk: the oldest old file gives way. False when there is none. */
  function makeRoom(): boolean {
    for (let i = files - 2; i >= 0; i--) {
      const old = `${path}.${i}`;
      try {
        rmSync(old);
        return true;
      } catch {
        continue;
      }
    }
    return false;
  }

  function put(text: string): boolean {
    if (append(text)) return true;
    while ((trouble === 'ENOSPC' || trouble === 'EDQUOT') && makeRoom()) {
      if (append(text)) return true;
    }
    return false;
  }

  open();
  return {
    path,
    get lost() {
      return lost;
    },
    get trouble() {
      return trouble;
    },
    write(text) {
      if (closed) return;
      if (open() && size > 0 && size + Buffer.byteLength(text) > maxBytes) rotate();
      // a file that cannot be rotated must not grow for ever either
      const stuck = fd === undefined || size > 2 * maxBytes;
      if (!stuck && untold > 0 && put(lostLine(untold, trouble ?? 'unknown'))) untold = 0;
      if (!stuck && untold === 0 && put(text)) trouble = undefined;
      else {
        lost++;
        untold++;
      }
    },
    rotate,
    close() {
      closed = true;
      shut();
    },
  };
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
