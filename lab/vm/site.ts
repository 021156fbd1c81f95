/**
 * A whole virtual site on one machine: a network namespace with a segment, dnsmasq and a lab in it, virtual machines that
 * boot from it, and the timeline that is put together from all of them.
 */
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firmwareFiles, startMachine, type Machine, type MachineOptions } from './machine.ts';
import { createNamespace, type Namespace } from './namespace.ts';
import { reportPage } from './timeline/report.ts';
import { createSegment, type Segment } from './segment.ts';
import { startLabProcess, type LabProcess } from './site-lab.ts';
import { noNamespace, userSegment, type UserSegment } from './user-network.ts';
import {
  createConsoleReader,
  createDnsmasqReader,
  createTimeline,
  type Moment,
  type Timeline,
} from './timeline/timeline.ts';

/** Where a site lives. */
interface SiteOptions {
  /** Directory for consoles, sockets, the lab's database and the report. */
  readonly dir: string;
  /** How this program is started again, as argv. */
  readonly self: readonly [string, ...string[]];
  readonly onMoment?: (moment: Moment) => void;
  readonly signal?: AbortSignal;
  /** namespace (default): a network of its own; user: QEMU's user networking, see USER_NETWORK_LOSES. */
  readonly network?: 'namespace' | 'user';
}

/** A site that is open. */
export interface Site {
  readonly dir: string;
  readonly namespace: Namespace;
  readonly lan: Segment;
  readonly timeline: Timeline;
  /** What the labs of this site decided, a line each; their requests are in DIR/requests.log. */
  readonly decisions: readonly string[];
  /** Base address of the lab for nodes: `10.77.0.1`. */
  readonly address: string;
  segment(bridge: string, net: string): Promise<Segment>;
  /** Starts the lab inside; `args` are options of `razor-mk lab`. */
  startLab(args?: readonly string[]): Promise<LabProcess>;
  /** Runs a verb of the lab inside (`['policy', 'add', …]`) and gives its JSON. Throws RAZOR_MK_RUN. */
  lab(...words: readonly string[]): Promise<unknown>;
  /** Powers a machine on; every NIC with a tap gets that tap on the segment that is named before a colon (`lan` by default). */
  machine(options: Omit<MachineOptions, 'dir'>): Promise<Machine>;
  /** What the consoles have shown so far, by machine. */
  consoles(): Promise<Readonly<Record<string, string>>>;
  /**
   * Writes DIR/report.html, DIR/decisions.log and a picture of each screen from what happened so far, and gives the page's
   * path. DIR/requests.log and DIR/dnsmasq.log grow by themselves.
   */
  report(title: string): Promise<string>;
  close(): Promise<void>;
}

const NET = '10.77.0';

interface SiteState {
  readonly options: SiteOptions;
  readonly namespace: Namespace;
  readonly lan: Segment;
  /** QEMU's user networking, where that is used. */
  readonly user: UserSegment | undefined;
  readonly timeline: Timeline;
  readonly decisions: string[];
  /** Names of machines by the MACs of their cards. */
  readonly byMac: Map<string, string>;
  readonly machines: { readonly machine: Machine; readonly stopReading: () => void }[];
  readonly onDnsmasqLine: (line: string) => void;
  lab: LabProcess | undefined;
}

/** Opens a site. Throws RAZOR_MK_VM where namespaces are not allowed. */
export async function openSite(options: SiteOptions): Promise<Site> {
  const state = await openState(options);
  const { namespace, timeline, decisions, lan, onDnsmasqLine } = state;
  return {
    dir: options.dir,
    namespace,
    lan,
    timeline,
    decisions,
    address: lan.address,
    segment: (bridge, net) => createSegment(namespace, { bridge, net, onLine: onDnsmasqLine }),
    startLab: (args = []) => startLabOf(state, args),
    async lab(...words) {
      const result = await namespace.must([...options.self, 'lab', ...words, '--format', 'json']);
      return JSON.parse(result.stdout.toString()) as unknown;
    },
    machine: (machine) => powerOn(state, machine),
    consoles: () => consolesOf(state),
    report: (title) => writeReport(state, title),
    close: () => closeSite(state),
  };
}

