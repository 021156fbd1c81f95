/** What both sides of the qcow2 benchmark know. */

/** What TCP gets through 1 Gbit/s of Ethernet with frames of 1,500 bytes, in bytes a second. */
export const LINK = 1e9 / 8 / (1538 / 1448);

export interface Measured {
  readonly seconds: number;
  /** Highest resident set of the process that did it; with the file in tmpfs for qemu-img. */
  readonly peak: number;
  /** The most of it that was anonymous memory: the rest are pages of files, which the kernel can drop and read again. */
  readonly anonymous: number;
  /** Of that, what was there before it began: Node and the code. */
  readonly before: number;
}
