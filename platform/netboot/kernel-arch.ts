/** Which processor a kernel file is for. Pure. */

/** Processors that images are built for, as iPXE (`buildarch`), GRUB (`grub_cpu`) and their boot scripts name them. */
export type KernelArch = 'x86_64' | 'arm64';

/** Bytes of a kernel file that tell it. */
export const KERNEL_HEAD = 64;

/** Whether the first bytes of a file are an arm64 kernel's (Documentation/arch/arm64/booting.rst). */
export function isArm64Image(head: Buffer): boolean {
  return head.length >= KERNEL_HEAD && head.toString('latin1', 0x38, 0x3c) === 'ARM\x64';
}

/** What a boot loader says of itself, or undefined where it says nothing. i386 is a PC's loader too: it starts kernels of 64 bits. */
export function loaderArch(text: unknown): KernelArch | undefined {
  if (typeof text !== 'string' || text === '') return undefined;
  return /^(arm64|aarch64)$/.test(text) ? 'arm64' : 'x86_64';
}
