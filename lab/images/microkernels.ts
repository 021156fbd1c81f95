/** Microkernels for the machine that asks: of several processors, each boots its own. */
import { open } from 'node:fs/promises';
import { isArm64Image, KERNEL_HEAD, type KernelArch } from '../../platform/netboot/kernel-arch.ts';
import { within } from '../../platform/within.ts';
import type { Image } from '../store/records.ts';
import { rankMicrokernels } from './images.ts';

export interface Microkernel {
  readonly image: Image;
  readonly arch: KernelArch;
}

/** The processor of each microkernel, the one to boot first in front; those whose kernel cannot be read count as PCs'. */
export async function microkernelsByArch(images: readonly Image[]): Promise<readonly Microkernel[]> {
  return await Promise.all(rankMicrokernels(images).map(async (image) => ({ image, arch: await archOf(image) })));
}

async function archOf({ path, kernel }: Image): Promise<KernelArch> {
  const file = kernel === undefined ? undefined : await within(path, kernel);
  const handle = file === undefined ? undefined : await open(file).catch(() => undefined);
  if (handle === undefined) return 'x86_64';
  try {
    const head = Buffer.alloc(KERNEL_HEAD);
    const { bytesRead } = await handle.read(head, 0, KERNEL_HEAD, 0);
    return isArm64Image(head.subarray(0, bytesRead)) ? 'arm64' : 'x86_64';
  } finally {
    await handle.close();
  }
}
