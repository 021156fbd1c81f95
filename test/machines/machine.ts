/** What a virtual machine of the tables is, and what is known of it before it boots. */
import type { FactSet } from '../../facts/fact-types.ts';
import type { Inventory } from '../../facts/facts.ts';

export interface LookedAtMachine {
  /** Letters, digits and hyphens; unique. */
  readonly name: string;
  /** What no recording has, and what could go wrong with it. */
  readonly why: string;
  /** Words for QEMU. `@diskN` is the path of disk N. */
  readonly qemu: readonly string[];
  /** Devices that this QEMU must have; an older one skips the machine, and says so. */
  readonly needs?: readonly string[];
  /** Sizes of the disk images in MiB. */
  readonly disks?: readonly number[];
  /** Flat facts that must have these values; undefined: must be absent. */
  readonly facts: Readonly<Record<string, string | undefined>>;
  /** More than flat facts say. Throws where something is wrong. */
  readonly look?: (seen: Seen) => void;
}

/** What a machine said, replayed from its capture. */
export interface Seen {
  readonly set: FactSet;
  readonly inventory: Inventory;
}

/** A disk image as a drive without a device. */
export function drive(index: number, more = ''): string[] {
  return ['-drive', `file=@disk${index},format=raw,if=none,id=d${index},cache=unsafe${more}`];
}

/** A PC of today without anything that was not asked for. */
export function q35(...more: string[]): string[] {
  return ['-M', 'q35', '-cpu', 'qemu64', '-m', '768', '-nodefaults', '-vga', 'none', ...more];
}
