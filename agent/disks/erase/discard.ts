/** What a disk gives back without being written: zones are reset, and the blocks of others discarded. Both often do nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../platform/process/run.ts';
import type { Disk } from '../disks.ts';
import { complaint, unsupported, wentWrong, type Attempt, type EraseTools } from './attempt.ts';

const LONGEST_MS = 4 * 3_600_000;

function queueFile({ name }: Disk, file: string, root: string): string {
  try {
    return readFileSync(join(root, 'sys/block', name.replaceAll('/', '!'), 'queue', file), 'utf8').trim();
  } catch {
    return '';
  }
}

/** Whether it is written in zones, from their beginning only. */
export function isZoned(disk: Disk, root: string): boolean {
  return !['', 'none', 'host-aware'].includes(queueFile(disk, 'zoned', root));
}

/** Resets all zones, and asks the disk whether they are empty. */
export async function resetZones({ path }: Disk, { system, find }: EraseTools): Promise<Attempt> {
  const blkzone = find('blkzone');
  if (blkzone === undefined) return unsupported('there is no blkzone in this image');
  const how = 'zone reset';
  const said = complaint(
    await system.run(`${how} of ${path}`, [blkzone, 'reset', '-f', path], { timeoutMs: LONGEST_MS }),
  );
  if (said !== undefined) return wentWrong(`${how}: ${said}`);
  const report = await run([blkzone, 'report', path], { outputLimit: 256 * 2 ** 20, timeoutMs: 600_000 });
  const zones = [...report.stdout.toString().matchAll(/zcond:\s*\d+\((\w+)\) \[type: (\d)/g)];
  if (report.status !== 0 || zones.length === 0)
    return wentWrong(`${how}: blkzone report: ${complaint(report) ?? 'no zones'}`);
  const conventional = zones.filter(([, , type]) => type === '1').length;
  if (conventional > 0) return wentWrong(`${how}: ${conventional} conventional zones are not reset by it`);
  const full = zones.filter(([, state]) => state !== 'em').length;
  return full === 0 ? { is: 'done', how } : wentWrong(`${how}: ${full} of ${zones.length} zones are not empty`);
}

/** Discards all blocks. Few disks say what is read from them afterwards. */
export async function discardAll(disk: Disk, { system, find, root }: EraseTools): Promise<Attempt> {
  if (!(Number(queueFile(disk, 'discard_max_bytes', root)) > 0)) return unsupported('it takes no discard');
  const blkdiscard = find('blkdiscard');
  if (blkdiscard === undefined) return unsupported('there is no blkdiscard in this image');
  const how = 'discard';
  // -f: the disk is held here already, and has a partition table
  const argv = [blkdiscard, '-f', disk.path] as const;
  const said = complaint(await system.run(`${how} of ${disk.path}`, argv, { timeoutMs: LONGEST_MS }));
  return said === undefined ? { is: 'done', how } : wentWrong(`${how}: ${said}`);
}
