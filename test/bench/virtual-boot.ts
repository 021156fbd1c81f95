/**
 * npm run bench:virtual -- DIR...: boots the microkernel of each directory (vmlinuz, core.gz) in turn, in QEMU's virtual time:
 * with -icount a guest instruction takes 2 ns, whatever the host does meanwhile, and idle time is skipped (sleep=off). Two boots of one
 * image differ by some thousandths, also beside seven other programs. The kernel is loaded by QEMU, so firmware and network loading
 * are not in it. The times are those of the packets that the machine sends. Options: --runs N (3), --memory MIB (512), --json.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startDaemon } from '../../platform/process/daemon.ts';
import { command, scriptedServer, type ScriptedServer } from '../helpers/scripted-server.ts';
import { median } from './boot-table.ts';
import { packetsOf, virtualMoments, type VirtualMoments } from './virtual-moments.ts';

const LIMIT_MS = 590_000;

/** One boot until the check-in was answered. Throws where it does not come. */
async function boot(directory: string, memory: string, server: ScriptedServer): Promise<VirtualMoments> {
  const work = mkdtempSync(join(tmpdir(), 'razor-mk-virtual-'));
  const pcap = join(work, 'nic.pcap');
  const line = `maxcpus=1 console=ttyS0,115200 razor.server=10.0.2.2:${server.port} razor.checkin_skew=0`;
  const qemu = await startDaemon(
    [
      'qemu-system-x86_64',
      ...['-accel', 'tcg', '-icount', 'shift=1,sleep=off', '-rtc', 'base=2020-01-01T00:00:00,clock=vm'],
      ...['-m', memory, '-display', 'none', '-monitor', 'none', '-nodefaults', '-no-reboot'],
      ...[
        '-serial',
        `file:${join(work, 'console')}`,
        '-netdev',
        'user,id=n',
        '-device',
        'virtio-net-pci,netdev=n,romfile=',
      ],
      ...['-object', `filter-dump,id=d,netdev=n,maxlen=640,file=${pcap}`],
      ...['-kernel', join(directory, 'vmlinuz'), '-initrd', join(directory, 'core.gz'), '-append', line],
    ],
    { env: { TZ: 'UTC', PATH: process.env['PATH'] ?? '/usr/bin' } },
  );
  try {
    const asked = server.asked.length;
    for (const until = performance.now() + LIMIT_MS; server.asked.length === asked; await sleep(200))
      if (performance.now() > until)
        throw new Error(`${directory}: no check-in: ${readFileSync(join(work, 'console'), 'latin1').slice(-500)}`);
    await sleep(500); // the dump is written through a buffer
  } finally {
    await qemu.stop();
  }
  const moments = virtualMoments(packetsOf(readFileSync(pcap)));
  rmSync(work, { recursive: true, force: true });
  return moments;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '3' },
      memory: { type: 'string', default: '512' },
      json: { type: 'boolean', default: false },
    },
  });
  const directories = positionals.map((path) => resolve(path));
  const server = await scriptedServer();
  server.checkins(command('acknowledge'));
  const laps = directories.map((): VirtualMoments[] => []);
  try {
    for (let run = 0; run < Number(values.runs); run += 1)
      for (const [index, directory] of directories.entries())
        laps[index]?.push(await boot(directory, values.memory, server));
  } finally {
    await server.close();
  }
  const rows = laps.map((each, index) => ({
    image: basename(directories[index] ?? ''),
    dhcpS: median(each.map(({ dhcp }) => dhcp)),
    checkinS: median(each.map(({ checkin }) => checkin)),
    spread: Math.max(...each.map(({ checkin }) => checkin)) / Math.min(...each.map(({ checkin }) => checkin)) - 1,
  }));
  if (values.json) return void console.log(JSON.stringify({ runs: Number(values.runs), rows }));
  const first = rows[0]?.checkinS ?? NaN;
  console.log('image        DHCP s  check-in s  ratio  spread');
  for (const { image, dhcpS, checkinS, spread } of rows)
    console.log(
      `${image.padEnd(12)} ${dhcpS.toFixed(3)}  ${checkinS.toFixed(3).padStart(10)}  ${(checkinS / first).toFixed(2).padStart(5)}  ${(spread * 100).toFixed(1)} %`,
    );
  console.log(`virtual seconds from power-on, 2 ns an instruction; medians of ${values.runs} boots each, in turn`);
}

await main();
