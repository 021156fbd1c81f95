/**
 * What is written beside its final name carries a mark of its process, so that the next one can remove what a killed one left:
 * `PID-WORLD`, where WORLD stands for this boot and this namespace of process ids. Another world's processes cannot be seen.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

let ownWorld: string | undefined;

/** This process' mark: `4711-1f0c93ab`. To be put between two dots or hyphens of a name. */
export function ownMark(): string {
  return `${process.pid}-${(ownWorld ??= world())}`;
}

function world(): string {
  const parts = [
    () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'),
    () => readlinkSync('/proc/self/ns/pid'),
  ].map((read) => {
    try {
      return read();
    } catch {
      return '';
    }
  });
  return createHash('sha256').update(parts.join()).digest('hex').slice(0, 8);
}

const MARK = /[.-](\d{1,10})-([0-9a-f]{8})[.-]/;
/** What another machine, container or boot has left alone for so long. */
const OLD_MS = 24 * 3600 * 1000;

/**
 * Removes what processes that are gone left in a directory; of other users nothing. `.NAME.MARK.part.old` was NAME, and becomes it
 * again where that is missing. Never throws.
 */
export function removeLeftovers(directory: string, prefix = ''): void {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return;
  }
  for (const name of names) {
    const [, pid, its] = name.startsWith(prefix) ? (MARK.exec(name) ?? []) : [];
    if (pid === undefined || its === undefined) continue;
    try {
      const path = join(directory, name);
      const { uid, mtimeMs } = lstatSync(path);
      if (uid !== process.getuid?.()) continue;
      if (its === (ownWorld ??= world()) ? isAlive(Number(pid)) : Date.now() - mtimeMs < OLD_MS) continue;
      const was = /^\.(.+)\.\d+-[0-9a-f]{8}\.part\.old$/.exec(name)?.[1];
      if (was !== undefined && !existsSync(join(directory, was))) renameSync(path, join(directory, was));
      else rmSync(path, { recursive: true, force: true });
    } catch {
      // somebody else was faster
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
