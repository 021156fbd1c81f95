/** `razor-mk lab vm`: virtual machines that boot from the network and are discovered, with the journey as a timeline. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf, RazorMkError } from '../../platform/errors.ts';
import { run } from '../../platform/run.ts';
import { defineVerb, type Host } from '../../platform/verb.ts';
import { openSite, type LabProcess, type Site } from '../vm/site.ts';
import { momentLine } from '../vm/timeline.ts';

interface VmArgs {
  readonly image: string | undefined;
  readonly machines: number;
  readonly uefi: boolean;
  readonly memory: number;
  readonly minutes: number;
  readonly keep: boolean;
  readonly dir: string | undefined;
}

export const verb = defineVerb({
  options: (yargs) =>
    yargs
      .option('image', { type: 'string', describe: 'microkernel ISO (razor-mk image build)' })
      .option('machines', { type: 'number', default: 1, describe: 'how many, 1 to 8' })
      .option('uefi', { type: 'boolean', default: false, describe: 'UEFI firmware instead of BIOS' })
      .option('memory', { type: 'number', default: 512, describe: 'MiB of each machine' })
      .option('minutes', { type: 'number', default: 5, describe: 'limit for all of them to register' })
      .option('keep', { type: 'boolean', default: false, describe: 'leave everything running until Ctrl-C' })
      .option('dir', { type: 'string', describe: 'where consoles and report go; a temporary directory otherwise' }),
  verbs: [
    {
      name: 'console',
      describe: 'the serial console of a machine that runs; Ctrl-] leaves it',
      load: async () => await Promise.resolve(consoleVerb),
    },
  ],
  run: (args, host) => playMachines(args, host),
});

const consoleVerb = defineVerb({
  usage: '<name>',
  options: (yargs) =>
    yargs
      .positional('name', { type: 'string', demandOption: true, describe: 'node1, node2 …' })
      .option('dir', { type: 'string', demandOption: true, describe: 'the directory that lab vm --keep printed' }),
  run: ({ name, dir }, host) => attach(join(resolve(dir), `${name}.sock`), host),
});

async function playMachines(args: VmArgs, host: Host): Promise<number> {
  if (args.image === undefined) {
    throw new RazorMkError('RAZOR_MK_USAGE', 'which microkernel? --image FILE.iso', {
      remedy:
        'Make one: razor-mk package, razor-mk image base --from-debian --out build/base, razor-mk image build --base build/base --out build/image.',
    });
  }
  if (!(Number.isInteger(args.machines) && args.machines >= 1 && args.machines <= 8)) {
    throw new RazorMkError('RAZOR_MK_USAGE', '--machines takes 1 to 8');
  }
  const dir = args.dir === undefined ? mkdtempSync(join(tmpdir(), 'razor-mk-vm-')) : resolve(args.dir);
  const site = await openSite({
    dir,
    self: host.self,
    signal: host.signal,
    onMoment: (moment) => host.out(`${momentLine(moment)}\n`),
  });
  try {
    const lab = await prepare(site, resolve(args.image), host);
    for (let index = 1; index <= args.machines; index++) await powerOn(site, args, index);
    await Promise.race([registered(lab, args), stopped(host)]);
    const report = await site.report(`${args.machines} machines`);
    host.out(`\nreport, consoles: ${report}\n`);
    if (args.keep && !host.signal.aborted) {
      host.out(
        `razor-mk lab vm console node1 --dir ${dir} shows a console; nsenter -t ${site.namespace.pid} -n goes into the network, where\n`,
      );
      host.out(`the lab's page is at http://127.0.0.1:8025/. Ctrl-C ends everything.\n`);
      await stopped(host).catch(() => undefined);
    }
    return 0;
  } finally {
    await site.close();
    if (args.dir === undefined && host.signal.aborted) rmSync(dir, { recursive: true, force: true });
  }
}

async function prepare(site: Site, image: string, host: Host): Promise<LabProcess> {
  const console = 'console=tty0 console=ttyS0,115200';
  const lab = await site.startLab(['--mk', 'mk_checkin_interval=5', 'mk_checkin_skew=0', '--mk-kernel-args', console]);
  await site.lab('image', 'add', image);
  const tftp = join(site.dir, 'tftp');
  mkdirSync(tftp, { recursive: true });
  const [program, ...words] = host.self;
  const laidOut = await run([program, ...words, 'image', 'ipxe', '--out', tftp, '--server', site.address], {
    timeoutMs: 60_000,
  });
  if (laidOut.status !== 0) throw new RazorMkError('RAZOR_MK_RUN', `image ipxe: ${laidOut.stderr.toString().trim()}`);
  await site.lan.startDhcp({ tftpRoot: tftp, names: { 'razor.test': site.address } });
  return lab;
}

async function powerOn(site: Site, args: VmArgs, index: number): Promise<void> {
  const tap = `tap${index}`;
  await site.lan.addTap(tap);
  await site.machine({
    name: `node${index}`,
    memoryMiB: args.memory,
    firmware: args.uefi ? 'uefi' : 'bios',
    nics: [{ mac: `52:54:00:00:01:0${index}`, tap, bootindex: 1, ...(args.uefi && { romfile: '' }) }],
  });
}

async function registered(lab: LabProcess, args: VmArgs): Promise<void> {
  const seen = new Set<string>();
  const what = `${args.machines} machines registered`;
  await lab.waitFor(
    what,
    (event) => {
      if (event.type === 'registered' && event.node !== undefined) seen.add(event.node);
      return seen.size >= args.machines;
    },
    args.minutes * 60_000,
  );
}

function stopped(host: Host): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = (): void => reject(new RazorMkError('RAZOR_MK_VM', messageOf(host.signal.reason)));
    if (host.signal.aborted) end();
    else host.signal.addEventListener('abort', end, { once: true });
  });
}

/** Connects this terminal with a machine's serial console until Ctrl-]. */
function attach(path: string, host: Host): Promise<number> {
  return new Promise((done, reject) => {
    const socket = connect(path);
    const end = (): void => {
      if (process.stdin.isTTY) process.stdin.setRawMode(false);
      process.stdin.pause();
      socket.destroy();
      done(0);
    };
    socket.on('error', (error) =>
      reject(new RazorMkError('RAZOR_MK_VM', `no machine runs at ${path}: ${error.message}`)),
    );
    socket.on('connect', () => {
      if (process.stdin.isTTY) process.stdin.setRawMode(true);
      process.stdin.on('data', (keys: Buffer) => (keys.includes(0x1d) ? end() : socket.write(keys)));
    });
    socket.on('data', (chunk: Buffer) => host.out(chunk.toString('latin1')));
    socket.on('close', end);
    host.signal.addEventListener('abort', end, { once: true });
  });
}
