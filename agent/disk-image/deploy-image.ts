/** The whole of `write_image`: may it be done, which disk, the image, and what the kernel must be told afterwards. */
import { statSync } from 'node:fs';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Log } from '../../platform/log/log.ts';
import type { System } from '../../platform/system.ts';
import { byHints, smallestDisk, type DiskChoice } from '../disks/choose-disk.ts';
import type { Disk, ListDisks } from '../disks/disks.ts';
import { parseHintObject } from '../disks/hints.ts';
import type { Runtime } from '../loop/runtime.ts';
import { readConfigDrive } from './config-drive.ts';
import type { FetchOptions } from './fetch.ts';
import { readImageInfo, type ImageRules } from './image-info.ts';
import { keepRecord, type ImageRecord } from './record.ts';
import { openDisk } from './target-disk.ts';
import { sideFetch, writeWholeDisk } from './write.ts';

export interface DeployImageOptions extends Omit<Runtime, 'emit'> {
  /** Set by whoever built the image or wrote the kernel line; no server can. */
  readonly allowed: boolean;
  /** `image_info` and `configdrive` as they came. */
  readonly imageInfo: unknown;
  readonly configDrive: unknown;
  /** `root_device` of the instance or of the node, as it came; undefined for the smallest disk that will do. */
  readonly rootDevice?: unknown;
  /** In place of that. */
  readonly chooseDisk?: (disks: readonly Disk[]) => DiskChoice;
  readonly rules: ImageRules;
  readonly fetch: FetchOptions;
  readonly attempts: number;
  readonly pauseMs: number;
  readonly listDisks: ListDisks;
  readonly stateDir: string;
  /** Told at each MiB; whoever shows it decides how often. */
  readonly progress: (text: string) => void;
}

/** Does it, and says in words what was done. Throws RAZOR_MK_DEPLOY_OFF, RAZOR_MK_DEPLOY_IMAGE or RAZOR_MK_DEPLOY_DISK. */
export async function deployImage(options: DeployImageOptions): Promise<string> {
  const { system, clock, log, stateDir, signal, progress } = options;
  if (!options.allowed) {
    throw new RazorMkError('RAZOR_MK_DEPLOY_OFF', 'this microkernel may not write images: nothing was written');
  }
  const info = readImageInfo(options.imageInfo, options.rules);
  const given = options.configDrive;
  const configDrive =
    typeof given === 'string' && given !== ''
      ? await readConfigDrive(given, (url) => sideFetch(url, info, options.fetch))
      : undefined;
  const disk = await findDisk(options);
  const target = await openDisk(disk, system);
  try {
    const written = await writeWholeDisk({
      info,
      target,
      configDrive,
      clock,
      signal,
      rules: options.rules,
      fetch: options.fetch,
      attempts: options.attempts,
      pauseMs: options.pauseMs,
      note: (line) => log.info(`${disk.path}: ${line}`),
      progress: (done, total, what) => progress(`${disk.path}: ${progressText(done, total, what)}`),
    });
    const { table, bytes, digest } = written;
    const device = statSync(disk.path).isBlockDevice();
    const record: ImageRecord = { disk: disk.path, device, image: info.id, bytes };
    if (table.diskIdentifier !== undefined) record.diskIdentifier = table.diskIdentifier;
    if (table.efi !== undefined) record.efi = { ...table.efi };
    keepRecord(stateDir, record);
    const drive = table.configDrive === undefined ? '' : `, config drive on partition ${table.configDrive.number}`;
    const said = `image ${info.id}: ${bytes} bytes are on ${disk.path}, ${digest.algorithm} ${digest.hex} is right${drive}`;
    log.info(said);
    return said;
  } finally {
    await target.close();
    await rereadPartitions(disk, system, log);
  }
}

const DISK_ATTEMPTS = 10;
const DISK_PAUSE_MS = 3000;

/** Disks may come late; `refused` ones never do. */
async function findDisk({ rootDevice, chooseDisk, listDisks, clock, signal }: DeployImageOptions): Promise<Disk> {
  const hints = hintsOf(rootDevice);
  const choose =
    chooseDisk ??
    ((disks: readonly Disk[]): DiskChoice => (hints === undefined ? smallestDisk(disks) : byHints(disks, hints)));
  for (let attempt = 1; ; attempt++) {
    const { disk, passed } = choose(await listDisks());
    if (disk) return disk;
    if (attempt >= DISK_ATTEMPTS || passed.length > 0) {
      const seen = passed.length > 0 ? passed.slice(0, 8).join('; ') : 'there is none';
      throw new RazorMkError('RAZOR_MK_DEPLOY_DISK', `no disk for the image: ${seen}`, {
        remedy: 'Compare the root device hints with razor-mk deploy --list-disks; a disk in use is never taken.',
      });
    }
    await clock.sleep(DISK_PAUSE_MS, signal);
  }
}

function hintsOf(rootDevice: unknown): ReturnType<typeof parseHintObject> | undefined {
  if (rootDevice === undefined || rootDevice === null) return undefined;
  if (typeof rootDevice !== 'object' || Array.isArray(rootDevice)) {
    throw new RazorMkError('RAZOR_MK_DEPLOY_DISK', 'root_device is not an object of hints');
  }
  const hints = parseHintObject(rootDevice as Readonly<Record<string, unknown>>);
  return hints.length === 0 ? undefined : hints;
}

/** `3 of 64 MiB written (4 %)`. */
function progressText(done: number, total: number | undefined, what = 'written'): string {
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  return total === undefined
    ? `${mebibytes(done)} MiB ${what}`
    : `${mebibytes(done)} of ${mebibytes(total)} MiB ${what} (${Math.floor((done / total) * 100)} %)`;
}

async function rereadPartitions(disk: Disk, system: System, log: Log): Promise<void> {
  if (!disk.path.startsWith('/dev/')) return;
  const result = await system.run(`read the partitions of ${disk.path} anew`, ['blockdev', '--rereadpt', disk.path]);
  if (result.status !== 0) log.warn(`blockdev --rereadpt ${disk.path}: ${result.stderr.toString().trim()}`);
}
