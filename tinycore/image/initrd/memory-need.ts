/** How much memory a machine needs to unpack an initrd and to run the agent from it. */

/** MiB that the kernel keeps for itself of what it counts as MemTotal while it unpacks. Found by boots; see docs/image.md. */
const KERNEL_MIB = 16;

/**
 * MiB of MemTotal that the kernel and the agent take besides the unpacked tree until a node is registered. Found by boots with QEMU
 * and the cloud kernel: with 34 MiB unpacked it registered with 122 MiB of MemTotal (-m 160), and not with 114 (-m 152).
 */
const RUNNING_MIB = 88;

const MIB = 1024 * 1024;

/**
 * MiB of MemTotal: the larger of what unpacking takes and what the running system takes. The first root file system may take
 * half of the memory that is free while the initrd, compressed, still lies in it: both must fit. (With rootfstype=ramfs on the
 * kernel line the half is lifted.)
 * @param unpacked bytes of the unpacked tree in whole pages
 * @param packed bytes of the initrd as it was loaded
 */
export function memoryNeeded(unpacked: number, packed: number): number {
  const unpacking = (unpacked * 2 + packed) / MIB + KERNEL_MIB;
  return Math.ceil(Math.max(unpacking, unpacked / MIB + RUNNING_MIB));
}
