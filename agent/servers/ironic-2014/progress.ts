/** What the console says while the conductor writes: sessions, bytes a second from the disk's own counter, time left. */
import { readFileSync, statSync } from 'node:fs';
import type { Disk } from '../../disks/disks.ts';

/** Bytes written to a disk so far (`/sys/block/X/stat`, seventh field, sectors of 512); a regular file has none. */
export function bytesWritten(disk: Disk): number | undefined {
  if (!disk.path.startsWith('/dev/')) return undefined;
  try {
    const fields = readFileSync(`/sys/block/${disk.name.replaceAll('/', '!')}/stat`, 'utf8')
      .trim()
      .split(/\s+/);
    return Number(fields[6]) * 512;
  } catch {
    return undefined;
  }
}

/**
 * A mark that changes when the disk is written: a short session can come and go between two looks at the target, but what
 * it wrote stays.
 */
export function writeMark(disk: Disk): string {
  const bytes = bytesWritten(disk);
  if (bytes !== undefined) return `${bytes}`;
  try {
    return `${statSync(disk.path).mtimeMs}`;
  } catch {
    return '';
  }
}

interface ProgressState {
  /** What is waited for: `done`, `the second done`. */
  readonly what: string;
  readonly sessions: number;
  readonly written: number | undefined;
  readonly previous: number | undefined;
  readonly seconds: number;
  readonly secondsLeft: number;
}

/** One line for people. */
export function progressLine(state: ProgressState): string {
  const rate =
    state.written === undefined || state.previous === undefined
      ? ''
      : `, ${((state.written - state.previous) / 1e6 / Math.max(state.seconds, 0.001)).toFixed(1)} MB/s`;
  const total = state.written === undefined ? '' : `, ${(state.written / 1e6).toFixed(0)} MB written`;
  const sessions = state.sessions === 1 ? '1 session' : `${state.sessions} sessions`;
  return `waiting for "${state.what}": ${sessions}${total}${rate}, ${Math.round(state.secondsLeft)} s left`;
}
