/** The disk that the kernel line means: the `disk=` list in its order, or `root_device=` hints. */
import type { Clock } from '../../platform/time/clock.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Disk, ListDisks } from './disks.ts';
import { mismatch, parseHintList, type Hint } from './hints.ts';

interface DiskWish {
  /** Names in order, as in `disk=cciss/c0d0,sda,hda,vda`; partitions mean their disk. */
  readonly names: readonly string[];
  /** `root_device=` as it stands; goes before names. */
  readonly hints: string | undefined;
}

/** A disk, or why there is none. */
export interface DiskChoice {
  readonly disk: Disk | undefined;
  /** What was looked at and why it was passed over, in order. */
  readonly passed: readonly string[];
}

/** The first matching disk that is free. Throws RAZOR_MK_DEPLOY_DISK for invalid hints. */
export function chooseDisk(disks: readonly Disk[], wish: DiskWish): DiskChoice {
  if (wish.hints !== undefined) return byHints(disks, parseHintList(wish.hints));
  const passed: string[] = [];
  for (const word of wish.names) {
    const disk = named(disks, word);
    if (disk === undefined) passed.push(`${word}: there is none`);
    else if (disk.refused !== undefined) passed.push(`${word}: ${disk.refused}`);
    else return { disk, passed };
  }
  return { disk: undefined, passed: wish.names.length > 0 ? passed : ['disk= is empty'] };
}

/** The first free disk that matches all hints. Composed devices (dm, md) only by their name. */
export function byHints(disks: readonly Disk[], hints: readonly Hint[]): DiskChoice {
  const passed: string[] = [];
  for (const disk of disks) {
    const byName = hints.some((hint) => hint.key === 'name');
    const why =
      mismatch(disk, hints) ??
      disk.refused ??
      (disk.composed === true && !byName ? 'composed of other devices' : undefined);
    if (why === undefined) return { disk, passed };
    passed.push(`${disk.name}: ${why}`);
  }
  return { disk: undefined, passed };
}

/** Less than this is too small for an operating system: Ironic's own bound. */
const LEAST_BYTES = 4 * 2 ** 30;

type Sized = Pick<Disk, 'name' | 'sizeBytes' | 'removable' | 'composed'>;

/** Why a disk is not taken unless a hint asks for it, in words; undefined where it may be. */
export function notByDefault({ sizeBytes, removable, composed }: Sized): string | undefined {
  if (composed === true) return 'composed of other devices';
  if (removable === true) return 'it can be taken out: name it in the root device hints';
  return sizeBytes < LEAST_BYTES ? 'it has less than 4 GiB' : undefined;
}

/** From the smallest; equals by name. */
export function bySize(a: Sized, b: Sized): number {
  return a.sizeBytes - b.sizeBytes || (a.name < b.name ? -1 : 1);
}

/** Where there are no hints: the smallest free disk that may be taken, as ironic-python-agent, which takes memory sticks too. */
export function smallestDisk(disks: readonly Disk[]): DiskChoice {
  const passed: string[] = [];
  const fitting = disks.filter((disk) => {
    const why = disk.refused ?? notByDefault(disk);
    if (why !== undefined) passed.push(`${disk.name}: ${why}`);
    return why === undefined;
  });
  return { disk: fitting.toSorted(bySize)[0], passed };
}

/**
 * The only free disk that fits the hints, and without hints the only one that may be taken: where two fit, a guess would overwrite
 * the wrong one.
 */
export function onlyDisk(disks: readonly Disk[], hints: readonly Hint[]): DiskChoice {
  const passed: string[] = [];
  const byName = hints.some((hint) => hint.key === 'name');
  const fitting = disks.filter((disk) => {
    const byDefault = hints.length === 0 ? notByDefault(disk) : undefined;
    const composed = disk.composed === true && !byName ? 'composed of other devices' : undefined;
    const why = mismatch(disk, hints) ?? disk.refused ?? byDefault ?? composed;
    if (why !== undefined) passed.push(`${disk.name}: ${why}`);
    return why === undefined;
  });
  if (fitting.length < 2) return { disk: fitting[0], passed };
  const seen = fitting.map(({ path, model, serial, sizeBytes }) =>
    [path, model, serial, `${Math.floor(sizeBytes / 2 ** 30)} GiB`].filter((word) => word !== '').join(' '),
  );
  return { disk: undefined, passed: [`${fitting.length} disks fit, and one is meant: ${seen.join(', ')}`] };
}

/** Names of partitions by family, with the whole disk as the first group. */
const PARTITIONS: readonly RegExp[] = [
  /^((?:sd|hd|vd|xvd)[a-z]+)\d+$/,
  /^((?:nvme\d+n\d+)|(?:mmcblk\d+)|(?:cciss\/c\d+d\d+)|(?:md\d+))p\d+$/,
];

/** The whole disk that a word of `disk=` names, exactly: `sda`, `/dev/sda`, `sda1`, `mapper/mpatha`; `sd` names none. */
export function named(disks: readonly Disk[], word: string): Disk | undefined {
  const name = word.replace(/^\/dev\//, '').replaceAll('!', '/');
  const exact = disks.find(
    (disk) => disk.name === name || (disk.mapperName !== undefined && name === `mapper/${disk.mapperName}`),
  );
  if (exact) return exact;
  for (const pattern of PARTITIONS) {
    const whole = pattern.exec(name)?.[1];
    if (whole !== undefined) return disks.find((disk) => disk.name === whole);
  }
  return undefined;
}

interface WaitForDisk {
  readonly list: ListDisks;
  readonly wish: DiskWish;
  readonly clock: Clock;
  /** How often it is looked again, a second apart: 60, as the last original. */
  readonly attempts?: number;
  readonly signal?: AbortSignal;
}

/** Looks until a disk fits. Throws RAZOR_MK_DEPLOY_DISK with everything that was passed over. */
export async function waitForDisk({ list, wish, clock, attempts = 60, signal }: WaitForDisk): Promise<Disk> {
  for (let attempt = 0; ; attempt++) {
    const { disk, passed } = chooseDisk(await list(), wish);
    if (disk) return disk;
    if (attempt >= attempts) {
      const seen = passed.length > 0 ? ` (${passed.slice(0, 8).join('; ')})` : '';
      throw new RazorMkError('RAZOR_MK_DEPLOY_DISK', `Could not find disk to use.${seen}`);
    }
    await clock.sleep(1000, signal);
  }
}
