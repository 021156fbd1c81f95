/** `razor-mk lab vm`: virtual machines that boot from the network and are discovered, with the journey as a timeline. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { withProgress } from '../../platform/process/progress.ts';
import { wrapWords } from '../../platform/process/wrap.ts';
import { runOwnVerb } from '../own-verb.ts';
import { defineVerb, type Host } from '../../platform/process/verb.ts';
import { defaultImage } from '../vm/default-image.ts';
import { forwardPort, type Forward } from '../vm/forward.ts';
import type { Machine } from '../vm/machine.ts';
import { needTaps } from '../vm/namespace.ts';
import { needPrograms } from '../vm/programs.ts';
import type { LabProcess } from '../vm/site-lab.ts';
import { openSite, type Site } from '../vm/site.ts';
import { momentLine, type Moment } from '../vm/timeline/timeline.ts';
import { USER_NETWORK_LOSES } from '../vm/user-network.ts';
import { consoleVerb, screenVerb, VM_DIR } from './vm-options.ts';

interface VmArgs {
  readonly image: string | undefined;
  readonly machines: number;
  readonly uefi: boolean;
  readonly memory: number;
  readonly minutes: number;
  readonly keep: boolean;
  readonly dir: string | undefined;
  readonly pcap: boolean;
  readonly network: 'auto' | 'namespace' | 'user';
}

export const verb = defineVerb({
  examples: [
    ['lab vm', 'one machine, with an image that is built where there is none'],
    ['lab vm --image build/image/razor-mk.iso --machines 2 --uefi', 'two machines with UEFI and your image'],
    ['lab vm --keep', 'leaves them running: lab vm console node1, lab vm screen node1'],
  ],
  options: (yargs) =>
    yargs
      .option('image', {
        type: 'string',
        describe: 'microkernel ISO (razor-mk image build) [default: that of this clone, built where it is not there]',
      })
      .option('machines', { type: 'number', default: 1, describe: 'how many, 1 to 8' })
      .option('uefi', { type: 'boolean', default: false, describe: 'UEFI firmware instead of BIOS' })
      .option('memory', { type: 'number', default: 512, describe: 'MiB of each machine' })
      .option('minutes', { type: 'number', default: 5, describe: 'limit for all of them to register' })
      .option('keep', { type: 'boolean', default: false, describe: 'leave everything running until Ctrl-C' })
      .option('network', {
        choices: ['auto', 'namespace', 'user'] as const,
        default: 'auto' as const,
        describe: 'a network of its own (needs namespaces), or QEMU’s user networking; auto: the first that is allowed',
      })
      .option('pcap', {
        type: 'boolean',
        default: false,
        describe: 'keep what passes each network card as NAME-nic0.pcap, for Wireshark',
      })
      .option('dir', { type: 'string', describe: 'where consoles and report go; a temporary directory otherwise' }),
  verbs: [
    {
      name: 'console',
      describe: 'the serial console of a machine that runs; Ctrl-] leaves it',
      load: async () => await Promise.resolve(consoleVerb),
    },
    {
      name: 'screen',
      describe: 'a picture (PNG) of the screen of a machine that runs',
      load: async () => await Promise.resolve(screenVerb),
    },
  ],
  run: (args, host) => playMachines(args, host),
});

/** Boots the machines and tells their way; the exit status is 0 when all have registered. Throws RAZOR_MK_VM. */
export async function playMachines(args: VmArgs, host: Host): Promise<number> {
  if (!(Number.isInteger(args.machines) && args.machines >= 1 && args.machines <= 8)) {
    throw new RazorMkError('RAZOR_MK_USAGE', '--machines takes 1 to 8');
  }
  needPrograms(args);
  const dir = args.dir === undefined ? mkdtempSync(join(tmpdir(), VM_DIR)) : resolve(args.dir);
  const image = args.image === undefined ? await defaultImage(host) : resolve(args.image);
  const { site, network } = await openPlace(args, dir, host);
  let page: Forward | undefined;
  try {
    const lab = await prepare(site, image, host);
    if (args.keep && network === 'namespace') page = await forwardPort(site.namespace, 8025, join(dir, 'page.sock'));
    const machines: Machine[] = [];
    for (let index = 1; index <= args.machines; index++) machines.push(await powerOn(site, args, index, network));
    try {
      const all = Promise.race([registered(lab, args), stopped(host), ...machines.map(ended)]);
      await withProgress(
        (text) => host.err(text),
        `waiting for ${countOf(args)} to register`,
        () => all,
      );
    } catch (error) {
      if (!host.signal.aborted) await tellWhy(site, host);
      throw error;
    }
    host.out(`\n${args.machines} of ${args.machines} registered\n`);
    const report = await site.report(countOf(args));
    host.out(`\nreport, consoles: ${report}\n`);
    for (const picture of machines.map(({ name }) => join(site.dir, `${name}.png`)).filter((path) => existsSync(path)))
      host.out(`picture of the screen: ${picture}\n`);
    if (args.keep && !host.signal.aborted) {
      const url = page?.url ?? 'http://127.0.0.1:8025/';
      host.out(`the lab's page is at ${url}, and razor-mk lab node --lab ${url} asks it\n`);
      host.out(`razor-mk lab vm console node1 --dir ${dir} is a console; lab vm screen takes a picture of a screen\n`);
      if (page !== undefined)
        host.out(`${site.namespace.inside(['ip', 'addr']).join(' ')} runs a program in the network\n`);
      host.out(`Ctrl-C ends everything.\n`);
      await stopped(host).catch(() => undefined);
    }
    return 0;
  } finally {
    await page?.close();
    await site.close();
    if (args.dir === undefined && host.signal.aborted) rmSync(dir, { recursive: true, force: true });
  }
}

