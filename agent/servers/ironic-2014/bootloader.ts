/** The boot loader for `boot_option=local`, as the original installed it: the last partition, chroot, grub-install. */
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../../platform/time/clock.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { Log } from '../../../platform/log/log.ts';
import type { RunResult } from '../../../platform/process/run.ts';
import type { System } from '../../../platform/system.ts';
import type { Disk } from '../../disks/disks.ts';
import { partitionsOf, readVolume } from '../../disks/volumes.ts';

interface BootloaderParts {
  readonly system: System;
  readonly clock: Clock;
  readonly log: Log;
}

/** What Ironic calls the EFI system partition that it makes. */
const EFI_LABEL = 'efi-part';
const LOOKS = 10;

/** Installs GRUB from the written image itself. Throws RAZOR_MK_DEPLOY with what the failing program said. */
export async function installBootloader(parts: BootloaderParts, disk: Disk, mode: 'bios' | 'uefi'): Promise<void> {
  const { system, log } = parts;
  const partitions = await readPartitions(parts, disk);
  const root = partitions.at(-1);
  const place = system.live ? mkdtempSync(join(tmpdir(), 'razor-mk-root-')) : '/mnt';
  const mounted: string[] = [];
  const mount = async (what: string, words: readonly string[], at: string): Promise<void> => {
    if (system.live) mkdirSync(at, { recursive: true });
    await must(system, what, ['mount', ...words, at]);
    mounted.push(at);
  };
  const volume = (path: string): string[] => {
    const type = readVolume(path)?.type;
    return type === undefined ? [path] : ['-t', type, path];
  };
  try {
    await mount(`mount ${root ?? 'the last partition'}`, volume(root ?? '/dev/null'), place);
    for (const dir of ['dev', 'sys', 'proc']) await mount(`bind /${dir}`, ['--bind', `/${dir}`], join(place, dir));
    if (mode === 'uefi') {
      const efi = partitions.find((path) => readVolume(path)?.label.toLowerCase() === EFI_LABEL);
      if (efi === undefined && system.live) throw failed(`no partition of ${disk.path} is labelled ${EFI_LABEL}`);
      await mount(`mount ${efi ?? 'the EFI partition'}`, volume(efi ?? '/dev/null'), join(place, 'boot/efi'));
      // the firmware's variables are a file system of their own below /sys; without them there is no boot entry
      const variables = join(place, 'sys/firmware/efi/efivars');
      await mount('mount the firmware’s variables', ['-t', 'efivarfs', 'efivarfs'], variables).catch((error: unknown) =>
        log.warn(`the firmware gets no boot entry: ${String(error)}`),
      );
    }
    await inChroot(system, place, disk, mode);
    log.info(system.live ? `the boot loader is on ${disk.path}` : `then the boot loader would be on ${disk.path}`);
  } finally {
    for (const path of mounted.reverse()) {
      const { status, stderr } = await system.run(`unmount ${path}`, ['umount', path]);
      if (status !== 0) log.warn(`${path} stays mounted: ${stderr.toString().trim()}`);
    }
    if (system.live) removeEmpty(place);
  }
}

async function readPartitions({ system, clock }: BootloaderParts, disk: Disk): Promise<string[]> {
  let said = '';
  for (let look = 0; look < LOOKS; look++) {
    // refused as long as somebody has the disk open: the target may be just closing it
    const read = await system.run(`read the partitions of ${disk.path}`, ['blockdev', '--rereadpt', disk.path]);
    if (!system.live) return [];
    said = read.status === 0 ? '' : `: ${read.stderr.toString().trim()}`;
    const partitions = partitionsOf(disk.name).map((name) => `/dev/${name}`);
    if (read.status === 0 && partitions.length > 0) return partitions;
    await clock.sleep(500);
  }
  throw failed(`${disk.path} has no partition that the kernel sees${said}`);
}

async function inChroot(system: System, place: string, disk: Disk, mode: 'bios' | 'uefi'): Promise<void> {
  const has = async (name: string): Promise<boolean> =>
    (await system.run(`look for ${name}`, ['chroot', place, 'sh', '-c', 'command -v "$1" >/dev/null', 'sh', name]))
      .status === 0;
  const two = system.live && (await has('grub2-install')) ? '2' : '';
  const target = mode === 'uefi' ? ['--efi-directory=/boot/efi'] : [];
  const install = `grub${two}-install`;
  await must(system, `${install} ${disk.path}`, ['chroot', place, install, ...target, disk.path], 600_000);
  const config = `/boot/grub${two}/grub.cfg`;
  await must(system, `write ${config}`, ['chroot', place, `grub${two}-mkconfig`, '-o', config], 600_000);
}

async function must(
  system: System,
  what: string,
  argv: readonly [string, ...string[]],
  timeoutMs = 120_000,
): Promise<RunResult> {
  const result = await system.run(what, argv, { timeoutMs });
  if (result.status === 0) return result;
  const said = result.stderr.toString().trim() || result.stdout.toString().trim() || result.failure || 'it failed';
  throw failed(`${what}: ${said.slice(-500)}`);
}

function failed(message: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_DEPLOY', message);
}

/** Never recursively: what is still mounted there would go with it. */
function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // still mounted: said above
  }
}
