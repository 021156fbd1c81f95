/**
 * The configuration space of a PCI device, which its file gives straight from the device: a virtual machine waits some 20 µs for every
 * four bytes. So of the header and of each capability only what is looked at is read; the rest is zeros.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { errnoOf } from '../../platform/errors/errors.ts';
import type { ReadOutcome } from './origin.ts';

export const CONFIG_SPACE = /^\/sys\/bus\/pci\/devices\/[^/]+\/config$/;

/**
 * Words of the header (PCI Local Bus 3.0, 6.1): command and status, latency and kind, the bus numbers of a bridge, the first
 * capability, the last line. What the kernel tells in other files (ids, class, revision, base addresses) is left out.
 */
const HEADER = [0x04, 0x0c, 0x34, 0x3c];
const KIND = 0x0e;
const BRIDGE_BUSES = 0x18;
const STATUS = 0x06;
const FIRST_CAPABILITY = 0x34;
const MOST_CAPABILITIES = 48;

/** The first `limit` bytes (64, or 256 with the capabilities). Never throws. */
export function readConfigSpace(path: string, limit: number): ReadOutcome {
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY);
    const bytes = Buffer.alloc(limit);
    for (const at of HEADER) readSync(fd, bytes, at, 4, at);
    if (((bytes[KIND] ?? 0) & 0x7f) === 1) readSync(fd, bytes, BRIDGE_BUSES, 4, BRIDGE_BUSES);
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
