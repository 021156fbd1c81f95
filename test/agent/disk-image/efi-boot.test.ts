import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { behindCurrent, entriesNamed, findLoader, makeBootEntry } from '../../../agent/disk-image/efi-boot.ts';
import type { ImageRecord } from '../../../agent/disk-image/record.ts';
import { createLog } from '../../../platform/log/log.ts';
import type { RunResult } from '../../../platform/process/run.ts';
import { createSystem, type System } from '../../../platform/system.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

function tree(t: TestContext, files: Readonly<Record<string, string | Buffer>>): string {
  const dir = temporaryDirectory(t);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  return dir;
}

const CSV = Buffer.from('\ufeffshimx64.efi,debian,,This is the boot entry for debian\n', 'utf16le');

test('the loader is the one that a distribution’s list names, whatever the case of its letters', (t) => {
  const esp = tree(t, { 'efi/debian/BOOTX64.CSV': CSV, 'efi/debian/ShimX64.efi': '', 'efi/boot/bootx64.efi': '' });
  assert.deepEqual(findLoader(esp, 'x64'), { path: '\\EFI\\debian\\ShimX64.efi', label: 'debian' });
});

test('without a list a shim goes before GRUB, and both before the loader of removable media', (t) => {
  const both = tree(t, { 'EFI/os/grubx64.efi': '', 'EFI/os/shimx64.efi': '', 'EFI/BOOT/BOOTX64.EFI': '' });
  assert.equal(findLoader(both, 'x64')?.path, '\\EFI\\os\\shimx64.efi');
  const fallback = tree(t, { 'EFI/BOOT/BOOTX64.EFI': '', 'EFI/os/readme': '' });
  assert.deepEqual(findLoader(fallback, 'x64'), { path: '\\EFI\\BOOT\\BOOTX64.EFI', label: 'ironic1' });
  assert.equal(findLoader(fallback, 'arm64'), undefined);
});

test('a list that names a path, or a file that is not there, is passed over', (t) => {
  const evil = Buffer.from('..\\..\\x.efi,evil,,\n', 'utf16le');
  assert.equal(findLoader(tree(t, { 'EFI/a/BOOTX64.CSV': evil }), 'x64'), undefined);
  assert.equal(findLoader(tree(t, { 'EFI/a/BOOTX64.CSV': CSV }), 'x64'), undefined);
});

test('entries of the same name are found in what efibootmgr lists', () => {
  const list =
    'BootCurrent: 0001\nBootOrder: 0001,0003\nBoot0001* UEFI PXE\tPciRoot\nBoot0003* debian\tHD(1,GPT)\nBoot000A  debian\tHD(2)\n';
  assert.deepEqual(entriesNamed(list, 'debian'), ['0003', '000A']);
  assert.deepEqual(entriesNamed(list, 'UEFI'), []);
});

test('a new entry goes behind the one that booted this time, and stays first where that is unknown', () => {
  const list = (current: string, order: string): string =>
    `BootCurrent: ${current}\nTimeout: 0 seconds\nBootOrder: ${order}\n`;
  assert.equal(behindCurrent(list('0003', '0009,0001,0003,0002')), '0001,0003,0009,0002');
  assert.equal(behindCurrent(list('0005', '0009,0001')), undefined);
  assert.equal(behindCurrent('BootOrder: 0009,0001\n'), undefined);
});

/** A live system whose programs are this function; `mount` puts the files of `esp` where it is asked to. */
function programs(esp: string, ran: string[], missing = ''): System {
  const dry = createSystem({ live: false, log: createLog({}) });
  return {
    ...dry,
    run(_what, argv): Promise<RunResult> {
      ran.push(argv.join(' '));
      if (argv[0] === 'mount' && argv.includes('vfat')) cpSync(esp, argv.at(-1) ?? '', { recursive: true });
      if (argv[0] === 'umount') rmSync(join(argv[1] ?? '', 'EFI'), { recursive: true });
      const listed = argv.length === 1 ? 'Boot0007* ironic1\tHD(1)\n' : '';
      const stdout = Buffer.from(listed);
      return Promise.resolve({
        argv,
        signal: undefined,
        durationMs: 0,
        ...(argv[0] === missing
          ? { status: undefined, failure: 'not-found' as const }
          : { status: 0, failure: undefined }),
        stdout,
        stderr: Buffer.alloc(0),
      });
    },
  };
}

const RECORD: ImageRecord = { disk: '/dev/nvme0n1', device: true, image: 'i', bytes: 1, efi: { number: 2 } };

test('on UEFI the entry is made anew and first; an entry of the same name goes', async (t) => {
  const esp = tree(t, { 'EFI/BOOT/BOOTX64.EFI': '' });
  const root = tree(t, { 'sys/firmware/efi/efivars/x': '' });
  const ran: string[] = [];
  const said = await makeBootEntry({ record: RECORD, system: programs(esp, ran), root, arch: 'x64' });
  assert.equal(said, 'the firmware boots \\EFI\\BOOT\\BOOTX64.EFI of /dev/nvme0n1p2');
  assert.match(ran[0] ?? '', /^mount -t vfat -o ro,nodev,nosuid,noexec \/dev\/nvme0n1p2 /);
  assert.deepEqual(ran.slice(2), [
    'efibootmgr',
    'efibootmgr -q -b 0007 -B',
    'efibootmgr -q -c -d /dev/nvme0n1 -p 2 -L ironic1 -l \\EFI\\BOOT\\BOOTX64.EFI',
  ]);
});

test('a BIOS needs no entry; UEFI without an EFI system partition, and no image at all, are refused', async (t) => {
  const [bios, uefi] = [tree(t, { x: '' }), tree(t, { 'sys/firmware/efi/x': '' })];
  const system = programs(bios, []);
  assert.match(await makeBootEntry({ record: RECORD, system, root: bios }), /is a BIOS/);
  const { efi: _, ...without } = RECORD;
  await assert.rejects(makeBootEntry({ record: without, system, root: uefi }), /no EFI system partition/);
  await assert.rejects(makeBootEntry({ record: undefined, system, root: uefi }), /no image was written/);
  const empty = tree(t, { 'EFI/readme': '' });
  await assert.rejects(makeBootEntry({ record: RECORD, system: programs(empty, []), root: uefi }), /no boot loader/);
});

test('without efibootmgr an image with EFI/BOOT is left to the firmware, and another one is refused', async (t) => {
  const root = tree(t, { 'sys/firmware/efi/efivars/x': '' });
  const removable = programs(tree(t, { 'EFI/BOOT/BOOTX64.EFI': '' }), [], 'efibootmgr');
  const said = await makeBootEntry({ record: RECORD, system: removable, root, arch: 'x64' });
  assert.match(said, /no efibootmgr: the firmware must find/);
  const vendor = programs(tree(t, { 'EFI/os/grubx64.efi': '' }), [], 'efibootmgr');
  await assert.rejects(makeBootEntry({ record: RECORD, system: vendor, root, arch: 'x64' }), /no efibootmgr in this/);
});