async function openState(options: SiteOptions): Promise<SiteState> {
  const { dir } = options;
  mkdirSync(dir, { recursive: true });
  const user = options.network === 'user' ? userSegment() : undefined;
  const namespace = user === undefined ? await createNamespace() : noNamespace();
  const timeline = createTimeline(() => performance.now(), options.onMoment);
  const byMac = new Map<string, string>();
  for (const file of [requestLog(dir), dnsmasqLog(dir)]) rmSync(file, { force: true });
  const readDnsmasq = createDnsmasqReader(timeline, (mac) => byMac.get(mac));
  const onDnsmasqLine = (line: string): void => {
    appendFileSync(dnsmasqLog(dir), `${new Date().toISOString()} ${line}\n`);
    readDnsmasq(line);
  };
  const lan = user ?? (await createSegment(namespace, { bridge: 'br0', net: NET, onLine: onDnsmasqLine }));
  return { options, namespace, lan, user, timeline, decisions: [], byMac, machines: [], onDnsmasqLine, lab: undefined };
}

const requestLog = (dir: string): string => join(dir, 'requests.log');
const dnsmasqLog = (dir: string): string => join(dir, 'dnsmasq.log');

async function startLabOf(state: SiteState, args: readonly string[]): Promise<LabProcess> {
  const { options, namespace, lan, user, timeline, decisions, byMac } = state;
  const host = user === undefined ? '0.0.0.0' : '127.0.0.1';
  const files = ['--image-dir', join(options.dir, 'images'), '--request-log', requestLog(options.dir)];
  const addresses = ['--host', host, '--advertise', lan.address];
  state.lab = await startLabProcess(namespace, [...options.self, 'lab', '--events', ...addresses, ...files, ...args], {
    decisions,
    byMac,
    timeline,
  });
  return state.lab;
}

async function powerOn(state: SiteState, options: Omit<MachineOptions, 'dir'>): Promise<Machine> {
  const { namespace, timeline, byMac, machines, user } = state;
  const { dir } = state.options;
  for (const nic of options.nics) byMac.set(nic.mac.toLowerCase(), options.name);
  if (options.firmware?.startsWith('uefi') === true)
    copyFileSync(firmwareFiles(options).vars, join(dir, `${options.name}.vars`));
  const kind = [...(options.arch === 'aarch64' ? ['arm64'] : []), options.firmware ?? 'bios'].join(' ');
  const what = `${kind} machine, ${options.memoryMiB ?? 512} MiB, is powered on`;
  timeline.add(options.name, 'power', what);
  const nics = options.nics.map(({ tap, ...nic }) =>
    user === undefined || tap === undefined ? { ...nic, tap } : { ...nic, user: { tftp: user.tftpRoot() } },
  );
  const machine = await startMachine(namespace, { ...options, nics, dir });
  const read = createConsoleReader(timeline, machine.name);
  const timer = setInterval(() => void machine.console().then(read), 100);
  machines.push({ machine, stopReading: () => clearInterval(timer) });
  return machine;
}

async function consolesOf({ machines }: SiteState): Promise<Record<string, string>> {
  const texts = machines.map(async ({ machine }) => [machine.name, await machine.console()] as const);
  return Object.fromEntries(await Promise.all(texts));
}

/** Pictures of the screens of the machines that run. */
async function screensOf({ machines, options }: SiteState): Promise<Record<string, Buffer>> {
  const taken = machines.map(async ({ machine }) => {
    const file = join(options.dir, `${machine.name}.png`);
    await machine.screen(file).catch(() => undefined);
    return [machine.name, existsSync(file) ? readFileSync(file) : undefined] as const;
  });
  const known = (await Promise.all(taken)).filter(([, png]) => png !== undefined);
  return Object.fromEntries(known) as Record<string, Buffer>;
}

async function writeReport(state: SiteState, title: string): Promise<string> {
  const { dir } = state.options;
  const path = join(dir, 'report.html');
  const decided = state.decisions.map((line) => `${line}\n`).join('');
  writeFileSync(join(dir, 'decisions.log'), decided);
  const logs = {
    'Requests to the lab': textOf(requestLog(dir)),
    'Decisions of the lab': decided,
    'DHCP, TFTP and DNS (dnsmasq)': textOf(dnsmasqLog(dir)),
  };
  const parts = { consoles: await consolesOf(state), screens: await screensOf(state), logs };
  writeFileSync(path, reportPage({ title, moments: state.timeline.moments, ...parts }));
  return path;
}

async function closeSite({ machines, lab, lan, namespace }: SiteState): Promise<void> {
  for (const { stopReading } of machines) stopReading();
  await Promise.all(machines.map(({ machine }) => machine.stop()));
  await lab?.stop();
  await lan.stopDhcp();
  await namespace.close();
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
