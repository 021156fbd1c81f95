/** Boots a machine with QEMU (emulation only) and reads from its console what it says of itself. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureSources, collectFacts } from '../../facts/facts.ts';
import { readInventory } from '../../facts/inventory/inventory.ts';
import { startDaemon } from '../../platform/process/daemon.ts';
import { run } from '../../platform/process/run.ts';
import type { Guest } from '../../scripts/machines/initrd.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import type { LookedAtMachine, Seen } from './machine.ts';

const LONGEST_BOOT_MS = 600_000;
/** RAZOR_MK_QEMU names the directory of a newer QEMU than the system's. */
const QEMU = join(process.env['RAZOR_MK_QEMU'] ?? '', 'qemu-system-x86_64');

/** Why a machine cannot be booted here, in words; undefined where it can. */
export async function whyNotHere({ needs = [] }: LookedAtMachine): Promise<string | undefined> {
  const devices = (await run([QEMU, '-device', 'help'])).stdout.toString();
  if (devices === '') return `${QEMU} is not installed`;
  const missing = needs.find((need) => !devices.includes(`name "${need}"`));
  return missing === undefined ? undefined : `this QEMU has no ${missing}`;
}

/** What the console said. Rejects where the machine did not come to its end, with the end of what it said. */
export async function bootMachine(machine: LookedAtMachine, guest: Guest): Promise<string> {
  const lines: string[] = [];
  const qemu = await startDaemon([QEMU, ...wordsOf(machine, guest, temporaryDirectory())], {
    onLine: (line) => void lines.push(line.replace(/\r$/, '')),
  });
  const timer = setTimeout(() => void qemu.stop(), LONGEST_BOOT_MS);
  await qemu.exited;
  clearTimeout(timer);
  if (!lines.includes('MK DONE')) {
    throw new Error(`${machine.name} did not come to its end:\n${lines.slice(-40).join('\n')}`);
  }
  return lines.join('\n');
}

function wordsOf({ disks = [], qemu }: LookedAtMachine, guest: Guest, directory: string): string[] {
  const paths = disks.map((size, index) => {
    const path = join(directory, `disk${index}.raw`);
    writeFileSync(path, '');
    truncateSync(path, size * 1024 * 1024);
    return path;
  });
  const line = 'console=ttyS0 quiet loglevel=3 rootfstype=ramfs panic=-1';
  return [
    ...['-accel', 'tcg', '-nographic', '-no-reboot', '-monitor', 'none', '-serial', 'stdio', '-boot', 'n'],
    ...['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', line],
    ...qemu.map((word) => word.replaceAll(/@disk(\d+)/g, (_, index: string) => paths[Number(index)] ?? '')),
  ];
}

/** The machine as its capture replays it. Throws where the console has none. */
export async function seenIn(text: string): Promise<Seen> {
  const coded = /^MK CAPTURE BEGIN\n([\s\S]*?)^MK CAPTURE END$/m.exec(text)?.[1];
  if (coded === undefined) throw new Error(`the machine captured nothing:\n${text.slice(-2000)}`);
  const sources = await captureSources(Buffer.from(coded, 'base64'), 'the machine');
  const set = await collectFacts({ sources, all: true });
  return { set, inventory: set.inventory?.() ?? readInventory(sources) };
}
