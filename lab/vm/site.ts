/**
 * A whole virtual site on one machine: a network namespace with a segment, dnsmasq and a lab in it, virtual machines that
 * boot from it, and the timeline that is put together from all of them.
 */
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Daemon } from '../../platform/process/daemon.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { LabEvent } from '../lab-events.ts';
import { OVMF_VARS, startMachine, type Machine, type MachineOptions } from './machine.ts';
import { createNamespace, type Namespace } from './namespace.ts';
import { labMoment } from './lab-moments.ts';
import { reportPage } from './report.ts';
import { createSegment, type DhcpOptions, type Segment } from './segment.ts';
import { noNamespace, userSegment } from './user-network.ts';
import { createConsoleReader, createDnsmasqReader, createTimeline, type Moment, type Timeline } from './timeline.ts';

export interface SiteOptions {
  /** Directory for consoles, sockets, the lab's database and the report. */
  readonly dir: string;
  /** How this program is started again, as argv. */
  readonly self: readonly [string, ...string[]];
  readonly onMoment?: (moment: Moment) => void;
  readonly signal?: AbortSignal;
  /** namespace (default): a network of its own; user: QEMU's user networking, see USER_NETWORK_LOSES. */
  readonly network?: 'namespace' | 'user';
}

export interface LabProcess {
  readonly events: readonly LabEvent[];
  /** Resolves with the first event, past or to come, that matches; throws RAZOR_MK_VM after `timeoutMs`. */
  waitFor(what: string, matches: (event: LabEvent) => boolean, timeoutMs?: number): Promise<LabEvent>;
  stop(): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
}

