/**
 * An operating system's disk image as a conductor would write it, small: swap first, the root partition last, with BusyBox and
 * Debian's GRUB in it, but no boot loader on the disk. What `boot_option=local` is for.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fetchPackage } from '../../tinycore/image/base/debian.ts';
import { must } from '../../tinycore/image/programs.ts';

const MIB = 1024 * 1024;
const SWAP_MIB = 4;
const ROOT_MIB = 56;
const EFI_MIB = 34; // the least that mformat makes a FAT32 of

/** Where `image base --from-debian` keeps its packages too. */
export const DEBIAN_CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'razor-mk/debian');

/** What GRUB of the local disk says on the serial console. */
export const LOCAL_DISK = 'RAZOR-MK: GRUB of the local disk, written over iSCSI';

/** Writes DIR/os-MODE.raw and gives its path. Throws where a package or a program is missing. */
export async function makeOsImage(dir: string, mode: 'bios' | 'uefi' = 'bios'): Promise<string> {
  const root = join(dir, `os-${mode}`);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const busybox = await fetchPackage('busybox-static', { cache: DEBIAN_CACHE });
  const grub = [];
  for (const name of ['grub-common', 'grub2-common', mode === 'uefi' ? 'grub-efi-amd64-bin' : 'grub-pc-bin'])
    grub.push(await fetchPackage(name, { cache: DEBIAN_CACHE }));
  for (const place of [
    'dev',
    'proc',
    'sys',
    'tmp',
    'run',
    'bin',
    'sbin',
    'usr/bin',
    'usr/sbin',
    'boot/grub',
    'boot/efi',
    'etc',
  ])
    mkdirSync(join(root, place), { recursive: true });
  for (const { root: from } of grub) {
    for (const part of ['usr/bin', 'usr/sbin', 'usr/lib/grub', 'usr/share/grub', 'etc/grub.d', 'etc/default'])
      if (existsSync(join(from, part)))
        cpSync(join(from, part), join(root, part), { recursive: true, force: true, filter: isWanted });
  }
  for (const name of readdirSync(join(root, 'etc/grub.d'))) {
    if (!['00_header', '40_custom'].includes(name)) rmSync(join(root, 'etc/grub.d', name));
  }
  writeFileSync(join(root, 'etc/default/grub'), 'GRUB_TIMEOUT=0\nGRUB_TERMINAL=serial\nGRUB_DISTRIBUTOR=razor\n');
  writeFileSync(join(root, 'etc/motd'), `${LOCAL_DISK}\n`);
  writeFileSync(
    join(root, 'etc/grub.d/40_custom'),
    "#!/bin/sh\nexec tail -n +3 $0\nmenuentry 'local' {\n  cat /etc/motd\n  sleep 3600\n}\n",
    { mode: 0o755 },
  );
  cpSync(join(busybox.root, 'bin/busybox'), join(root, 'bin/busybox'));
  const applets = (await must([join(root, 'bin/busybox'), '--list'])).stdout.toString().split('\n').filter(Boolean);
  for (const applet of applets) {
    if (applet !== 'busybox') symlinkSync('/bin/busybox', join(root, 'bin', applet));
  }
  for (const program of [
    'usr/sbin/grub-install',
    'usr/bin/grub-mkimage',
    'usr/sbin/grub-probe',
    'usr/bin/grub-editenv',
  ])
    await copyLibraries(join(root, program), root);
  return await assemble(dir, root, mode);
}

/** Without what nobody needs to install it. */
function isWanted(path: string): boolean {
  return !/\.(module|image|exec)$|\/(grub-mkrescue|grub-fstest|grub-mount|monolithic)$/.test(path);
}

async function copyLibraries(program: string, root: string): Promise<void> {
  const { stdout } = await must(['ldd', program]);
  for (const [path] of stdout.toString().matchAll(/\/\S+/g)) {
    const to = join(root, path);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(realpathSync(path), to);
  }
}

/** An MBR with swap and root; for UEFI the EFI partition that Ironic labels efi-part goes first. The root is the last one. */
async function assemble(dir: string, root: string, mode: 'bios' | 'uefi'): Promise<string> {
  const image = join(dir, `os-${mode}.raw`);
  const partition = join(dir, `os-${mode}.ext4`);
  rmSync(partition, { force: true });
  const features = '^metadata_csum_seed,^orphan_file'; // GRUB 2.06 knows neither
  await must(['mke2fs', '-q', '-t', 'ext4', '-O', features, '-L', 'root', '-d', root, partition, `${ROOT_MIB}M`]);
  const efiMib = mode === 'uefi' ? EFI_MIB : 0;
  const rootAt = 1 + efiMib + SWAP_MIB;
  const table = partitionTable([
    ...(mode === 'uefi' ? [{ type: 0xef, mib: 1, sizeMib: EFI_MIB }] : []),
    { type: 0x82, mib: 1 + efiMib, sizeMib: SWAP_MIB },
    { type: 0x83, mib: rootAt, sizeMib: ROOT_MIB },
  ]);
  const file = await open(image, 'w');
  try {
    await file.write(table, 0, table.length, 0);
    await file.truncate((rootAt + ROOT_MIB + 1) * MIB);
  } finally {
    await file.close();
  }
  await must(['dd', `if=${partition}`, `of=${image}`, 'bs=1M', `seek=${rootAt}`, 'conv=notrunc', 'status=none']);
  if (mode === 'uefi') {
    const efi = join(dir, 'efi.fat');
    rmSync(efi, { force: true });
    const sectors = String((EFI_MIB * MIB) / 512);
    await must(['mformat', '-C', '-i', efi, '-F', '-T', sectors, '-h', '16', '-s', '32', '-v', 'efi-part', '::']);
    await must(['dd', `if=${efi}`, `of=${image}`, 'bs=1M', 'seek=1', 'conv=notrunc', 'status=none']);
    rmSync(efi);
  }
  rmSync(partition);
  rmSync(root, { recursive: true });
  return image;
}

/** A DOS partition table; the last partition is marked as the one to boot from. */
export function partitionTable(parts: readonly { type: number; mib: number; sizeMib: number }[]): Buffer {
  const sector = Buffer.alloc(512);
  parts.forEach(({ type, mib, sizeMib }, index) => {
    const at = 446 + 16 * index;
    sector[at] = index === parts.length - 1 ? 0x80 : 0;
    sector.set([0xfe, 0xff, 0xff, type, 0xfe, 0xff, 0xff], at + 1);
    sector.writeUInt32LE(mib * 2048, at + 8);
    sector.writeUInt32LE(sizeMib * 2048, at + 12);
  });
  sector.writeUInt32LE(0x5a4f5221, 440); // a disk signature
  sector.set([0x55, 0xaa], 510);
  return sector;
}
