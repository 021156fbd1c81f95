/**
 * Records virtual machines for test/fixtures/machines: boots each with a throw-away initrd under QEMU (no
 * acceleration needed), runs lshw and lscpu inside, and keeps their texts and the parts of /sys, /proc and the SMBIOS
 * tables that facts are made of.
 *
 *     node scripts/record-machines.ts WORKDIR [--repack] [NAME...]
 *
 * `--repack` starts no machine and packs again what an earlier run left in WORKDIR.
 *
 * Needs qemu-system-x86, lshw, cpio, kmod, swtpm, pci.ids, and apt-get for the kernel and the static busybox. Leaves
 * WORKDIR/recorded/NAME with everything, and in test/fixtures/machines NAME.tar.gz and NAME.facts.json, which are
 * committed.
 */
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { nativeHardware } from '../facts/hardware/collect-hardware.ts';
import { registerPciIds } from '../facts/hardware/hardware.ts';
import type { HardwareFacts } from '../facts/hardware/lshw/lshw-facts.ts';
import { openSources } from '../facts/facts.ts';
import { run } from '../platform/process/run.ts';
import { buildGuest, type Guest } from './machines/initrd.ts';
import { type RecordedMachine, MACHINES } from './machines/machines.ts';
import { pruneTree } from './machines/prune.ts';
import { startTpm } from './machines/tpm.ts';

const FIXTURES = resolve(import.meta.dirname, '../test/fixtures/machines');

async function boot(guest: Guest, machine: RecordedMachine, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const disks = (machine.disks ?? []).map((size, index) => {
    const path = join(folder, `disk${index}.raw`);
    writeFileSync(path, '');
    truncateSync(path, size * 1024 * 1024);
    return path;
  });
  const qemu = machine.qemu.map((word) =>
    word.replaceAll(/@disk(\d+)/g, (_, index: string) => disks[Number(index)] ?? ''),
  );
  const tpm = machine.tpm === true ? await startTpm(folder) : undefined;
  const output = join(folder, 'out.tgz');
  const console = join(folder, 'console.log');
  const result = await run(
    [
      'qemu-system-x86_64',
      ...['-accel', 'tcg', '-nographic', '-no-reboot', '-monitor', 'none', '-boot', 'n'],
      ...['-kernel', guest.kernel, '-initrd', guest.initrd],
      ...['-append', `console=ttyS0 quiet rootfstype=ramfs ${machine.append ?? ''}`],
      ...['-serial', `file:${console}`, '-serial', `file:${output}`],
      ...(tpm?.arguments ?? []),
      ...qemu,
    ],
    { timeoutMs: 900_000, cwd: folder },
  );
  await tpm?.stop();
  for (const disk of disks) rmSync(disk);
  if (!readFileSync(console, 'latin1').includes('RECORDED ')) {
    throw new Error(`${machine.name}: no recording: ${result.failure ?? result.status} ${result.stderr.toString()}`);
  }
  return output;
}

/** Unpacks what the machine sent, and packs it again in a stable order with fixed times, as it is committed. */
async function keep(output: string, folder: string, name: string): Promise<void> {
  const tree = join(folder, 'tree');
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  const unpack = await run(['tar', 'xzf', output, '-C', tree, '--no-same-owner', '--no-same-permissions']);
  if (unpack.status !== 0) throw new Error(`tar: ${unpack.stderr.toString().slice(0, 300)}`);
  pruneTree(tree);
  mkdirSync(FIXTURES, { recursive: true });
  const packed = await run(
    [
      'tar',
      'cf',
      '-',
      '--sort=name',
      '--mtime=@0',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--mode=u+rwX',
      '-C',
      tree,
      '.',
    ],
    { outputLimit: 256 * 1024 * 1024, timeoutMs: 60_000 },
  );
  const zipped = await run(['gzip', '-9n'], { input: packed.stdout, outputLimit: 64 * 1024 * 1024 });
  writeFileSync(join(FIXTURES, `${name}.tar.gz`), zipped.stdout);
  process.stdout.write(`${name}: ${zipped.stdout.length} bytes\n`);
  const facts = [...expectedFacts(tree)].sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(join(FIXTURES, `${name}.facts.json`), `${JSON.stringify(Object.fromEntries(facts), null, 2)}\n`);
}

/** The mk_hw_* facts of the tree as they are now, JSON texts aside: test/facts/hardware compares with them. */
function expectedFacts(tree: string): HardwareFacts {
  registerPciIds(() => readFileSync(join(FIXTURES, 'pci.ids'), 'utf8'));
  const sources = openSources({ root: tree });
  return new Map([...nativeHardware(sources)].filter(([name]) => !name.endsWith('json_str')));
}

const words = process.argv.slice(2);
const repack = words.includes('--repack');
const [workdir, ...names] = words.filter((word) => word !== '--repack');
if (workdir === undefined) throw new Error('usage: node scripts/record-machines.ts WORKDIR [--repack] [NAME...]');
const script = readFileSync(join(import.meta.dirname, 'machines/guest-init.sh'), 'utf8');
const parts = {
  init: script,
  programs: ['/usr/bin/lshw', '/usr/bin/lscpu'],
  files: { '/usr/share/misc/pci.ids': '/usr/share/misc/pci.ids' },
};
const guest = repack ? undefined : await buildGuest(resolve(workdir), parts);
for (const machine of MACHINES) {
  if (names.length > 0 && !names.includes(machine.name)) continue;
  const folder = join(resolve(workdir), 'recorded', machine.name);
  await keep(guest ? await boot(guest, machine, folder) : join(folder, 'out.tgz'), folder, machine.name);
}
