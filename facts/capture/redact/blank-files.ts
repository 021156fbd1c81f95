/** Files of bytes of which facts need little: the rest is blanked, because nobody knows what it says of a machine. Pure. */
import { dashed, type SecretSet } from './secrets.ts';

/** A disk's first sectors: `/dev/sda`. */
export const DISK_START = /^\/dev\/(?!kmsg|disk\/)[^/]+$/;
/** A load option of UEFI, as efivarfs has it. */
export const LOAD_OPTION = /\/efivars\/Boot[0-9A-F]{4}-/;

const GPT = 'EFI PART';

/** The offset of the GPT header, with sectors of 512 or 4096 bytes; undefined without one. */
function gptAt(start: Buffer): number | undefined {
  return [512, 4096].find((at) => start.length >= at + 92 && start.toString('latin1', at, at + 8) === GPT);
}

/** The GUID of a disk's GPT, and the signature of its MBR. */
export function addDiskSecrets(start: Buffer, secrets: SecretSet): void {
  const gpt = gptAt(start);
  if (gpt !== undefined) secrets.addUuid(mixedEndian(start.subarray(gpt + 56, gpt + 72)));
  if (start.length >= 512) secrets.addSerial(start.readUInt32LE(440).toString(16).padStart(8, '0'));
}

function mixedEndian(guid: Buffer): string {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return dashed(order.map((i) => (guid[i] ?? 0).toString(16).padStart(2, '0')).join(''));
}

/** Keeps the MBR's signature, partitions and mark, and the GPT's header: what hardware/partition-table.ts reads. */
export function blankDiskStart(start: Buffer): Buffer {
  const copy = Buffer.alloc(start.length);
  start.copy(copy, 440, 440, 444);
  start.copy(copy, 446, 446, 512);
  const gpt = gptAt(start);
  if (gpt !== undefined) start.copy(copy, gpt, gpt, gpt + 92);
  return copy;
}

/** Types and sub-types of device path nodes that name no part of one machine: hardware, ACPI, USB and SATA ports, MAC, IP, files. */
const KEPT_MESSAGING = new Set([5, 11, 12, 13, 18]);

/** Keeps attributes, description and such nodes of a load option; the data of others and what lies behind them is zero. */
export function blankLoadOption(variable: Buffer): Buffer {
  const copy = Buffer.from(variable);
  if (copy.length < 10) return copy;
  let at = 10; // efivarfs' attributes, the option's own, the length of its path
  while (at + 1 < copy.length && copy.readUInt16LE(at) !== 0) at += 2;
  at += 2;
  const end = Math.min(copy.length, at + copy.readUInt16LE(8));
  while (at + 4 <= end) {
    const length = copy.readUInt16LE(at + 2);
    const type = copy[at] ?? 0;
    if (length < 4 || type === 0x7f) break;
    const kept =
      type === 1 ||
      type === 2 ||
      (type === 3 && KEPT_MESSAGING.has(copy[at + 1] ?? 0)) ||
      (type === 4 && copy[at + 1] === 4);
    if (!kept) copy.fill(0, Math.min(at + 4, end), Math.min(at + length, end));
    at += length;
  }
  copy.fill(0, Math.min(at + 4, copy.length));
  return copy;
}
