/**
 * The configuration space of a PCI device, which its file gives straight from the device: a virtual machine waits some 20 µs for every
 * four bytes. So of the header and of each capability only what is looked at is read; the rest is zeros.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { errnoOf } from '../../platform/errors/errors.ts';
import type { ReadOutcome } from './origin.ts';

export const CONFIG_SPACE = /^\/sys\/bus\/pci\/devices\/[^/]+\/config$/;

/** Parts of the header (PCI Local Bus 3.0, 6.1): command to base addresses, the first capability, the last line. */
const HEADER: readonly (readonly [from: number, to: number])[] = [
  [0x04, 0x28],
  [0x34, 0x38],
  [0x3c, 0x40],
];
const STATUS = 0x06;
const FIRST_CAPABILITY = 0x34;
const MOST_CAPABILITIES = 48;

/** The first `limit` bytes (64, or 256 with the capabilities). Never throws. */
export function readConfigSpace(path: string, limit: number): ReadOutcome {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY);
    const bytes = Buffer.alloc(limit);
    for (const [from, to] of HEADER) readSync(fd, bytes, from, Math.min(to, limit) - from, from);
    const hasCapabilities = ((bytes[STATUS] ?? 0) & 0x10) !== 0;
    let at = hasCapabilities ? (bytes[FIRST_CAPABILITY] ?? 0) & ~3 : 0;
    for (let count = 0; at >= 0x40 && at + 4 <= limit && count < MOST_CAPABILITIES; count += 1) {
      readSync(fd, bytes, at, 4, at);
      at = (bytes[at + 1] ?? 0) & ~3;
    }
    return { bytes };
  } catch (error) {
    return { code: errnoOf(error) ?? 'EIO' };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
