import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installBootloader } from '../../../../agent/servers/ironic-2014/bootloader.ts';
import type { Disk } from '../../../../agent/disks/disks.ts';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import type { Log } from '../../../../platform/log/log.ts';
import type { System } from '../../../../platform/system.ts';
import type { Clock } from '../../../../platform/time/clock.ts';

const DISK = { name: 'no-such-disk', path: '/dev/no-such-disk' } as unknown as Disk;

/** A system that notes its programs; those whose words match `failing` end in 1. */
function machine(live: boolean, failing = /nothing fails/) {
  const asked: string[] = [];
  const said: string[] = [];
  const slept: number[] = [];
  const system = {
    live,
    run: (what: string, argv: readonly string[]) => {
      asked.push(argv.join(' '));
      const bad = failing.test(argv.join(' '));
      const stderr = Buffer.from(bad ? ` ${what} went wrong \n` : '');
      return Promise.resolve({ argv, status: bad ? 1 : 0, stdout: Buffer.alloc(0), stderr });
    },
  } as unknown as System;
  const log = {
    info: (text: string) => void said.push(text),
    warn: (text: string) => void said.push(`! ${text}`),
  } as unknown as Log;
  const clock = { sleep: (ms: number) => Promise.resolve(void slept.push(ms)) } as unknown as Clock;
  return { asked, said, slept, parts: { system, log, clock } };
}

test('a dry run names every step of BIOS: mounts, grub-install and its configuration in the image, unmounts backwards', async () => {
  const { asked, said, parts } = machine(false);
  await installBootloader(parts, DISK, 'bios');
  assert.deepEqual(asked, [
    'blockdev --rereadpt /dev/no-such-disk',
    'mount /dev/null /mnt',
    'mount --bind /dev /mnt/dev',
    'mount --bind /sys /mnt/sys',
    'mount --bind /proc /mnt/proc',
    'chroot /mnt grub-install /dev/no-such-disk',
    'chroot /mnt grub-mkconfig -o /boot/grub/grub.cfg',
    'umount /mnt/proc',
    'umount /mnt/sys',
    'umount /mnt/dev',
    'umount /mnt',
  ]);
  assert.deepEqual(said, ['then the boot loader would be on /dev/no-such-disk']);
});

test('UEFI mounts its partition and the firmware’s variables besides, and tells grub-install where', async () => {
  const { asked, parts } = machine(false);
  await installBootloader(parts, DISK, 'uefi');
  assert.deepEqual(asked.slice(5, 8), [
    'mount /dev/null /mnt/boot/efi',
    'mount -t efivarfs efivarfs /mnt/sys/firmware/efi/efivars',
    'chroot /mnt grub-install --efi-directory=/boot/efi /dev/no-such-disk',
  ]);
});

test('a firmware whose variables cannot be mounted gets no boot entry, and the rest goes on', async () => {
  const { asked, said, parts } = machine(false, /efivarfs/);
  await installBootloader(parts, DISK, 'uefi');
  assert.match(said[0] ?? '', /^! the firmware gets no boot entry: .*the firmware’s variables went wrong/);
  assert.ok(asked.includes('chroot /mnt grub-mkconfig -o /boot/grub/grub.cfg'));
  assert.equal(
    asked.some((line) => line.startsWith('umount') && line.includes('efivars')),
    false,
  );
});

test('a step that fails ends it with the words of its program; what is mounted is unmounted', async () => {
  const { asked, parts } = machine(false, /grub-install/);
  await assert.rejects(
    installBootloader(parts, DISK, 'bios'),
    (error: unknown) =>
      error instanceof RazorMkError &&
      error.code === 'RAZOR_MK_DEPLOY' &&
      error.message === 'grub-install /dev/no-such-disk: grub-install /dev/no-such-disk went wrong',
  );
  assert.deepEqual(asked.slice(-4), ['umount /mnt/proc', 'umount /mnt/sys', 'umount /mnt/dev', 'umount /mnt']);
});

test('what stays mounted is said', async () => {
  const { said, parts } = machine(false, /umount \/mnt\/sys/);
  await installBootloader(parts, DISK, 'bios');
  assert.deepEqual(said.slice(1), ['! /mnt/sys stays mounted: unmount /mnt/sys went wrong']);
});

test('a live system looks ten times, half a second apart, for partitions, and says why there are none', async () => {
  for (const [failing, why] of [
    [/blockdev/, ': read the partitions of /dev/no-such-disk went wrong'],
    [/nothing/, ''],
  ] as const) {
    const { asked, slept, parts } = machine(true, failing);
    await assert.rejects(
      installBootloader(parts, DISK, 'bios'),
      new RazorMkError('RAZOR_MK_DEPLOY', `/dev/no-such-disk has no partition that the kernel sees${why}`),
    );
    assert.deepEqual(
      slept,
      Array.from({ length: 10 }, () => 500),
    );
    assert.equal(asked.length, 10);
  }
});
