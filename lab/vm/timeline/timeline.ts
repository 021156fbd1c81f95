/** The journey of each machine, from power-on to local boot, put together from its console, dnsmasq's log and the lab's events. */

export type Phase =
  | 'power'
  | 'firmware'
  | 'DHCP'
  | 'TFTP'
  | 'iPXE'
  | 'boot API'
  | 'kernel'
  | 'init'
  | 'lease'
  | 'agent'
  | 'discovery'
  | 'check-in'
  | 'register'
  | 'tags'
  | 'policy'
  | 'command'
  | 'reboot'
  | 'installer'
  | 'callback'
  | 'local boot';

export interface Moment {
  /** Milliseconds since the machine's first power-on. */
  readonly at: number;
  readonly machine: string;
  readonly phase: Phase;
  readonly text: string;
}

export interface Timeline {
  readonly moments: readonly Moment[];
  add(machine: string, phase: Phase, text: string): void;
  /** The first moment of a phase of a machine, at or after `from` in the list. */
  first(machine: string, phase: Phase, from?: number): Moment | undefined;
}

/** `now` gives monotonic milliseconds; `onMoment` sees each moment as it happens. */
export function createTimeline(now: () => number, onMoment: (moment: Moment) => void = () => undefined): Timeline {
  const moments: Moment[] = [];
  const poweredOn = new Map<string, number>();
  return {
    moments,
    add(machine, phase, text) {
      if (!poweredOn.has(machine)) poweredOn.set(machine, now());
      const moment = { at: now() - (poweredOn.get(machine) ?? 0), machine, phase, text };
      moments.push(moment);
      onMoment(moment);
    },
    first: (machine, phase, from = 0) => moments.slice(from).find((m) => m.machine === machine && m.phase === phase),
  };
}

/** One moment as a line for people: `  12.3 s  node1  check-in    register (first check-in)`. */
export function momentLine(moment: Moment): string {
  return `${(moment.at / 1000).toFixed(1).padStart(7)} s  ${moment.machine.padEnd(8)} ${moment.phase.padEnd(10)} ${moment.text}`;
}

/** Asks for a lease before there is an operating system. */
const PXE_CLIENT = 'the firmware’s PXE client';

interface Marker {
  readonly pattern: RegExp;
  readonly phase: Phase;
  readonly text: (match: RegExpExecArray) => string;
  /** The released image shows such a line twice, once as the agent's output: the second of the same boot is none. */
  readonly oncePerBoot?: true;
}

/** What the serial console shows on the way. Each fires for every occurrence. */
const MARKERS: readonly Marker[] = [
  { pattern: /SeaBIOS \(version ([^)]*)\)/g, phase: 'firmware', text: (m) => `BIOS starts (SeaBIOS ${m[1] ?? ''})` },
  { pattern: />>Start PXE over IPv4/g, phase: 'firmware', text: () => 'UEFI starts its own PXE client' },
  { pattern: /iPXE initialising devices/g, phase: 'iPXE', text: () => 'iPXE starts' },
  { pattern: /razor\.ipxe : \d+ bytes/g, phase: 'iPXE', text: () => 'razor.ipxe is loaded' },
  { pattern: /Linux version (\S+)/g, phase: 'kernel', text: (m) => `Linux ${m[1] ?? ''} starts` },
  { pattern: /Run \/init as init process|razor-mk: init/g, phase: 'init', text: () => 'init runs' },
  { pattern: /razor-mk: the agent is started/g, phase: 'agent', text: () => 'the agent is started' },
  { pattern: /MK Loaded: (\S+)/g, phase: 'agent', text: (m) => `MK Loaded: ${m[1] ?? ''}`, oncePerBoot: true },
  {
    pattern: /^(?:razor-mk: )?(server https?:\/\/\S+, found by [^;\n]+)/gm,
    phase: 'discovery',
    text: (m) => (m[1] ?? '').trim(),
    oncePerBoot: true,
  },
  { pattern: /reboot: Restarting system/g, phase: 'reboot', text: () => 'the machine restarts' },
  { pattern: /reboot: Power down/g, phase: 'reboot', text: () => 'the machine turns itself off' },
  {
    pattern: /Booting from Hard Disk|Booting from SAN device/g,
    phase: 'local boot',
    text: () => 'the local disk is booted',
  },
];

/** Reads a growing console and adds a moment for each marker that is new. Call it with the whole text so far. */
export function createConsoleReader(timeline: Timeline, machine: string): (text: string) => void {
  const seen = new Map<Marker, number>();
  return (text) => {
    for (const marker of MARKERS) {
      const all = [...text.matchAll(marker.pattern)];
      const matches = marker.oncePerBoot === true ? oncePerBoot(text, all) : all;
      for (const match of matches.slice(seen.get(marker) ?? 0)) timeline.add(machine, marker.phase, marker.text(match));
      seen.set(marker, matches.length);
    }
  };
}

function oncePerBoot(text: string, matches: readonly RegExpExecArray[]): RegExpExecArray[] {
  return matches.filter((match, index) => {
    const before = matches.slice(0, index).findLast((each) => each[0].includes(match[1] ?? match[0]));
    return before === undefined || text.slice(before.index, match.index).includes('Linux version ');
  });
}

/**
 * Turns dnsmasq's log lines into moments. `machineOf` names the machine of a MAC; leases are remembered for TFTP lines, and
 * who asked (firmware, iPXE, an operating system's client) by the number of the exchange.
 */
export function createDnsmasqReader(
  timeline: Timeline,
  machineOf: (mac: string) => string | undefined,
): (line: string) => void {
  const byAddress = new Map<string, string>();
  const clients = new Map<string, string>();
  return (line) => {
    const [, exchange = '', kind, name = ''] = /: (\d+) (vendor|user) class: (.*)/.exec(line) ?? [];
    if (kind === 'user' && name === 'iPXE') clients.set(exchange, 'iPXE');
    else if (kind === 'vendor' && clients.get(exchange) !== 'iPXE')
      clients.set(exchange, name.startsWith('PXEClient') ? PXE_CLIENT : name.slice(0, 40));
    const ack = /DHCPACK\(\S+\) (\S+) (\S+)/.exec(line);
    if (ack) {
      const machine = machineOf(ack[2] ?? '');
      if (machine === undefined) return;
      byAddress.set(ack[1] ?? '', machine);
      const client = clients.get(/: (\d+) DHCPACK/.exec(line)?.[1] ?? '');
      const booting = client === undefined || client === 'iPXE' || client === PXE_CLIENT;
      const asked = client === undefined ? '' : `, asked by ${client}`;
      timeline.add(machine, booting ? 'DHCP' : 'lease', `lease ${ack[1] ?? ''} for ${ack[2] ?? ''}${asked}`);
      return;
    }
    const sent = /sent \S*\/(\S+) to (\S+)/.exec(line);
    const machine = sent && byAddress.get(sent[2] ?? '');
    if (sent && machine !== undefined && machine !== null) timeline.add(machine, 'TFTP', `${sent[1] ?? ''} sent`);
  };
}
