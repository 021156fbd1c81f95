/** How much memory a machine needs to unpack an initrd. */

/** MiB that the kernel keeps for itself of what it counts as MemTotal while it unpacks. Found by boots; see docs/image.md. */
const KERNEL_MIB = 16;

/**
 * MiB of MemTotal. The first root file system may take half of the memory that is free while the initrd, compressed, still
 * lies in it: both must fit. (With rootfstype=ramfs on the kernel line the half is lifted.)
 * @param unpacked bytes of the unpacked tree in whole pages
 * @param packed bytes of the initrd as it was loaded
 */
export function memoryNeeded(unpacked: number, packed: number): number {
  return Math.ceil((unpacked * 2 + packed) / 1048576) + KERNEL_MIB;
}
