/** The firmware's entry for a written image: UEFI boots what its variables name, and BIOS what the disk begins with. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { System } from '../../platform/system.ts';
import { mountEfiVariables } from '../node/boot/efi-variables.ts';
import type { ImageRecord } from './record.ts';

interface Loader {
  /** `\EFI\debian\shimx64.efi` */
  readonly path: string;
  readonly label: string;
}

interface BootEntryOptions {
  readonly record: ImageRecord | undefined;
  readonly system: System;
  /** Below which the firmware's variables are: `/`. */
  readonly root?: string;
  readonly arch?: NodeJS.Architecture;
  /** By default the first to boot; or behind the entry that booted this time, so that the network is asked first again. */
  readonly place?: 'first' | 'after this boot';
}

const LABEL = 'ironic1';

/** Makes it the first to boot, or the next one, and says what was done. Throws RAZOR_MK_DEPLOY_IMAGE. */
export async function makeBootEntry({
  record,
  system,
  root = '/',
  arch,
  place: order,
}: BootEntryOptions): Promise<string> {
  const refuse = (why: string, remedy?: string): RazorMkError =>
    new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', why, remedy === undefined ? {} : { remedy });
  if (record === undefined) throw refuse('no image was written since this machine was started');
  if (!record.device) return `${record.disk} is a file that stands for a disk: no firmware boots it`;
  if (!existsSync(join(root, 'sys/firmware/efi'))) return 'the firmware is a BIOS: it boots what the disk begins with';
  if (record.efi === undefined) {
    throw refuse('the firmware is UEFI, and the image has no EFI system partition', 'Use an image that boots by UEFI.');
  }
  const { number } = record.efi;
  const partition = `${record.disk}${/\d$/.test(record.disk) ? 'p' : ''}${number}`;
  const place = await mkdtemp(join(tmpdir(), 'razor-mk-esp-'));
  const must = async (what: string, argv: readonly [string, ...string[]]): Promise<string> => {
    const result = await system.run(what, argv, { timeoutMs: 60_000 });
    if (result.status === 0) return result.stdout.toString();
    const said = result.failure ?? result.stderr.toString().trim().slice(-300);
    throw refuse(`${argv[0]}: ${said}`, 'The image boots by itself only if it has EFI/BOOT; see docs/ironic.md.');
  };
  let loader: Loader | undefined;
  let removable: Loader | undefined;
  try {
    await must(`look into ${partition}`, ['mount', '-t', 'vfat', '-o', 'ro,nodev,nosuid,noexec', partition, place]);
    loader = findLoader(place, arch);
    removable = removableLoader(place, arch);
  } finally {
    await system.run(`unmount ${partition}`, ['umount', place]);
    await rmdir(place).catch(() => undefined);
  }
  if (loader === undefined) throw refuse(`${partition} has no boot loader for this firmware`);
  // what is missing is told by efibootmgr
  await mountEfiVariables(system, root).catch(() => undefined);
  const before = await system.run('read the boot entries', ['efibootmgr'], { timeoutMs: 60_000 });
  if (before.failure === 'not-found' && removable !== undefined) {
    return `there is no efibootmgr: the firmware must find ${removable.path} of ${partition} by itself`;
  }
  if (before.status !== 0) {
    throw refuse(
      before.failure === 'not-found'
        ? 'there is no efibootmgr in this microkernel'
        : 'efibootmgr cannot read the entries',
      'Add efibootmgr to the image (docs/ironic.md), or deploy images that have EFI/BOOT.',
    );
  }
  for (const id of entriesNamed(before.stdout.toString(), loader.label)) {
    await must(`remove the boot entry ${id}`, ['efibootmgr', '-q', '-b', id, '-B']);
  }
  await addEntry(must, { loader, disk: record.disk, number, order });
  return `the firmware boots ${loader.path} of ${partition}`;
}

interface NewEntry {
  readonly loader: Loader;
  readonly disk: string;
  /** Of the partition. */
  readonly number: number;
  readonly order: BootEntryOptions['place'];
}

