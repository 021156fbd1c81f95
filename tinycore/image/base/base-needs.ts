/**
 * What a base must have for the image's scripts, the extension and the agent to run on it. Whatever of it a machine would miss only
 * after it has booted (a card that nothing switches on, an init that waits for ever) is mended or refused here, in words.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { PROJECT } from '../../../packaging/project-paths.ts';
import { fileEntry, type Entry } from '../initrd/entry.ts';
import { readTree, resolvePath } from '../initrd/initrd.ts';

interface Need {
  readonly program: string;
  readonly users: string;
}

/** The programs of tinycore/overlay/needs. */
export function neededPrograms(): readonly Need[] {
  const text = readFileSync(join(PROJECT, 'tinycore/overlay/needs'), 'utf8');
  return text.split('\n').flatMap((line) => {
    const [, program, users] = /^([a-z0-9.-]+)\s+(\S.*)$/.exec(line) ?? [];
    return program === undefined || users === undefined ? [] : [{ program, users }];
  });
}

const PLACES = ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'usr/local/bin', 'usr/local/sbin'];

type Tree = ReadonlyMap<string, Entry>;

/** The programs of the list that a tree does not have; a link that leads nowhere is none. */
export function missingPrograms(tree: Tree): readonly Need[] {
  const has = (program: string): boolean =>
    PLACES.some((place) => tree.get(resolvePath(tree, `${place}/${program}`))?.type === 'file');
  return neededPrograms().filter(({ program }) => !has(program));
}

/** Where an init script of Tiny Core waits without end for a device that its kernel has no driver for. */
const ENDLESS_WAITS = [
  { device: 'zram0', module: 'zram', word: 'nozswap' },
  { device: 'rtc0', module: 'rtc_cmos', word: undefined },
  // that of 4.4; udev makes it a link to the first clock
  { device: 'rtc', module: 'rtc_cmos', word: undefined },
] as const;

interface BaseProblem {
  readonly what: string;
  readonly remedy: string;
}

/**
 * What would stop a machine before the agent. `modules` are all module names of the image, the built-in ones included; undefined
 * where the base does not list what is built in, so that nothing can be said of them.
 */
export function baseProblems(
  tree: Tree,
  modules: ReadonlySet<string> | undefined,
  words: readonly string[],
): BaseProblem[] {
  const config = readTree(tree, 'etc/init.d/tc-config')?.toString() ?? '';
  const waits = ENDLESS_WAITS.filter(
    ({ device, module, word }) =>
      new RegExp(`while \\[ ! -e /dev/${device} \\]`).test(config) &&
      modules !== undefined &&
      !modules.has(module) &&
      !(word !== undefined && words.includes(word)),
  ).map(({ device, module, word }) => ({
    what: `its tc-config waits for /dev/${device} without end, and no module ${module} is in the image`,
    remedy: `Add it: --module ${module}${word === undefined ? '' : `, or give every kernel line the word ${word} and the builder --kernel-arg ${word}`}.`,
  }));
  const programs = missingPrograms(tree).map(({ program, users }) => ({
    what: `it has no ${program}, which is used by ${users}`,
    remedy: `Bring it: --file PATH:/sbin/${program} with a program that needs no library of another base.`,
  }));
  return [...programs, ...waits];
}

/** Throws RAZOR_MK_IMAGE_BASE with all problems, where there are any. */
export function refuseProblems(from: string, problems: readonly BaseProblem[]): void {
  if (problems.length === 0) return;
  throw new RazorMkError('RAZOR_MK_IMAGE_BASE', `${from}: ${problems.map(({ what }) => what).join('; ')}`, {
    remedy: problems.map(({ remedy }) => remedy).join(' '),
  });
}

interface Mends {
  readonly entries: readonly Entry[];
  /** What was mended, in words. */
  readonly notes: readonly string[];
}

/**
 * Files that take the place of the base's own where these would not do. tce-load of Tiny Core up to 10.1 mounts extensions with
 * `bs=4096`, which kernels from 5.x on refuse (seen with 6.1: "squashfs: Unknown parameter 'bs'"). `ip` is in no release of Tiny Core (seen in
 * 4.4 to 11.0): `busybox` gives the bytes of a static busybox, whose applet it then is.
 */
export async function mendBase(tree: Tree, busybox: () => Promise<Buffer>): Promise<Mends> {
  const entries: Entry[] = [];
  const notes: string[] = [];
  const loader = readTree(tree, 'usr/bin/tce-load')?.toString() ?? '';
  if (/(?:,bs=4096|bs=4096,)/.test(loader)) {
    const path = resolvePath(tree, 'usr/bin/tce-load');
    entries.push({ ...fileEntry(path, loader.replaceAll(/,bs=4096|bs=4096,/g, ''), tree.get(path)?.mode ?? 0o755) });
    notes.push('the base’s tce-load mounted with bs=4096, which kernels of today refuse: the image’s does not');
  }
  if (missingPrograms(tree).some(({ program }) => program === 'ip')) {
    entries.push(fileEntry('sbin/ip', await busybox(), 0o755));
    notes.push('the base has no ip: that of a static busybox is in the image');
  }
  return { entries, notes };
}
