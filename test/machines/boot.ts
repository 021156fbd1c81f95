/** Boots a machine with QEMU (emulation only) and reads from its console what it says of itself. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { captureSources, collectFacts, structuredFacts } from '../../facts/facts.ts';
import { readInventory } from '../../facts/inventory/inventory.ts';
import { startDaemon } from '../../platform/process/daemon.ts';
import type { Guest } from '../../scripts/machines/initrd.ts';
import { startTpm } from '../../scripts/machines/tpm.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import type { LookedAtMachine, Seen } from './machine.ts';
import { type Qemu, qemuWith } from './qemu.ts';

const LONGEST_BOOT_MS = 300_000;
const OVMF = '/usr/share/OVMF';
/** What each machine said. */
const SAID = join(import.meta.dirname, '../../build/machines/said');

/** The QEMU for a machine, or why it cannot be booted here, in words. `tell` gets a line for what takes time. */
export async function qemuFor(machine: LookedAtMachine, tell: (line: string) => void): Promise<Qemu | string> {
  for (const name of machine.uefi ?? []) {
    if (!existsSync(join(OVMF, name)))
      return `${join(OVMF, name)} is not there (package ${name.startsWith('OVMF32') ? 'ovmf-ia32' : 'ovmf'})`;
  }
  if (machine.tpm !== undefined && !existsSync('/usr/bin/swtpm')) return 'swtpm is not installed';
  return await qemuWith(machine.needs ?? [], tell);
}

/** What the console said. Rejects where the machine did not come to its end, with the end of what it said. */
export async function bootMachine(machine: LookedAtMachine, guest: Guest, qemu: Qemu): Promise<string> {
  const lines: string[] = [];
  const directory = temporaryDirectory();
  const tpm = machine.tpm && (await startTpm(directory, machine.tpm));
  try {
    const words = [...wordsOf(machine, guest, directory), ...(tpm?.arguments ?? [])];
    const daemon = await startDaemon([...qemu.argv, ...words], {
      env: qemu.env,
      onLine: (line) => {
        lines.push(line.replace(/\r$/, ''));
        if (lines.at(-1) === 'MK DONE') void daemon.stop();
      },
    });
    const timer = setTimeout(() => void daemon.stop(), LONGEST_BOOT_MS);
    await daemon.exited;
    clearTimeout(timer);
  } finally {
    await tpm?.stop();
  }
  mkdirSync(SAID, { recursive: true });
  writeFileSync(saidFile(machine), lines.join('\n'));
  if (!lines.includes('MK DONE')) {
    throw new Error(`${machine.name} did not come to its end:\n${lines.slice(-40).join('\n')}`);
  }
  return lines.join('\n');
}

function saidFile({ name }: LookedAtMachine): string {
  return join(SAID, `${name}.txt`);
}

/** What the machine said when it was booted last. Throws where it never was. */
export function saidOf(machine: LookedAtMachine): string {
  return readFileSync(saidFile(machine), 'utf8');
}

function wordsOf(machine: LookedAtMachine, guest: Guest, directory: string): string[] {
  const paths = (machine.disks ?? []).map((size, index) => {
    const path = join(directory, `disk${index}.raw`);
    writeFileSync(path, '');
    truncateSync(path, size * 1024 * 1024);
    return path;
  });
  for (const [name, bytes] of Object.entries(machine.files ?? {})) writeFileSync(join(directory, name), bytes);
  const setup = machine.setup === undefined ? '' : ` mk_setup=${Buffer.from(machine.setup).toString('base64')}`;
  const line = `console=ttyS0 quiet loglevel=3 rootfstype=ramfs panic=-1 ${machine.append ?? ''}${setup}`;
  return [
    ...['-accel', 'tcg', '-nographic', '-no-reboot', '-monitor', 'none', '-serial', 'stdio', '-boot', 'n'],
    ...['-kernel', guest.kernel, '-initrd', guest.initrd, '-append', line],
    ...firmwareWords(machine, directory),
    ...machine.qemu.map((word) =>
      word
        .replaceAll(/@disk(\d+)/g, (_, index: string) => paths[Number(index)] ?? '')
        .replaceAll(/@file:([\w.-]+)/g, (_, name: string) => join(directory, name)),
    ),
  ];
}

function firmwareWords({ uefi }: LookedAtMachine, directory: string): string[] {
  if (uefi === undefined) return [];
  const [code, variables] = uefi;
  const copy = join(directory, variables);
  copyFileSync(join(OVMF, variables), copy);
  const flash = 'if=pflash,format=raw';
  return ['-drive', `${flash},readonly=on,file=${join(OVMF, code)}`, '-drive', `${flash},file=${copy}`];
}

/** The machine as its capture replays it. Throws where the console has none. */
export async function seenIn(text: string): Promise<Seen> {
  const coded = /^MK CAPTURE BEGIN\n([\s\S]*?)^MK CAPTURE END$/m.exec(text)?.[1];
  if (coded === undefined) throw new Error(`the machine captured nothing:\n${text.slice(-2000)}`);
  const sources = await captureSources(Buffer.from(coded, 'base64'), 'the machine');
  const set = await collectFacts({ sources, all: true });
  const inventory = set.inventory?.() ?? readInventory(sources);
  return { set, inventory, structured: structuredFacts(set) };
}
