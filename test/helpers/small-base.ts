/** A base that is small and has what the image builder asks for, made in memory: no package, no kernel of anybody's. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { neededPrograms } from '../../tinycore/image/base/base-needs.ts';
import { writeCpio } from '../../tinycore/image/initrd/cpio.ts';
import {
  directoryEntry,
  fileEntry,
  parentsOf,
  sortEntries,
  symlinkEntry,
  type Entry,
} from '../../tinycore/image/initrd/entry.ts';

export const KERNEL_VERSION = '5.10.3-tinycore64';

/** The header of a bzImage with a version string, and nothing behind it that would run. */
export function fakeKernel(version = KERNEL_VERSION, wide = true): Buffer {
  const kernel = Buffer.alloc(4096);
  kernel.write('HdrS', 0x202, 'latin1');
  kernel.writeUInt16LE(0x20f, 0x206); // boot protocol 2.15
  kernel.writeUInt16LE(wide ? 1 : 0, 0x236);
  kernel.writeUInt16LE(0x300, 0x20e);
  kernel.write(`${version} (tc@box) #1 SMP\0`, 0x500, 'latin1');
  return kernel;
}

/** The header of an arm64 Image with EFI stub and one section, and its banner. */
export function fakeArm64Kernel(version = KERNEL_VERSION): Buffer {
  const kernel = Buffer.alloc(4096);
  kernel.write('MZ', 0, 'latin1');
  kernel.write('ARM\x64', 0x38, 'latin1');
  kernel.writeUInt32LE(0x40, 0x3c);
  kernel.write('PE\0\0', 0x40, 'latin1');
  kernel.writeUInt16LE(0xaa64, 0x44);
  kernel.writeUInt16LE(1, 0x46);
  kernel.writeUInt16LE(0xa0, 0x54); // size of the optional header
  const section = 0x40 + 24 + 0xa0;
  kernel.write('.text', section, 'latin1');
  kernel.writeUInt32LE(4096 - 512, section + 16);
  kernel.writeUInt32LE(512, section + 20);
  kernel.write(`\0Linux version %s (%s)\n\0Linux version ${version} (tc@box) #1 SMP\0`, 0x500, 'latin1');
  return kernel;
}

/** The header of a program for a processor, by its number (e_machine). */
export function fakeProgram(machine: number, wide = true): Buffer {
  const elf = Buffer.alloc(64);
  elf.write(`\x7fELF${wide ? '\x02' : '\x01'}`, 'latin1');
  elf.writeUInt16LE(machine, 18);
  return elf;
}

export function baseEntries(builtin: readonly string[] = ['squashfs', 'loop', 'e1000']): Entry[] {
  const modules = `lib/modules/${KERNEL_VERSION}`;
  const elf = Buffer.alloc(64);
  elf.write('\x7fELF\x02', 'latin1');
  const entries = [
    fileEntry('init', '#!/bin/sh\n', 0o755),
    fileEntry('bin/busybox', elf, 0o755),
    symlinkEntry('lib64', 'lib'),
    directoryEntry('usr/bin'),
    fileEntry('usr/bin/tce-load', '#!/bin/sh\n', 0o755),
    ...neededPrograms()
      .filter(({ program }) => program !== 'busybox')
      .map(({ program }) => symlinkEntry(`usr/bin/${program}`, '/bin/busybox')),
    fileEntry('usr/share/doc/tc/release.txt', 'version 14.0\n'),
    fileEntry('etc/shadow', 'root:*:0:0:99999:7:::\ntc:*:0:0:99999:7:::\n', 0o600),
    fileEntry(`${modules}/modules.builtin`, builtin.map((name) => `kernel/x/${name}.ko\n`).join('')),
    fileEntry(`${modules}/modules.order`, ''),
  ];
  return sortEntries([...parentsOf(entries), ...entries]);
}

/** Writes vmlinuz and core.gz into a directory. */
export function writeSmallBase(directory: string, entries = baseEntries(), kernel = fakeKernel()): string {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'vmlinuz'), kernel);
  writeFileSync(join(directory, 'core.gz'), gzipSync(writeCpio(entries)));
  return directory;
}

/** What passes for an extension: a squashfs superblock of the right size. */
export function fakeTcz(content = 'x', compression = 1): Buffer {
  const bytes = Buffer.alloc(4096 + content.length);
  bytes.write('hsqs', 0, 'latin1');
  bytes.writeUInt16LE(compression, 20);
  bytes.writeBigUInt64LE(BigInt(bytes.length), 40);
  bytes.write(content, 4096);
  return bytes;
}
