/** What a virtual machine of the tables is, and what is known of it before it boots. */
import type { FactSet } from '../../facts/fact-types.ts';
import type { Inventory, StructuredFacts } from '../../facts/facts.ts';

export interface LookedAtMachine {
  /** Letters, digits and hyphens; unique. */
  readonly name: string;
  /** What no recording has, and what could go wrong with it. */
  readonly why: string;
  /** Words for QEMU. `@diskN` is the path of disk N, `@file:NAME` that of a file. */
  readonly qemu: readonly string[];
  /** Devices and kinds of machines that a QEMU must have; where there is none that has, the machine is skipped and says so. */
  readonly needs?: readonly string[];
  /** Sizes of the disk images in MiB. */
  readonly disks?: readonly number[];
  /** Small files that QEMU reads. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Added to the kernel line. */
  readonly append?: string;
  /** What the machine's shell does, when its drivers are there and before it looks at itself. */
  readonly setup?: string;
  /** UEFI in place of a BIOS: OVMF's code and variables of these names in /usr/share/OVMF. */
  readonly uefi?: readonly [code: string, variables: string];
  /** A TPM of swtpm: QEMU's device, and what it speaks. */
  readonly tpm?: { readonly device: string; readonly version: '1.2' | '2.0' };
  /** Flat facts that must have these values; undefined: must be absent. */
  readonly facts: Readonly<Record<string, string | undefined>>;
  /** Addresses of the id, in order; not compared where they are not given. */
  readonly id?: readonly string[];
  /** More than flat facts say. Throws where something is wrong. */
  readonly look?: (seen: Seen) => void;
}

/** What a machine said, replayed from its capture. */
export interface Seen {
  readonly set: FactSet;
  readonly inventory: Inventory;
  readonly structured: StructuredFacts;
}

/** A disk image as a drive without a device. */
export function drive(index: number, more = ''): string[] {
  return ['-drive', `file=@disk${index},format=raw,if=none,id=d${index},cache=unsafe${more}`];
}

/** A network card without a boot ROM, on a network of its own. */
export function nic(index: number, model: string, mac: string, more = ''): string[] {
  const rom = /usb|device|_isa/.test(model) ? '' : ',romfile=';
  return ['-netdev', `user,id=n${index},restrict=on`, '-device', `${model},netdev=n${index},mac=${mac}${rom}${more}`];
}

/** A PC of today without anything that was not asked for. */
export function q35(...more: string[]): string[] {
  return machine('q35', ...more);
}

/** The same of another kind, with QEMU's options for it. */
export function machine(kind: string, ...more: string[]): string[] {
  const has = (word: string): boolean => more.includes(word);
  const usual = [...(has('-cpu') ? [] : ['-cpu', 'qemu64']), ...(has('-m') ? [] : ['-m', '768'])];
  return ['-M', kind, ...usual, '-nodefaults', '-vga', 'none', ...more];
}

/** Nothing is booted: what each machine said last is looked at once more. */
export const AGAIN = process.env['RAZOR_MK_MACHINES_AGAIN'] === '1';

/** Those of the machines that were asked for; all where none was. */
export function chosenOf(machines: readonly LookedAtMachine[]): readonly LookedAtMachine[] {
  const asked = (process.env['RAZOR_MK_MACHINES'] ?? '').split(' ').filter(Boolean);
  return machines.filter(({ name }) => asked.length === 0 || asked.includes(name));
}