/** A site of the wanted kind; with auto, user networking where namespaces are refused, and what is lost is said. */
async function openPlace(
  args: VmArgs,
  dir: string,
  host: Host,
): Promise<{ readonly site: Site; readonly network: 'namespace' | 'user' }> {
  const open = (network: 'namespace' | 'user'): Promise<Site> =>
    openSite({
      dir,
      network,
      self: host.self,
      signal: host.signal,
      onMoment: (moment) => host.out(`${momentText(moment, host)}\n`),
    });
  if (args.network !== 'user') {
    try {
      needTaps();
      return { site: await open('namespace'), network: 'namespace' };
    } catch (error) {
      if (args.network === 'namespace' || host.signal.aborted) throw error;
      host.err(`${messageOf(error)}: QEMU's user networking is used instead. What is lost:\n`);
    }
  } else host.err(`QEMU's user networking. What is lost:\n`);
  for (const loss of USER_NETWORK_LOSES) host.err(`- ${loss}\n`);
  return { site: await open('user'), network: 'user' };
}

/** On a terminal the text goes on under its beginning. */
function momentText(moment: Moment, host: Host): string {
  const line = momentLine(moment);
  if (!host.interactive) return line;
  const indent = line.length - moment.text.length;
  return `${line.slice(0, indent)}${wrapWords(moment.text, Math.max(indent + 30, host.columns), indent)}`;
}

async function prepare(site: Site, image: string, host: Host): Promise<LabProcess> {
  const console = 'console=tty0 console=ttyS0,115200';
  const lab = await site.startLab(['--mk', 'mk_checkin_interval=5', 'mk_checkin_skew=0', '--mk-kernel-args', console]);
  await site.lab('image', 'add', image);
  const tftp = join(site.dir, 'tftp');
  mkdirSync(tftp, { recursive: true });
  // the lab's script names the initrd: the machine's own iPXE will do
  await runOwnVerb(host, 'image', 'ipxe', '--ipxe', 'installed', '--out', tftp, '--server', site.address);
  await site.lan.startDhcp({ tftpRoot: tftp, names: { 'razor.test': site.address } });
  return lab;
}

/** Throws RAZOR_MK_VM when QEMU ends, which it does not while all goes well: machines restart by themselves. */
async function ended(machine: Machine): Promise<never> {
  await machine.exited;
  throw new RazorMkError('RAZOR_MK_VM', `${machine.name}: QEMU ended: ${machine.lastWords() ?? ''}`);
}

/** Where everything is kept, and the last words of each machine that did not register. */
async function tellWhy(site: Site, host: Host): Promise<void> {
  const report = await site.report('not all machines registered');
  for (const [name, text] of Object.entries(await site.consoles())) {
    if (site.timeline.first(name, 'register') !== undefined) continue;
    const words = text.trim().split('\n').slice(-8);
    host.err(`\n${name} has not registered; its console says:\n${words.map((word) => `  ${word}\n`).join('')}`);
  }
  host.err(`\nreport, consoles, logs: ${report}\n`);
}

async function powerOn(site: Site, args: VmArgs, index: number, network: 'namespace' | 'user'): Promise<Machine> {
  const tap = `tap${index}`;
  await site.lan.addTap(tap);
  return await site.machine({
    name: `node${index}`,
    pcap: args.pcap,
    memoryMiB: args.memory,
    firmware: args.uefi ? 'uefi' : 'bios',
    nics: [
      {
        mac: `52:54:00:00:01:0${index}`,
        tap,
        bootindex: 1,
        ...(args.uefi && network === 'namespace' && { romfile: '' }),
      },
    ],
  });
}

function countOf({ machines }: VmArgs): string {
  return machines === 1 ? 'one machine' : `${machines} machines`;
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
