/** The boot loader for `boot_option=local`, as the original installed it: the last partition, chroot, grub-install. */
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RazorMkError } from '../../platform/errors.ts';
import type { Log } from '../../platform/log.ts';
import type { RunResult } from '../../platform/run.ts';
import type { System } from '../../platform/system.ts';
import type { Disk } from './disks.ts';

/** Installs GRUB from the written image itself. Throws RAZOR_MK_DEPLOY with what the failing program said. */
export async function installBootloader(system: System, disk: Disk, mode: 'bios' | 'uefi', log: Log): Promise<void> {
  const must = async (what: string, argv: readonly [string, ...string[]], timeoutMs = 120_000): Promise<RunResult> => {
    const result = await system.run(what, argv, { timeoutMs });
    if (result.status === 0) return result;
    const said = result.stderr.toString().trim() || result.stdout.toString().trim() || result.failure || 'it failed';
    throw new RazorMkError('RAZOR_MK_DEPLOY', `${what}: ${said.slice(-500)}`);
  };
  await must(`read the partitions of ${disk.path}`, ['partprobe', disk.path]);
  const root = lastPartition(disk);
  if (root === undefined && system.live) throw new RazorMkError('RAZOR_MK_DEPLOY', `${disk.path} has no partition`);
  const place = await mkdtemp(join(tmpdir(), 'razor-mk-root-'));
  const mounted: string[] = [];
  const mount = async (what: string, argv: readonly [string, ...string[]]): Promise<void> => {
    await must(what, argv);
    mounted.push(argv.at(-1) ?? '');
  };
  try {
    await mount(`mount ${root ?? 'the last partition'}`, ['mount', root ?? '/dev/null', place]);
    for (const dir of ['dev', 'sys', 'proc'])
      await mount(`bind /${dir}`, ['mount', '--bind', `/${dir}`, join(place, dir)]);
    if (mode === 'uefi') {
      await must('make /boot/efi', ['mkdir', '-p', join(place, 'boot/efi')]);
      await mount('mount the EFI partition', ['mount', '-L', 'efi-part', join(place, 'boot/efi')]);
    }
    await inChroot(system, place, disk, mode, must, log);
  } finally {
    for (const path of mounted.reverse()) await system.run(`unmount ${path}`, ['umount', path]);
    await rm(place, { recursive: false, force: true }).catch(() => undefined);
  }
}

type Must = (what: string, argv: readonly [string, ...string[]], timeoutMs?: number) => Promise<RunResult>;

async function inChroot(
  system: System,
  place: string,
  disk: Disk,
  mode: 'bios' | 'uefi',
  must: Must,
  log: Log,
): Promise<void> {
  const has = async (name: string): Promise<boolean> =>
    (await system.run(`look for ${name}`, ['chroot', place, 'sh', '-c', 'command -v "$1" >/dev/null', 'sh', name]))
      .status === 0;
  const grub2 = await has('grub2-install');
  const install = grub2 ? 'grub2-install' : 'grub-install';
  const config = grub2 ? '/boot/grub2/grub.cfg' : '/boot/grub/grub.cfg';
  const target = mode === 'uefi' ? ['--efi-directory=/boot/efi'] : [];
  await must(`${install} ${disk.path}`, ['chroot', place, install, ...target, disk.path], 600_000);
  await must(`write ${config}`, ['chroot', place, grub2 ? 'grub2-mkconfig' : 'grub-mkconfig', '-o', config], 600_000);
  log.info(`the boot loader is on ${disk.path}`);
}

/** `/dev/sda3`, the partition with the highest number. */
function lastPartition(disk: Disk): string | undefined {
  const entry = disk.name.replaceAll('/', '!');
  try {
    const number = (name: string): number => Number(/(\d+)$/.exec(name)?.[1] ?? 0);
    const parts = readdirSync(`/sys/block/${entry}`).filter((name) => name !== entry && name.startsWith(entry));
    const last = parts.sort((a, b) => number(a) - number(b)).at(-1);
    return last === undefined ? undefined : `/dev/${last.replaceAll('!', '/')}`;
  } catch {
    return undefined;
  }
}