export interface Site {
  readonly dir: string;
  readonly namespace: Namespace;
  readonly lan: Segment;
  readonly timeline: Timeline;
  /** What the labs of this site decided, a line each; what they were asked is in DIR/requests.log. */
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

/** Opens a site. Throws RAZOR_MK_VM where namespaces are not allowed. */
export async function openSite(options: SiteOptions): Promise<Site> {
  const { dir, self } = options;
  mkdirSync(dir, { recursive: true });
  const user = options.network === 'user' ? userSegment() : undefined;
  const namespace = user === undefined ? await createNamespace() : noNamespace();
  const timeline = createTimeline(() => performance.now(), options.onMoment);
  const byMac = new Map<string, string>();
  const machines: { machine: Machine; stopReading: () => void }[] = [];
  const decisions: string[] = [];
  const requestLog = join(dir, 'requests.log');
  const dnsmasqLog = join(dir, 'dnsmasq.log');
  for (const file of [requestLog, dnsmasqLog]) rmSync(file, { force: true });
  const readDnsmasq = createDnsmasqReader(timeline, (mac) => byMac.get(mac));
  const dnsmasq = (line: string): void => {
    appendFileSync(dnsmasqLog, `${new Date().toISOString()} ${line}\n`);
    readDnsmasq(line);
  };
  const lan = user ?? (await createSegment(namespace, { bridge: 'br0', net: NET, onLine: dnsmasq }));
  const nodes = new Map<string, string>();
  let lab: Daemon | undefined;

  const nameOf = (event: LabEvent): string | undefined => {
    const ids = event.details?.['hwIds'];
    if (Array.isArray(ids)) {
      for (const id of ids as unknown[]) {
        const mac = String(id)
          .toLowerCase()
          .replaceAll(/(..)(?=.)/g, '$1:');
        const name = byMac.get(mac);
        if (name === undefined) continue;
        if (event.node !== undefined) nodes.set(event.node, name);
        return name;
      }
    }
    return event.node === undefined ? undefined : nodes.get(event.node);
  };

  const consoles = async (): Promise<Record<string, string>> => {
    const texts = machines.map(async ({ machine }) => [machine.name, await machine.console()] as const);
    return Object.fromEntries(await Promise.all(texts));
  };

  /** Pictures of the screens of the machines that run. */
  const screens = async (): Promise<Record<string, Buffer>> => {
    const taken = machines.map(async ({ machine }) => {
      const file = join(dir, `${machine.name}.png`);
      await machine.screen(file).catch(() => undefined);
      return [machine.name, existsSync(file) ? readFileSync(file) : undefined] as const;
    });
    const known = (await Promise.all(taken)).filter(([, png]) => png !== undefined);
    return Object.fromEntries(known) as Record<string, Buffer>;
  };

  return {
    dir,
    namespace,
    lan,
    timeline,
    decisions,
    address: lan.address,
    segment: (bridge, net) => createSegment(namespace, { bridge, net, onLine: dnsmasq }),
    async startLab(args = []) {
      const events: LabEvent[] = [];
      const waiting = new Map<(event: LabEvent) => void, (why: Error) => void>();
      let listening: () => void = () => undefined;
      const ready = new Promise<void>((resolve) => (listening = resolve));
      const errors: string[] = [];
      const daemon = await namespace.start(
        [
          ...self,
          'lab',
          '--events',
          '--host',
          user === undefined ? '0.0.0.0' : '127.0.0.1',
          '--advertise',
          lan.address,
          '--image-dir',
          join(dir, 'images'),
          '--request-log',
          requestLog,
          ...args,
        ],
        {
          onLine: (line, stream) => {
            if (stream === 'stderr') return void errors.push(line);
            const event = parseEvent(line);
            if (event === undefined) return;
            if ((event.type as string) === 'ready') return listening();
            const name = nameOf(event);
            const about = name === undefined ? '' : ` ${name}`;
            decisions.push(`${new Date(event.at).toISOString()} ${event.type}${about} ${event.message}`);
            const moment = name === undefined ? undefined : labMoment(event);
            if (name !== undefined && moment) timeline.add(name, moment.phase, moment.text);
            events.push(event);
            for (const check of waiting.keys()) check(event);
          },
        },
      );
      lab = daemon;
      const gone = daemon.exited.then(() => {
        throw new RazorMkError('RAZOR_MK_VM', `the lab ended: ${errors.slice(-3).join('; ')}`);
      });
      // who waits for a lab that has ended waits no longer
      let over: Error | undefined;
      gone.catch((why: Error) => {
        over = why;
        for (const giveUp of waiting.values()) giveUp(why);
      });
      await Promise.race([ready, gone]);
      return {
        events,
        waitFor(what, matches, timeoutMs = 120_000) {
          const found = events.find(matches);
          if (found) return Promise.resolve(found);
          if (over !== undefined) return Promise.reject(over);
          const waited = new Promise<LabEvent>((resolve, reject) => {
            const end = (): void => {
              clearTimeout(timer);
              waiting.delete(check);
            };
            const check = (event: LabEvent): void => {
              if (!matches(event)) return;
              end();
              resolve(event);
            };
            const timer = setTimeout(() => {
              end();
              const last = decisions.slice(-5).join('\n');
              reject(new RazorMkError('RAZOR_MK_VM', `waited ${timeoutMs / 1000} s for the lab: ${what}\n${last}`));
            }, timeoutMs);
            waiting.set(check, (why) => {
              end();
              reject(why);
            });
          });
          waited.catch(() => undefined);
          return waited;
        },
        stop: () => daemon.stop(),
        kill: () => daemon.stop(0),
      };
    },
    async lab(...words) {
      const result = await namespace.must([...self, 'lab', ...words, '--format', 'json'] as [string, ...string[]]);
      return JSON.parse(result.stdout.toString()) as unknown;
    },
    async machine(machineOptions) {
      for (const nic of machineOptions.nics) byMac.set(nic.mac.toLowerCase(), machineOptions.name);
      if (machineOptions.firmware === 'uefi') copyFileSync(OVMF_VARS, join(dir, `${machineOptions.name}.vars`));
      timeline.add(
        machineOptions.name,
        'power',
        `${machineOptions.firmware ?? 'bios'} machine, ${machineOptions.memoryMiB ?? 512} MiB, is powered on`,
      );
      const nics = machineOptions.nics.map(({ tap, ...nic }) =>
        user === undefined || tap === undefined
          ? { ...nic, ...(tap !== undefined && { tap }) }
          : { ...nic, user: { tftp: user.tftpRoot() } },
      );
      const machine = await startMachine(namespace, { ...machineOptions, nics, dir });
      const read = createConsoleReader(timeline, machine.name);
      const timer = setInterval(() => void machine.console().then(read), 100);
      machines.push({ machine, stopReading: () => clearInterval(timer) });
      return machine;
    },
    consoles,
    async report(title) {
      const path = join(dir, 'report.html');
      const decided = decisions.map((line) => `${line}\n`).join('');
      writeFileSync(join(dir, 'decisions.log'), decided);
      const logs = {
        'What the lab was asked': textOf(requestLog),
        'What it decided': decided,
        'DHCP, TFTP and DNS (dnsmasq)': textOf(dnsmasqLog),
      };
      const parts = { consoles: await consoles(), screens: await screens(), logs };
      writeFileSync(path, reportPage({ title, moments: timeline.moments, ...parts }));
      return path;
    },
    async close() {
      for (const { stopReading } of machines) stopReading();
      await Promise.all(machines.map(({ machine }) => machine.stop()));
      await lab?.stop();
      await lan.stopDhcp();
      await namespace.close();
    },
  };
}

export type { DhcpOptions };

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function parseEvent(line: string): LabEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'type' in value ? (value as LabEvent) : undefined;
  } catch {
    return undefined;
  }
}