/** efibootmgr puts a new entry first. */
async function addEntry(
  must: (what: string, argv: readonly [string, ...string[]]) => Promise<string>,
  { loader, disk, number, order }: NewEntry,
): Promise<void> {
  const quiet = order === 'after this boot' ? [] : ['-q'];
  const list = await must(`make ${loader.path} the first to boot`, [
    ...(['efibootmgr', ...quiet, '-c', '-d', disk, '-p', String(number)] as const),
    ...['-L', loader.label, '-l', loader.path],
  ]);
  const next = behindCurrent(list);
  if (next !== undefined) await must('ask the network first again', ['efibootmgr', '-q', '-o', next]);
}

/** Numbers of the entries with this label, as `efibootmgr` lists them: `Boot0003* debian\tHD(1,…`. */
export function entriesNamed(list: string, label: string): string[] {
  return [...list.matchAll(/^Boot([0-9A-Fa-f]{4})\*?\s+([^\t\n]*)/gm)]
    .filter((entry) => entry[2]?.trim() === label)
    .map((entry) => entry[1] ?? '');
}

/**
 * The boot order with its first entry, which is new, behind the one that booted this time; undefined where efibootmgr names none that
 * is in the order.
 */
export function behindCurrent(list: string): string | undefined {
  const current = /^BootCurrent: ([0-9A-Fa-f]{4})$/m.exec(list)?.[1];
  const [added, ...others] = /^BootOrder: ([0-9A-Fa-f,]+)$/m.exec(list)?.[1]?.split(',') ?? [];
  const at = others.findIndex((id) => id === current);
  return added === undefined || at < 0 ? undefined : others.toSpliced(at + 1, 0, added).join(',');
}

const SUFFIX: Partial<Record<NodeJS.Architecture, string>> = { x64: 'x64', arm64: 'aa64', ia32: 'ia32' };

/**
 * The loader of a mounted EFI system partition: what a distribution's BOOTX64.CSV names, its shim or GRUB, or the one for
 * removable media. FAT knows no case, Linux may.
 */
export function findLoader(esp: string, arch: NodeJS.Architecture = process.arch): Loader | undefined {
  const suffix = SUFFIX[arch] ?? arch;
  const base = child(esp, 'EFI');
  if (base === undefined) return undefined;
  const vendors = readdirOr(join(esp, base)).filter((name) => name.toLowerCase() !== 'boot');
  for (const vendor of vendors) {
    const dir = join(esp, base, vendor);
    const list = child(dir, `BOOT${suffix}.CSV`);
    const named = list === undefined ? undefined : firstOfList(readFileSync(join(dir, list)));
    const file = named === undefined ? undefined : child(dir, named.file);
    if (named !== undefined && file !== undefined) {
      return { path: `\\EFI\\${vendor}\\${file}`, label: named.label || LABEL };
    }
  }
  for (const vendor of vendors) {
    for (const name of [`shim${suffix}.efi`, `grub${suffix}.efi`, `bootmgfw.efi`]) {
      const file = child(join(esp, base, vendor), name);
      if (file !== undefined) return { path: `\\EFI\\${vendor}\\${file}`, label: LABEL };
    }
  }
  return removableLoader(esp, arch);
}

/** `\\EFI\\BOOT\\BOOTX64.EFI`, which firmware finds without an entry. */
function removableLoader(esp: string, arch: NodeJS.Architecture = process.arch): Loader | undefined {
  const base = child(esp, 'EFI');
  const boot = base === undefined ? undefined : child(join(esp, base), 'BOOT');
  if (base === undefined || boot === undefined) return undefined;
  const file = child(join(esp, base, boot), `BOOT${SUFFIX[arch] ?? arch}.EFI`);
  return file === undefined ? undefined : { path: `\\EFI\\${boot}\\${file}`, label: LABEL };
}

function child(dir: string, name: string): string | undefined {
  return readdirOr(dir).find((entry) => entry.toLowerCase() === name.toLowerCase());
}

/** The first line of a CSV in UTF-16: `shimx64.efi,debian,,This is the boot entry for debian`. Nothing with a path in it. */
function firstOfList(bytes: Buffer): { file: string; label: string } | undefined {
  const text = bytes
    .subarray(0, 64 * 1024)
    .toString('utf16le')
    .replace(/^\ufeff/, '');
  const [file = '', label = ''] = (text.split('\n')[0] ?? '').split(',').map((word) => word.trim());
  return /^[\w.-]+\.efi$/i.test(file) && /^[ -~]{0,60}$/.test(label) ? { file, label } : undefined;
}

function readdirOr(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
}
