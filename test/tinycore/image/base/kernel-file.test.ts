import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { mirrorDirectory, readBase } from '../../../../tinycore/image/base/base-source.ts';
import { archOfProgram, readKernelFile, wholeLength } from '../../../../tinycore/image/base/kernel-file.ts';
import { fileEntry, type Entry } from '../../../../tinycore/image/initrd/entry.ts';
import { treeOf } from '../../../../tinycore/image/initrd/initrd.ts';
import {
  baseEntries,
  fakeArm64Kernel,
  fakeKernel,
  fakeProgram,
  KERNEL_VERSION,
  writeSmallBase,
} from '../../../helpers/small-base.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const [X86_64, I386, AARCH64, ARM, RISCV] = [62, 3, 183, 40, 243];

/** The small base, with a shell for another processor. */
function entriesFor(machine: number, wide = true): Entry[] {
  const shell = fileEntry('bin/busybox', fakeProgram(machine, wide), 0o755);
  return baseEntries().map((entry) => (entry.path === shell.path ? shell : entry));
}

test('a kernel says which processor it is for, and its release: arm64 only in its banner', () => {
  assert.deepEqual(readKernelFile(fakeKernel('6.1.0')), { arch: 'x64', release: '6.1.0' });
  assert.deepEqual(readKernelFile(fakeArm64Kernel('6.1.0-9-arm64')), { arch: 'arm64', release: '6.1.0-9-arm64' });
  const silent = fakeArm64Kernel();
  silent.fill(0, 0x500);
  assert.deepEqual(readKernelFile(silent), { arch: 'arm64', release: '' });
  assert.equal(readKernelFile(Buffer.alloc(4096)), undefined);
  assert.equal(readKernelFile(Buffer.alloc(16)), undefined);
});

test('an arm64 kernel that ends before its last section is cut off, and refused', async (t) => {
  const kernel = fakeArm64Kernel();
  assert.equal(wholeLength(kernel), 4096);
  assert.equal(wholeLength(Buffer.concat([kernel, Buffer.from('a signature')])), 4096);
  const base = writeSmallBase(temporaryDirectory(t), entriesFor(AARCH64), kernel.subarray(0, 4000));
  await assert.rejects(readBase({ base }), {
    code: 'RAZOR_MK_IMAGE_BASE',
    message: `the kernel of ${base} is cut off: it should have 4096 bytes and has 4000`,
  });
});

test('kernel and userland of one processor are taken, a 32-bit userland too; those of two are refused', async (t) => {
  const directory = temporaryDirectory(t);
  const read = async (kernel: Buffer, entries: Entry[]): Promise<string> => {
    const base = await readBase({ base: writeSmallBase(directory, entries, kernel) });
    assert.equal(base.kernelVersion, KERNEL_VERSION);
    return base.arch;
  };
  assert.equal(await read(fakeKernel(), entriesFor(X86_64)), 'x64');
  assert.equal(await read(fakeKernel(), entriesFor(I386, false)), 'x64');
  assert.equal(await read(fakeArm64Kernel(), entriesFor(AARCH64)), 'arm64');
  assert.equal(await read(fakeArm64Kernel(), entriesFor(ARM, false)), 'arm64');
  await assert.rejects(read(fakeKernel(), entriesFor(AARCH64)), {
    code: 'RAZOR_MK_IMAGE_BASE',
    message: `the kernel of ${directory} is for x86_64, the programs of its initrd are for aarch64`,
  });
  writeFileSync(join(directory, 'vmlinuz'), fakeArm64Kernel());
  await assert.rejects(read(fakeArm64Kernel(), entriesFor(X86_64)), /is for aarch64, the programs .* for x86_64/);
});

test('programs tell their processor; scripts and strangers none', () => {
  assert.equal(archOfProgram(fakeProgram(X86_64)), 'x64');
  assert.equal(archOfProgram(fakeProgram(AARCH64)), 'arm64');
  assert.equal(archOfProgram(fakeProgram(RISCV)), undefined);
  assert.equal(archOfProgram(Buffer.from('#!/bin/sh\n# not a program')), undefined);
  assert.equal(archOfProgram(Buffer.alloc(0)), undefined);
});

test('a node’s mirror has the directory of its processor', () => {
  const directories = [
    [X86_64, true],
    [I386, false],
    [AARCH64, true],
    [ARM, false],
  ].map(([machine, wide]) => mirrorDirectory(treeOf(entriesFor(machine as number, wide as boolean)), undefined));
  assert.deepEqual(directories, ['14.x/x86_64/tcz', '14.x/x86/tcz', '14.x/aarch64/tcz', '14.x/armv7/tcz']);
});
